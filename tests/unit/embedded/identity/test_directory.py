# SPDX-License-Identifier: Apache-2.0
"""Users, projects, roles and assignments: administrators and the others."""

from __future__ import annotations

from typing import Any

import openstack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.embedded.identity.conftest import PASSWORD, Cloud


def test_sdk_manages_users_and_projects(cloud: Cloud) -> None:
    connection = openstack.connect(
        auth_url=cloud.auth_url,
        username="admin",
        password=PASSWORD,
        project_name="admin",
        user_domain_name="Default",
        project_domain_name="Default",
        region_name="RegionOne",
    )
    identity = connection.identity
    project = identity.create_project(name="sdk project", domain_id="default")
    user = identity.create_user(
        name="sdk user",
        password="one",
        email="u@example.org",
        domain_id="default",
    )
    role = identity.find_role("member", ignore_missing=False)
    identity.assign_project_role_to_user(project, user, role)
    assert identity.validate_user_has_project_role(project, user, role)
    (found,) = identity.role_assignments(
        user_id=user.id, scope_project_id=project.id, include_names=True
    )
    assert found.role == {"id": role.id, "name": "member"}
    assert found.scope["project"]["name"] == "sdk project"
    assert [p.id for p in identity.user_projects(user)] == [project.id]
    identity.update_user(user, description="changed")
    user = identity.find_user("sdk user", ignore_missing=False)
    assert user.description == "changed"
    assert user.email == "u@example.org"
    assert identity.find_project("sdk project").id == project.id
    assert [d.id for d in identity.domains(name="Default")] == ["default"]
    assert {s.type for s in identity.services()} >= {"compute", "image"}
    assert [r.id for r in identity.regions()] == ["RegionOne"]
    assert list(identity.groups()) == []
    identity.unassign_project_role_from_user(project, user, role)
    assert not identity.validate_user_has_project_role(project, user, role)
    identity.delete_user(user, ignore_missing=False)
    identity.delete_project(project, ignore_missing=False)
    assert identity.find_user("sdk user") is None
    connection.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users"),
        ("POST", "/users"),
        ("PATCH", "/users/{other}"),
        ("GET", "/users/{other}"),
        ("DELETE", "/users/{user}"),
        ("PATCH", "/users/{user}"),
        ("GET", "/users/{other}/projects"),
        ("GET", "/users/nobody"),
        ("GET", "/projects"),
        ("POST", "/projects"),
        ("DELETE", "/projects/{project}"),
        ("GET", "/projects/nothing"),
        ("POST", "/domains"),
        ("GET", "/roles"),
        ("POST", "/roles"),
        ("GET", "/role_assignments"),
        ("PUT", "/projects/{project}/users/{user}/roles/x"),
        ("DELETE", "/projects/{project}/users/{user}/roles/x"),
        ("PUT", "/domains/default/users/{user}/roles/x"),
        ("GET", "/users/{other}/application_credentials"),
        ("POST", "/users/{other}/application_credentials"),
        ("GET", "/services"),
        ("GET", "/endpoints"),
    ],
)
def test_others_than_administrators_get_403(
    cloud: Cloud, method: str, path: str
) -> None:
    account = cloud.account("manager")
    other = cloud.account()
    where = path.format(
        user=account.user_id, other=other.user_id, project=account.project_id
    )
    answer = cloud.call(method, where, cloud.token_of(account), json={})
    assert answer.status_code == 403, answer.text
    assert "not authorized" in answer.json()["error"]["message"] or (
        "own user" in answer.json()["error"]["message"]
    )
    nobody = cloud.call(method, where, "no such token", json={})
    assert nobody.status_code == 401


def test_users_see_themselves_and_their_project(cloud: Cloud) -> None:
    account = cloud.account()
    token = cloud.token_of(account)
    for path in (
        f"/users/{account.user_id}",
        f"/users/{account.user_id}/projects",
        f"/projects/{account.project_id}",
        "/domains/default",
        f"/role_assignments?user.id={account.user_id}",
        "/auth/catalog",
    ):
        answer = cloud.call("GET", path, token)
        assert answer.status_code == 200, path
        assert "password" not in str(answer.json()).replace(
            "password_expires_at", ""
        )


def test_another_users_token_is_seen_by_services_only(cloud: Cloud) -> None:
    subject = cloud.token_of(cloud.account())
    headers = {"X-Subject-Token": subject}
    member = cloud.token_of(cloud.account())
    service = cloud.token_of(cloud.account("service"))
    statuses = [
        cloud.call(method, "/auth/tokens", token, headers=dict(headers))
        for method, token in (
            ("GET", member),
            ("DELETE", member),
            ("GET", service),
            ("DELETE", service),
            ("HEAD", subject),
        )
    ]
    assert [a.status_code for a in statuses] == [403, 403, 200, 403, 200]


