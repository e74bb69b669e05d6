# SPDX-License-Identifier: Apache-2.0
"""Who may do what: tokens, projects, roles."""

from __future__ import annotations

import uuid

from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud


def _user(cloud: Cloud, project: str, role: str) -> Client:
    return cloud.new_user(f"{role}-{uuid.uuid4().hex[:8]}", project, role)


def test_no_token_or_a_wrong_one(cloud: Cloud) -> None:
    assert Client(cloud.url).send("GET", "/servers").status_code == 401
    wrong = Client(cloud.url, "gAAAAA-nonsense")
    assert wrong.send("GET", "/servers").status_code == 401
    assert wrong.send("GET", "/image/v2/images").status_code == 401


def test_revoked_token(cloud: Cloud) -> None:
    user = _user(cloud, "demo", "member")
    assert user.send("GET", "/servers").status_code == 200
    gone = user.send(
        "DELETE",
        "/identity/v3/auth/tokens",
        headers={"X-Subject-Token": user.token or ""},
    )
    assert gone.status_code == 204
    assert user.send("GET", "/servers").status_code == 401


def test_expired_token(cloud: Cloud) -> None:
    user = _user(cloud, "demo", "member")
    assert user.send("GET", "/servers").status_code == 200
    cloud.ledger.expire_token(user.token or "")
    assert user.send("GET", "/servers").status_code == 401


def test_foreign_project(cloud: Cloud) -> None:
    ident = cloud.boot("mine")
    stranger = _user(cloud, "elsewhere", "member")
    path = f"/servers/{ident}"

    for method, where in (
        ("GET", path),
        ("DELETE", path),
        ("GET", f"{path}/os-instance-actions"),
    ):
        stranger.refusal(404, method, where)
    stranger.refusal(404, "PUT", path, {"server": {"name": "theirs"}})
    stranger.refusal(
        404, "POST", f"{path}/action", {"os-getConsoleOutput": {}}
    )
    assert stranger.get("/servers")["servers"] == []
    assert cloud.server(ident)["name"] == "mine"


def test_missing_role(cloud: Cloud) -> None:
    ident = cloud.boot("mine")
    reader = _user(cloud, "demo", "reader")

    assert reader.get(f"/servers/{ident}")["server"]["id"] == ident
    reader.refusal(403, "POST", "/servers", cloud.body("not so"))
    reader.refusal(403, "DELETE", f"/servers/{ident}")
    cloud.tenant.refusal(403, "GET", "/os-hypervisors")
    cloud.tenant.refusal(403, "GET", "/os-services")
    flavor = {"name": "own", "ram": 64, "vcpus": 1, "disk": 1}
    cloud.tenant.refusal(403, "POST", "/flavors", {"flavor": flavor})
