# SPDX-License-Identifier: Apache-2.0
"""Logging in, and what makes a token worthless."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
import sqlalchemy as sa
from keystoneauth1 import session as ksa_session
from keystoneauth1.identity import v3
from oslo_config import cfg

from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.identity import Token, User
from nova_lite.embedded.identity import store as identity_store
from nova_lite.embedded.identity.passwords import Passwords
from tests.unit.embedded.identity.conftest import (
    PASSWORD,
    SERVICE_PASSWORD,
    Account,
    Cloud,
)


def by_password(
    user: dict[str, Any], scope: dict[str, Any] | None = None
) -> dict[str, Any]:
    """An ``auth`` object."""
    auth: dict[str, Any] = {
        "identity": {"methods": ["password"], "password": {"user": user}}
    }
    return auth if scope is None else {**auth, "scope": scope}


def test_password_login_gives_roles_with_those_implied(cloud: Cloud) -> None:
    account = cloud.account("manager")
    token = cloud.token_of(account)
    answer = cloud.call(
        "GET", "/auth/tokens", token, headers={"X-Subject-Token": token}
    )
    found = answer.json()["token"]
    assert answer.status_code == 200
    assert answer.headers["X-Subject-Token"] == token
    assert {role["name"] for role in found["roles"]} == {
        "manager",
        "member",
        "reader",
    }
    assert found["project"]["id"] == account.project_id
    assert found["project"]["domain"] == {"id": "default", "name": "Default"}
    assert found["methods"] == ["password"]
    assert {row["type"] for row in found["catalog"]} == {
        "identity",
        "compute",
        "image",
    }


def test_catalogue_has_the_hosts_own_address(cloud: Cloud) -> None:
    session = cloud.session_of(cloud.account())
    assert session.get_endpoint(service_type="compute") == f"{cloud.url}/v2.1"
    assert session.get_endpoint(
        service_type="image", interface="internal", region_name="RegionOne"
    ).startswith(f"{cloud.url}/image")


def test_the_token_itself_is_not_kept(cloud: Cloud) -> None:
    token = cloud.token_of(cloud.account())
    with db.reader() as session:
        kept = session.execute(sa.select(Token.digest)).scalars().all()
    assert kept
    assert token not in kept
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in kept)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "wrong"},
        {"password": ""},
        {"password": "x" * 5000},
        {"name": "nobody"},
        {"domain": {"id": "other"}},
        {"id": "no such id"},
    ],
)
def test_whatever_is_wrong_is_the_same_401(
    cloud: Cloud, wrong: dict[str, Any]
) -> None:
    account = cloud.account()
    user = {
        "name": account.name,
        "domain": {"id": "default"},
        "password": account.password,
        **wrong,
    }
    answer = cloud.log_in_answer(by_password(user))
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {
            "code": 401,
            "title": "Unauthorized",
            "message": "The request you have made requires authentication.",
        }
    }
    assert answer.headers["WWW-Authenticate"].startswith("Keystone uri=")


@pytest.mark.parametrize(
    "auth",
    [
        {},
        {"identity": 1},
        {"identity": {"methods": []}},
        {"identity": {"methods": ["password"]}},
        {"identity": {"methods": ["password"], "password": {"user": {}}}},
        by_password({"id": 1, "password": "x"}),
        by_password({"name": "admin", "domain": 1, "password": "x"}),
        by_password({"id": "x", "password": ["x"]}),
    ],
)
def test_a_malformed_login_is_400(cloud: Cloud, auth: Any) -> None:
    answer = cloud.log_in_answer(auth)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "scope",
    [
        {"project": {"id": "nothing"}},
        {"project": {"name": "service", "domain": {"id": "default"}}},
        {"domain": {"id": "default"}},
        {"system": {"all": True}},
    ],
)
def test_a_scope_without_a_role_is_401(
    cloud: Cloud, scope: dict[str, Any]
) -> None:
    account = cloud.account()
    user = {"id": account.user_id, "password": account.password}
    assert cloud.log_in_answer(by_password(user, scope)).status_code == 401


def test_unscoped_token_lists_its_projects_and_is_exchanged(
    cloud: Cloud,
) -> None:
    account = cloud.account()
    unscoped = cloud.log_in(account.name, account.password)
    (project,) = cloud.call("GET", "/auth/projects", unscoped).json()[
        "projects"
    ]
    assert project["id"] == account.project_id
    assert cloud.call("GET", "/auth/catalog", unscoped).status_code == 403

    session = ksa_session.Session(
        auth=v3.Token(
            cloud.auth_url, token=unscoped, project_id=account.project_id
        )
    )
    access = session.auth.get_access(session)
    assert access.project_id == account.project_id
    assert access.role_names == ["member", "reader"]
    first = cloud.call(
        "GET", "/auth/tokens", unscoped, headers={"X-Subject-Token": unscoped}
    ).json()["token"]
    assert access._data["token"]["expires_at"] == first["expires_at"]
    assert access._data["token"]["audit_ids"][1] == first["audit_ids"][0]


def test_default_project_is_the_scope_when_none_is_asked(
    cloud: Cloud,
) -> None:
    account = cloud.account()
    cloud.call(
        "PATCH",
        f"/users/{account.user_id}",
        json={"user": {"default_project_id": account.project_id}},
    )
    token = cloud.log_in(account.name, account.password)
    assert cloud.context(token).json()["project_id"] == account.project_id
    answer = cloud.log_in_answer(
        {
            **by_password(
                {"id": account.user_id, "password": account.password}
            ),
            "scope": "unscoped",
        }
    )
    assert "project" not in answer.json()["token"]


def test_domain_scope(cloud: Cloud) -> None:
    user = {
        "name": "admin",
        "domain": {"name": "Default"},
        "password": PASSWORD,
    }
    answer = cloud.log_in_answer(
        by_password(user, {"domain": {"name": "Default"}})
    )
    assert answer.json()["token"]["domain"]["id"] == "default"


def revoke(cloud: Cloud, account: Account, token: str) -> None:
    headers = {"X-Subject-Token": token}
    answer = cloud.call("DELETE", "/auth/tokens", token, headers=headers)
    assert answer.status_code == 204


def patch(kind: str, **values: Any) -> Any:
    def change(cloud: Cloud, account: Account, token: str) -> None:
        row_id = account.user_id if kind == "user" else account.project_id
        answer = cloud.call("PATCH", f"/{kind}s/{row_id}", json={kind: values})
        assert answer.status_code == 200, answer.text

    return change


def delete(kind: str) -> Any:
    def change(cloud: Cloud, account: Account, token: str) -> None:
        row_id = account.user_id if kind == "user" else account.project_id
        answer = cloud.call("DELETE", f"/{kind}s/{row_id}")
        assert answer.status_code == 204, answer.text

    return change


def take_role(cloud: Cloud, account: Account, token: str) -> None:
    cloud.grant("DELETE", account, "member")


def own_password(cloud: Cloud, account: Account, token: str) -> None:
    answer = cloud.call(
        "POST",
        f"/users/{account.user_id}/password",
        json={
            "user": {
                "original_password": account.password,
                "password": "another",
            }
        },
    )
    assert answer.status_code == 204


@pytest.mark.parametrize(
    "change",
    [
        revoke,
        patch("user", enabled=False),
        patch("user", password="new"),
        patch("project", enabled=False),
        delete("user"),
        delete("project"),
        take_role,
        own_password,
    ],
)
def test_revocation_holds_for_the_next_request(
    cloud: Cloud, change: Any
) -> None:
    account, other = cloud.account(), cloud.account()
    token, others = cloud.token_of(account), cloud.token_of(other)
    assert cloud.is_good(token)
    change(cloud, account, token)
    assert not cloud.is_good(token)
    assert cloud.is_good(others)
    answer = cloud.call(
        "GET", "/auth/tokens", headers={"X-Subject-Token": token}
    )
    assert answer.status_code == 404


def test_a_disabled_domain_stops_its_users(cloud: Cloud) -> None:
    domain = cloud.make("domain")
    account = cloud.account(domain_id=domain["id"])
    auth = by_password({"id": account.user_id, "password": account.password})
    token = cloud.log_in_answer(auth).headers["X-Subject-Token"]
    path = f"/domains/{domain['id']}"
    assert cloud.call("DELETE", path).status_code == 403
    cloud.call("PATCH", path, json={"domain": {"enabled": False}})
    assert not cloud.is_good(token)
    assert cloud.log_in_answer(auth).status_code == 401
    assert cloud.call("DELETE", path).status_code == 204
    assert cloud.call("GET", f"/users/{account.user_id}").status_code == 404


def test_a_deleted_role_takes_its_tokens(cloud: Cloud) -> None:
    role = cloud.make("role")
    account = cloud.account()
    path = (
        f"/projects/{account.project_id}/users/{account.user_id}"
        f"/roles/{role['id']}"
    )
    assert cloud.call("PUT", path).status_code == 204
    token = cloud.token_of(account)
    assert cloud.call("DELETE", f"/roles/{role['id']}").status_code == 204
    assert not cloud.is_good(token)
    roles = cloud.context(cloud.token_of(account)).json()["roles"]
    assert roles == ["member", "reader"]


def test_an_expired_token_is_refused_and_purged(cloud: Cloud) -> None:
    token = cloud.token_of(cloud.account())
    digest = identity_store.digest_of(token)
    past = now() - datetime.timedelta(seconds=1)
    with db.writer() as session:
        session.execute(
            sa.update(Token)
            .where(Token.digest == digest)
            .values(expires_at=past)
        )
    assert cloud.context(token).status_code == 401
    assert identity_store.Store().purge() == 1
    with db.reader() as session:
        assert session.get(Token, digest) is None


def test_validating_costs_one_statement(cloud: Cloud) -> None:
    token = cloud.token_of(cloud.account())
    before = db.statements()
    assert cloud.is_good(token)
    # SQLite's BEGIN counts as well.
    assert db.statements() - before == 2


def test_guesses_lock_a_user_out_for_a_while(cloud: Cloud) -> None:
    account = cloud.account()
    token = cloud.token_of(account)
    wrong = by_password({"id": account.user_id, "password": "wrong"})
    right = by_password({"id": account.user_id, "password": account.password})
    for _ in range(3):
        assert cloud.log_in_answer(wrong).status_code == 401
    assert cloud.log_in_answer(right).status_code == 401
    assert cloud.is_good(token)
    long_ago = now() - datetime.timedelta(
        seconds=cfg.CONF.identity.lockout_duration + 1
    )
    with db.writer() as session:
        user = session.get(User, account.user_id)
        assert user is not None
        assert user.failed_logins == 3
        user.failed_at = long_ago
    assert cloud.log_in_answer(right).status_code == 201
    assert cloud.log_in_answer(wrong).status_code == 401
    assert cloud.log_in_answer(right).status_code == 201


def test_the_services_user_is_never_locked_out(cloud: Cloud) -> None:
    for _ in range(4):
        user = {
            "name": identity_store.SERVICE_USER,
            "domain": {"id": "default"},
            "password": "wrong",
        }
        assert cloud.log_in_answer(by_password(user)).status_code == 401
    assert cloud.log_in(identity_store.SERVICE_USER, SERVICE_PASSWORD)


def test_a_login_renews_a_hash_of_another_cost(cloud: Cloud) -> None:
    account = cloud.account()
    old = Passwords(2, 128).hash(account.password)
    with db.writer() as session:
        user = session.get(User, account.user_id)
        assert user is not None
        user.password_hash = old
    token = cloud.token_of(account)
    with db.reader() as session:
        user = session.get(User, account.user_id)
        assert user is not None
        renewed = user.password_hash
    assert "m=64,t=1,p=1" in renewed
    assert cloud.is_good(token)
    assert cloud.token_of(account)


def test_bootstrap_again_changes_nothing(cloud: Cloud) -> None:
    token = cloud.log_in("admin", PASSWORD, {"name": "admin"})
    users = cloud.call("GET", "/users").json()["users"]
    identity_store.bootstrap(PASSWORD, SERVICE_PASSWORD)
    assert cloud.is_good(token)
    assert cloud.call("GET", "/users").json()["users"] == users
    service = cloud.log_in(
        identity_store.SERVICE_USER, SERVICE_PASSWORD, {"name": "service"}
    )
    roles = cloud.context(service).json()["roles"]
    assert sorted(roles) == ["admin", "manager", "member", "reader", "service"]