def test_names_are_unique_within_their_domain(cloud: Cloud) -> None:
    first = cloud.make("project")
    body = {"project": {"name": first["name"]}}
    answer = cloud.call("POST", "/projects", json=body)
    assert answer.status_code == 409
    assert first["name"] in answer.json()["error"]["message"]
    domain = cloud.make("domain")
    cloud.make("project", name=first["name"], domain_id=domain["id"])
    found = cloud.call("GET", f"/projects?name={first['name']}").json()
    assert len(found["projects"]) == 2
    answer = cloud.call(
        "GET", f"/projects?name={first['name']}&domain_id={domain['id']}"
    )
    assert len(answer.json()["projects"]) == 1


def test_lists_are_filtered_and_paged(cloud: Cloud) -> None:
    domain = cloud.make("domain")["id"]
    for name in ("Alpha_1", "alpha-2", "beta"):
        cloud.make("user", name=name, domain_id=domain)

    def names(query: str) -> list[str]:
        path = f"/users?domain_id={domain}&{query}"
        users = cloud.call("GET", path).json()["users"]
        return sorted(user["name"] for user in users)

    assert names("name__contains=a_") == ["Alpha_1"]
    assert names("name__istartswith=ALPHA") == ["Alpha_1", "alpha-2"]
    assert names("enabled=false") == []
    path: str | None = f"/users?domain_id={domain}&limit=2"
    seen: list[str] = []
    pages = 0
    while path:
        answer = cloud.call("GET", path).json()
        seen += [user["name"] for user in answer["users"]]
        following = answer["links"]["next"]
        path = following and following.removeprefix(cloud.auth_url)
        pages += 1
    assert pages == 2
    assert sorted(seen) == ["Alpha_1", "alpha-2", "beta"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/users", {"user": {}}, 400),
        ("POST", "/users", {"user": {"name": ""}}, 400),
        ("POST", "/users", {"user": {"name": "x" * 256}}, 400),
        ("POST", "/users", {"user": {"name": "y", "enabled": "yes"}}, 400),
        ("POST", "/users", {"user": {"name": "y", "password": 1}}, 400),
        ("POST", "/users", {"user": {"name": "y", "domain_id": "x"}}, 404),
        ("POST", "/users", {"users": {}}, 400),
        ("POST", "/users", [], 400),
        ("PATCH", "/projects/nothing", {"project": {}}, 404),
        ("DELETE", "/projects/nothing", None, 404),
        ("GET", "/users?limit=many", None, 400),
        ("GET", "/users?enabled=perhaps", None, 400),
        ("GET", "/users?name__like=x", None, 400),
        ("PUT", "/users", None, 405),
        ("GET", "/nothing", None, 404),
        ("PUT", "/projects/x/users/y/roles/z", None, 404),
        ("GET", "/projects/%00", None, 404),
    ],
)
def test_what_cannot_be_done_is_told(
    cloud: Cloud, method: str, path: str, body: Any, status: int
) -> None:
    answer = cloud.call(method, path, json=body)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == status
    assert error["message"].endswith(".")
    assert answer.headers["x-openstack-request-id"].startswith("req-")


def test_a_project_keeps_its_domain(cloud: Cloud) -> None:
    project = cloud.make("project", tags=["a"], colour="red")
    path = f"/projects/{project['id']}"
    domain = cloud.make("domain")["id"]
    answer = cloud.call("PATCH", path, json={"project": {"domain_id": domain}})
    assert answer.status_code == 400
    answer = cloud.call("PATCH", path, json={"project": {"colour": "blue"}})
    shown = cloud.call("GET", path).json()["project"]
    assert shown == answer.json()["project"]
    assert (shown["colour"], shown["tags"]) == ("blue", ["a"])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "id", "domain", "password", "enabled", "user", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=_JSON, where=st.sampled_from(["user", "project", "auth", "role"]))
def test_no_body_makes_a_5xx(cloud: Cloud, body: Any, where: str) -> None:
    path = "/auth/tokens" if where == "auth" else f"/{where}s"
    answer = cloud.call("POST", path, json=_finite({where: body}))
    assert answer.status_code < 500, answer.text
    if where == "auth":
        identity = {"methods": ["password"], "password": body}
        answer = cloud.log_in_answer(_finite({"identity": identity}))
        assert answer.status_code in (400, 401), answer.text


def _finite(value: Any) -> Any:
    """The value without what the client's JSON would refuse to send."""
    if isinstance(value, float) and value - value != 0:
        return 0.5
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
