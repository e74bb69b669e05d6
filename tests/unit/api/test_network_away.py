# SPDX-License-Identifier: Apache-2.0
"""A network service that does not answer: what the API says meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oslo_config import cfg

from nova_lite.supervisor import system
from tests.fixtures.compute_api import ComputeAPI, application

SERVER = "00000000-0000-4000-8000-000000000001"
_INFO = [
    {
        "id": "p",
        "address": "fa:16:3e:00:00:01",
        "tag": None,
        "network": {"id": "n", "label": "private", "subnets": []},
        "fixed_ips": [
            {"address": "198.51.100.5", "subnet_id": "s", "floating_ips": []}
        ],
    }
]


@pytest.fixture
def api(compute_api: ComputeAPI) -> Iterator[ComputeAPI]:
    """An API whose network service is at an address where nobody is."""
    address = f"http://127.0.0.1:{system.free_port()}"
    cfg.CONF.set_override("endpoint_override", address, group="neutron")
    cfg.CONF.set_override("http_retries", 0, group="neutron")
    compute_api.add("server", uuid=SERVER, network_info=_INFO)
    yield ComputeAPI(application(with_network=False))
    cfg.CONF.clear_override("endpoint_override", group="neutron")
    cfg.CONF.clear_override("http_retries", group="neutron")


@pytest.mark.parametrize("path", [f"/servers/{SERVER}", "/servers/detail"])
def test_servers_are_shown_without_their_groups(
    api: ComputeAPI, path: str
) -> None:
    answer = api("GET", path, version="2.96")
    assert answer.status == 200, answer.text
    shown = answer.json.get("server") or answer.json["servers"][0]
    assert shown["addresses"]["private"][0]["addr"] == "198.51.100.5"
    assert "security_groups" not in shown


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/servers/{SERVER}/os-interface", None),
        ("POST", f"/servers/{SERVER}/os-interface", {}),
        ("GET", f"/servers/{SERVER}/os-security-groups", None),
        ("GET", "/os-networks", None),
        ("GET", "/os-floating-ips", None),
        (
            "POST",
            f"/servers/{SERVER}/action",
            {"addSecurityGroup": {"name": "web"}},
        ),
    ],
)
def test_what_needs_it_says_so(
    api: ComputeAPI, method: str, path: str, body: object
) -> None:
    answer = api(method, path, body)
    assert answer.status == 503, answer.text
    assert "the network service does not answer" in answer.message
    assert "Traceback" not in answer.text
