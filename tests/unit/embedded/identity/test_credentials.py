# SPDX-License-Identifier: Apache-2.0
"""Application credentials and one's own password."""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from keystoneauth1 import session as ksa_session
from keystoneauth1.identity import v3

from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.identity import ApplicationCredential
from tests.unit.embedded.identity.conftest import Account, Cloud


def create(
    cloud: Cloud, account: Account, token: str | None = None, **values: Any
) -> Any:
    """The answer to making one."""
    return cloud.call(
        "POST",
        f"/users/{account.user_id}/application_credentials",
        token or cloud.token_of(account),
        json={"application_credential": {"name": "robot", **values}},
    )


def made(cloud: Cloud, account: Account, **values: Any) -> dict[str, Any]:
    answer = create(cloud, account, **values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["application_credential"])


def log_in(cloud: Cloud, credential: dict[str, Any], **scope: Any) -> Any:
    """The answer to a login with the credential's id."""
    return cloud.log_in_answer(
        {
            "identity": {
                "methods": ["application_credential"],
                "application_credential": {
                    "id": credential["id"],
                    "secret": credential["secret"],
                },
            },
            **scope,
        }
    )


def token_of(cloud: Cloud, credential: dict[str, Any]) -> str:
    answer = log_in(cloud, credential)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["X-Subject-Token"])


def test_the_secret_is_told_once_and_kept_hashed(cloud: Cloud) -> None:
    account = cloud.account()
    credential = made(cloud, account)
    path = f"/users/{account.user_id}/application_credentials"
    shown = cloud.call("GET", path).json()["application_credentials"]
    assert [row["id"] for row in shown] == [credential["id"]]
    assert "secret" not in shown[0]
    with db.reader() as session:
        row = session.get(ApplicationCredential, credential["id"])
        assert row is not None
        assert row.secret_hash.startswith("$argon2id$")


def test_keystoneauth_logs_in_with_one(cloud: Cloud) -> None:
    account = cloud.account()
    credential = made(cloud, account)
    for reference in (
        {"application_credential_id": credential["id"]},
        {
            "application_credential_name": "robot",
            "username": account.name,
            "user_domain_id": "default",
        },
    ):
        session = ksa_session.Session(
            auth=v3.ApplicationCredential(
                cloud.auth_url,
                application_credential_secret=credential["secret"],
                **reference,
            )
        )
        assert session.get_project_id() == account.project_id
        assert cloud.is_good(session.get_token())


def test_roles_may_be_fewer_but_not_more(cloud: Cloud) -> None:
    account = cloud.account("member")
    credential = made(cloud, account, roles=[{"name": "reader"}])
    roles = cloud.context(token_of(cloud, credential)).json()["roles"]
    assert roles == ["reader"]
    answer = create(cloud, account, name="more", roles=[{"name": "admin"}])
    assert answer.status_code == 400


def test_a_restricted_one_makes_no_others(cloud: Cloud) -> None:
    account = cloud.account()
    token = token_of(cloud, made(cloud, account))
    assert create(cloud, account, token, name="b").status_code == 403
    free = made(cloud, account, name="free", unrestricted=True)
    token = token_of(cloud, free)
    assert create(cloud, account, token, name="b").status_code == 201


def test_its_token_is_for_its_project_only(cloud: Cloud) -> None:
    account = cloud.account()
    credential = made(cloud, account)
    scope = {"project": {"id": account.project_id}}
    assert log_in(cloud, credential, scope=scope).status_code == 201
    other = {"project": {"id": cloud.make("project")["id"]}}
    assert log_in(cloud, credential, scope=other).status_code == 401
    auth = {
        "identity": {
            "methods": ["token"],
            "token": {"id": token_of(cloud, credential)},
        }
    }
    assert cloud.log_in_answer(auth).status_code == 403


def test_a_wrong_secret_is_401(cloud: Cloud) -> None:
    credential = made(cloud, cloud.account())
    wrong = {**credential, "secret": "wrong"}
    assert log_in(cloud, wrong).status_code == 401
    assert log_in(cloud, {**credential, "id": "none"}).status_code == 401


def test_deleting_it_ends_its_tokens(cloud: Cloud) -> None:
    account = cloud.account()
    credential = made(cloud, account)
    token, own = token_of(cloud, credential), cloud.token_of(account)
    path = (
        f"/users/{account.user_id}/application_credentials/{credential['id']}"
    )
    assert cloud.call("DELETE", path, own).status_code == 204
    assert not cloud.is_good(token)
    assert cloud.is_good(own)
    assert log_in(cloud, credential).status_code == 401
    assert cloud.call("GET", path, own).status_code == 404


def test_losing_a_role_ends_it(cloud: Cloud) -> None:
    account = cloud.account()
    credential = made(cloud, account)
    token = token_of(cloud, credential)
    cloud.grant("DELETE", account, "member")
    assert not cloud.is_good(token)
    assert log_in(cloud, credential).status_code == 401
    cloud.grant("PUT", account, "member")
    assert log_in(cloud, credential).status_code == 401


def test_it_expires_and_bounds_its_tokens(cloud: Cloud) -> None:
    account = cloud.account()
    past = (now() - datetime.timedelta(minutes=1)).isoformat()
    assert create(cloud, account, expires_at=past).status_code == 400
    assert create(cloud, account, expires_at="soon").status_code == 400
    soon = now() + datetime.timedelta(minutes=5)
    credential = made(cloud, account, expires_at=soon.isoformat())
    token = log_in(cloud, credential).json()["token"]
    assert token["expires_at"] == credential["expires_at"]
    with db.writer() as session:
        session.execute(
            sa.update(ApplicationCredential)
            .where(ApplicationCredential.id == credential["id"])
            .values(expires_at=now() - datetime.timedelta(seconds=1))
        )
    assert log_in(cloud, credential).status_code == 401


def test_a_name_is_used_once(cloud: Cloud) -> None:
    account = cloud.account()
    made(cloud, account)
    assert create(cloud, account).status_code == 409


def test_own_password_needs_the_old_one(cloud: Cloud) -> None:
    account = cloud.account()
    path = f"/users/{account.user_id}/password"
    token = cloud.token_of(account)

    def change(old: Any, new: Any) -> int:
        body = {"user": {"original_password": old, "password": new}}
        return cloud.call("POST", path, token, json=body).status_code

    assert change("wrong", "new") == 401
    assert change(account.password, None) == 400
    assert change(account.password, "") == 400
    assert cloud.is_good(token)
    assert change(account.password, "new") == 204
    assert cloud.log_in(account.name, "new")
