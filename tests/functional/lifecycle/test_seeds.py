# SPDX-License-Identifier: Apache-2.0
"""The request that the articles on Nova's create flow begin with.

As told there, by novaclient's debug output: the old /v2 with the project in
the URL, X-Auth-Project-Id, no microversion. What follows from it must show
the states that the articles name.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.fixtures.cloud import Cloud

FLAVOR = "8"
KEY = "keyName"


@pytest.fixture
def project(cloud: Cloud) -> str:
    """The tenant's project, where the article's flavor and key exist."""
    found = cloud.admin.get("/identity/v3/projects?name=demo")["projects"]
    if cloud.admin.send("GET", f"/flavors/{FLAVOR}").status_code == 404:
        cloud.new_flavor("eight", id=FLAVOR)
    keys = cloud.tenant.get("/os-keypairs")["keypairs"]
    if KEY not in [row["keypair"]["name"] for row in keys]:
        body = {"keypair": {"name": KEY}}
        cloud.tenant.post("/os-keypairs", body, version="2.91")
    ident: str = found[0]["id"]
    return ident


def _send(
    cloud: Cloud, project: str, method: str, path: str, body: Any = None
) -> requests.Response:
    """A request with exactly the headers of the article."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            method,
            f"{cloud.url}/v2/{project}{path}",
            headers={
                "X-Auth-Project-Id": project,
                "User-Agent": "python-novaclient",
                "Content-Type": "application/json",
                "Accept": "application/json",
                "X-Auth-Token": cloud.tenant.token or "",
            },
            data=None if body is None else json.dumps(body),
            timeout=30,
        )


def _body(cloud: Cloud, **fields: Any) -> dict[str, Any]:
    return {
        "server": {
            "name": "createVm",
            "imageRef": cloud.image,
            "availability_zone": "nova",
            "key_name": KEY,
            "flavorRef": FLAVOR,
            "max_count": 1,
            "min_count": 1,
            **fields,
        }
    }


def test_the_article_s_request(cloud: Cloud, project: str) -> None:
    made = _send(cloud, project, "POST", "/servers", _body(cloud))
    assert made.status_code == 202, made.text
    server = made.json()["server"]
    assert set(server) == {
        "id",
        "links",
        "OS-DCF:diskConfig",
        "security_groups",
        "adminPass",
    }
    own = f"{cloud.url}/v2/{project}/servers/{server['id']}"
    assert server["links"][0]["href"] == made.headers["Location"] == own
    assert "OpenStack-API-Version" not in made.headers

    shown = _send(cloud, project, "GET", f"/servers/{server['id']}")
    first = shown.json()["server"]
    if first["status"] == "BUILD":
        assert first["OS-EXT-STS:vm_state"] == "building"
        assert first["OS-EXT-STS:task_state"] in (
            "scheduling",
            "networking",
            "spawning",
            None,
        )
    cloud.wait_status(server["id"], "ACTIVE")
    last = _send(cloud, project, "GET", f"/servers/{server['id']}").json()
    assert last["server"]["OS-EXT-STS:power_state"] == 1
    assert last["server"]["OS-EXT-STS:task_state"] is None
    assert last["server"]["key_name"] == KEY
    assert last["server"]["OS-EXT-AZ:availability_zone"] == "nova"
    assert last["server"]["flavor"]["id"] == FLAVOR


def test_its_port_is_in_another_cloud(cloud: Cloud, project: str) -> None:
    port = {"port": "406b40b4-6b66-47d9-a943-9e341aeae6ef"}
    answer = _send(
        cloud, project, "POST", "/servers", _body(cloud, networks=[port])
    )
    assert answer.status_code == 400
    message = answer.json()["badRequest"]["message"]
    assert f"{port['port']} could not be found" in message


def test_the_old_api_passes_unknown_properties_over(
    cloud: Cloud, project: str
) -> None:
    body = {**_body(cloud, colour="blue"), "comment": "from 2013"}
    made = _send(cloud, project, "POST", "/servers", body)
    assert made.status_code == 202, made.text
    strict = cloud.tenant.send("POST", "/servers", body, version="2.1")
    assert strict.status_code == 400


def test_another_project_s_url(cloud: Cloud, project: str) -> None:
    answer = _send(cloud, "0" * 32, "GET", "/servers")
    assert answer.status_code == 400
    assert "doesn't match" in answer.json()["badRequest"]["message"]


def test_lists_by_the_old_url(cloud: Cloud, project: str) -> None:
    made = _send(cloud, project, "POST", "/servers", _body(cloud)).json()
    for path in ("/servers", "/servers/detail", "/servers.json"):
        listed = _send(cloud, project, "GET", path).json()["servers"]
        assert made["server"]["id"] in [row["id"] for row in listed]
    assert _send(cloud, project, "GET", "/limits").status_code == 200
    names = _send(cloud, project, "GET", "/extensions").json()["extensions"]
    assert "OS-EXT-VIF-NET" in [row["alias"] for row in names]
    gone = _send(cloud, project, "DELETE", f"/servers/{made['server']['id']}")
    assert gone.status_code == 204
