# SPDX-License-Identifier: Apache-2.0
"""Lists: filters, fields, order, pages, tags; quotas; documents."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from nova_lite.embedded import http
from nova_lite.embedded.network.extensions import EXTENSIONS
from tests.fixtures.network_service import Client, NetworkService

NAMES = ["a", "b", "c", "d", "e"]


@pytest.fixture
def named(alice: Client) -> Client:
    for name in NAMES:
        alice.make("network", name=name, description=name * 2)
    return alice


def names(client: Client, query: str) -> list[str]:
    return [one["name"] for one in client.get(f"networks?{query}")]


def test_filters(named: Client) -> None:
    assert names(named, "") == NAMES
    assert names(named, "name=b&name=d") == ["b", "d"]
    assert names(named, "name=b&description=dd") == []
    assert names(named, "description=dd") == ["d"]
    assert names(named, "admin_state_up=False") == []
    assert names(named, "admin_state_up=true&mtu=1450") == NAMES
    assert names(named, f"project_id={named.project_id}") == NAMES
    assert names(named, "tenant_id=nobody") == []
    assert names(named, "status=DOWN") == []
    assert names(named, "name=") == []


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("colour=red", "HTTPBadRequest"),
        ("admin_state_up=maybe", "InvalidInput"),
        ("mtu=large", "InvalidInput"),
        ("changed_since=yesterday", "InvalidInput"),
        ("changed_since=0001-01-01T00:00:00%2B14:00", "InvalidInput"),
        ("limit=-1", "BadRequest"),
        ("limit=x", "BadRequest"),
        ("sort_key=colour", "HTTPBadRequest"),
        ("sort_key=name&sort_dir=up", "HTTPBadRequest"),
        ("sort_key=name&sort_key=id&sort_dir=asc", "HTTPBadRequest"),
    ],
)
def test_bad_queries(alice: Client, query: str, kind: str) -> None:
    assert alice.refused("GET", f"networks?{query}") == (400, kind)


def test_fields(named: Client) -> None:
    found = named.get("networks?fields=name&fields=mtu&name=a")
    assert found == [{"name": "a", "mtu": 1450}]
    ident = named.get("networks?name=a")[0]["id"]
    assert named.get(f"networks/{ident}?fields=id") == {"id": ident}


def test_order(named: Client) -> None:
    backwards = NAMES[::-1]
    assert names(named, "sort_key=name&sort_dir=desc") == backwards
    assert names(named, "sort_key=mtu&sort_key=name") == NAMES
    query = "sort_key=mtu&sort_dir=asc&sort_key=name&sort_dir=desc"
    assert names(named, query) == backwards


@pytest.mark.parametrize("order", ["", "sort_key=name&sort_dir=desc&"])
def test_pages(named: Client, order: str) -> None:
    expected = names(named, order)

    def page(path: str) -> tuple[list[str], dict[str, str]]:
        status, body = named("GET", path)
        assert status == 200
        links = {
            one["rel"]: "networks?" + urlsplit(one["href"]).query
            for one in body.get("networks_links", [])
        }
        return [one["name"] for one in body["networks"]], links

    found, links = page(f"networks?{order}limit=2")
    assert found == expected[:2]
    found, links = page(links["next"])
    assert found == expected[2:4]
    middle = links
    found, links = page(links["next"])
    assert found == expected[4:]
    assert "next" not in links
    found, _ = page(links["previous"])
    assert found == expected[2:4]
    found, links = page(middle["previous"])
    assert found == expected[:2]
    assert page(f"networks?{order}limit=0")[0] == expected
    missing = named.refused("GET", f"networks?{order}limit=1&marker=nothing")
    assert missing == (404, "NetworkNotFound")


def test_a_page_is_never_larger_than_the_option(
    service: NetworkService, named: Client
) -> None:
    from oslo_config import cfg

    from nova_lite.embedded.network import app

    cfg.CONF.set_override("pagination_max_limit", 2, group="network")
    try:
        small = app.create_app(lambda *_hint: None)
    finally:
        cfg.CONF.clear_override("pagination_max_limit", group="network")
    client = Client(small, named.project_id)
    _, body = client("GET", "networks")
    assert [one["name"] for one in body["networks"]] == NAMES[:2]
    assert body["networks_links"][0]["rel"] == "next"
    assert len(client.get("networks?limit=50")) == 2


@pytest.mark.parametrize(
    "kind", ["network", "subnet", "port", "router", "security_group"]
)
def test_tags(service: NetworkService, alice: Client, kind: str) -> None:
    network, subnet = service.network(alice)
    ident = {
        "network": lambda: network,
        "subnet": lambda: subnet,
        "port": lambda: alice.make("port", network_id=network)["id"],
        "router": lambda: alice.make("router")["id"],
        "security_group": lambda: alice.make("security_group")["id"],
    }[kind]()
    path = f"{kind.replace('_', '-')}s/{ident}"
    revision = alice.get(path)["revision_number"]
    assert alice("PUT", f"{path}/tags/red") == (201, None)
    assert alice("PUT", f"{path}/tags/blue") == (201, None)
    assert alice.get(f"{path}/tags") == ["blue", "red"]
    assert alice.get(path)["tags"] == ["blue", "red"]
    assert alice.get(path)["revision_number"] == revision + 2
    assert alice("GET", f"{path}/tags/red")[0] == 204
    missing = (404, "TagNotFound")
    assert alice.refused("GET", f"{path}/tags/green") == missing
    assert alice.refused("DELETE", f"{path}/tags/green") == missing
    alice.delete(f"{path}/tags/red")
    assert alice.put(f"{path}/tags", tags=["x", "y"]) == {"tags": ["x", "y"]}
    status, body = alice("POST", f"{path}/tags", {"tags": ["z"]})
    assert (status, body) == (201, {"tags": ["x", "y", "z"]})
    for bad in ("x", [5], ["t" * 61], ["a", "a"], None):
        refused = alice.refused("PUT", f"{path}/tags", {"tags": bad})
        assert refused == (400, "HTTPBadRequest")
    alice.delete(f"{path}/tags")
    assert alice.get(f"{path}/tags") == []
    gone = f"{path[:-4]}0000/tags"
    assert alice.refused("GET", gone) == (404, "TagResourceNotFound")
    other = service.project()
    assert other.refused("PUT", f"{path}/tags/x") == (
        404,
        "TagResourceNotFound",
    )


def test_lists_by_tags(alice: Client) -> None:
    for name, tags in (("n", []), ("r", ["red"]), ("rb", ["blue", "red"])):
        ident = alice.make("network", name=name)["id"]
        alice.put(f"networks/{ident}/tags", tags=tags)
    assert names(alice, "tags=red") == ["r", "rb"]
    assert names(alice, "tags=red,blue") == ["rb"]
    assert names(alice, "tags-any=blue,green") == ["rb"]
    assert names(alice, "not-tags=red,blue") == ["n", "r"]
    assert names(alice, "not-tags-any=red,blue") == ["n"]


def test_what_has_changed_since(named: Client) -> None:
    old, other = named.get("networks?name=a&name=b")
    begin = datetime.datetime.now(datetime.UTC)
    named.put(f"networks/{old['id']}", network={"mtu": 1000})
    late = begin.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert names(named, f"changed_since={late}") == ["a"]
    # Without an offset, as they are shown.
    early = other["created_at"].removesuffix("Z")
    assert names(named, f"changed_since={early}") == NAMES
    assert names(named, "changed_since=2999-01-01T00:00:00Z") == []


def test_ports_by_address_and_group(
    service: NetworkService, alice: Client
) -> None:
    network, subnet = service.network(alice)
    made = [
        alice.make(
            "port",
            network_id=network,
            name=f"p{n}",
            fixed_ips=[{"ip_address": f"198.51.100.{n}"}],
        )
        for n in (20, 21, 30)
    ]
    found = [one["name"] for one in alice.get(f"ports?network_id={network}")]
    assert found == ["p20", "p21", "p30"]
    for query, expected in (
        ("fixed_ips=ip_address%3D198.51.100.20", ["p20"]),
        (
            "fixed_ips=ip_address%3D198.51.100.20"
            "&fixed_ips=ip_address%3D198.51.100.30",
            ["p20", "p30"],
        ),
        ("fixed_ips=ip_address_substr%3D100.2", ["p20", "p21"]),
        (f"fixed_ips=subnet_id%3D{subnet}", ["p20", "p21", "p30"]),
        (
            f"fixed_ips=subnet_id%3D{subnet}"
            "&fixed_ips=ip_address%3D198.51.100.30",
            ["p30"],
        ),
        (
            f"security_groups={made[0]['security_groups'][0]}",
            ["p20", "p21", "p30"],
        ),
        ("security_groups=none", []),
        (f"mac_address={made[1]['mac_address']}", ["p21"]),
        ("device_id=", ["p20", "p21", "p30"]),
    ):
        found = [one["name"] for one in alice.get(f"ports?{query}")]
        assert found == expected, query
    for bad in ("fixed_ips=198.51.100.20", "fixed_ips=colour%3Dred"):
        assert alice.refused("GET", f"ports?{bad}") == (400, "InvalidInput")


# --- quotas ------------------------------------------------------------------


def test_quotas(service: NetworkService, alice: Client, bob: Client) -> None:
    admin = service.admin
    path = f"quotas/{alice.project_id}"
    defaults = alice.get(path)
    assert defaults == {
        "network": 100,
        "subnet": 100,
        "port": 500,
        "router": 10,
        "floatingip": 50,
        "security_group": 10,
        "security_group_rule": 100,
    }
    changed = admin.put(path, quota={"network": 1, "port": "2"})["quota"]
    assert changed == {**defaults, "network": 1, "port": 2}
    assert alice.get(path) == changed
    assert alice.get(f"{path}/default") == defaults
    network = alice.make("network")["id"]
    assert alice.get(f"{path}/details")["network"] == {
        "limit": 1,
        "used": 1,
        "reserved": 0,
    }
    over = (409, "OverQuota")
    body: dict[str, Any] = {"network": {}}
    assert alice.refused("POST", "networks", body) == over
    body = {"ports": [{"network_id": network}] * 3}
    assert alice.refused("POST", "ports", body) == over
    body["ports"].pop()
    assert alice("POST", "ports", body)[0] == 201
    mine = [
        one
        for one in admin.get("quotas")
        if one["project_id"] == alice.project_id
    ]
    assert [one["network"] for one in mine] == [1]
    admin.delete(path)
    assert alice.get(path) == defaults
    assert admin.refused("DELETE", path) == (404, "TenantQuotaNotFound")
    alice.make("network")
    refused = (403, "PolicyNotAuthorized")
    assert alice.refused("PUT", path, {"quota": {"network": 9}}) == refused
    assert alice.refused("DELETE", path) == refused
    assert alice.refused("GET", "quotas") == refused
    for one in (path, f"{path}/default", f"{path}/details"):
        assert bob.refused("GET", one) == refused
    for bad in ({"colour": 1}, {"network": -2}, {"network": "x"}, 5):
        assert admin.refused("PUT", path, {"quota": bad})[0] == 400


# --- documents ---------------------------------------------------------------


def test_versions(service: NetworkService) -> None:
    request = http.Request.blank("/", environ={"SCRIPT_NAME": "/network"})
    found = request.get_response(service.app).json["versions"]
    assert [one["id"] for one in found] == ["v2.0"]
    assert found[0]["status"] == "CURRENT"
    href = found[0]["links"][0]["href"]
    assert href == "http://localhost/network/v2.0/"
    request = http.Request.blank("/v2.0/")
    resources = request.get_response(service.app).json["resources"]
    assert {one["collection"] for one in resources} == {
        "networks",
        "subnets",
        "ports",
        "routers",
        "floatingips",
        "security_groups",
        "security_group_rules",
    }


def test_extensions(alice: Client) -> None:
    found = alice.get("extensions")
    assert {one["alias"] for one in found} == set(EXTENSIONS)
    assert alice.get("extensions/port-security")["alias"] == "port-security"
    assert alice.refused("GET", "extensions/trunk") == (
        404,
        "ExtensionNotFound",
    )
    assert alice.get("extensions?fields=alias")[0].keys() == {"alias"}


def test_providers(alice: Client) -> None:
    found = alice.get("service-providers")
    assert [one["service_type"] for one in found] == ["L3_ROUTER_NAT"]
    # What the client's "project cleanup" looks for.
    assert alice.get("service-providers?service_type=VPN") == []


def test_unknown_places(alice: Client) -> None:
    assert alice.refused("GET", "trunks") == (404, "HTTPNotFound")
    assert alice.refused("PATCH", "networks")[0] == 405
