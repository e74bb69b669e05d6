# SPDX-License-Identifier: Apache-2.0
"""Security groups and their rules over REST."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.fixtures.network_service import Client, NetworkService


def _default(client: Client) -> dict[str, Any]:
    found = client.get("security-groups")
    assert [one["name"] for one in found] == ["default"]
    return dict(found[0])


def _rule(group: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "security_group_rule": {
            "security_group_id": group["id"],
            "direction": "ingress",
            **values,
        }
    }


def test_default_group_is_there_and_stays(
    service: NetworkService, alice: Client
) -> None:
    group = _default(alice)
    assert {
        (rule["direction"], rule["ethertype"], rule["remote_group_id"])
        for rule in group["security_group_rules"]
    } == {
        ("egress", "IPv4", None),
        ("egress", "IPv6", None),
        ("ingress", "IPv4", group["id"]),
        ("ingress", "IPv6", group["id"]),
    }
    path = f"security-groups/{group['id']}"
    assert _default(alice)["id"] == group["id"]
    for method, body, refusal in (
        ("DELETE", None, "SecurityGroupCannotRemoveDefault"),
        (
            "PUT",
            {"security_group": {"name": "mine"}},
            "SecurityGroupCannotUpdateDefault",
        ),
    ):
        assert alice.refused(method, path, body) == (409, refusal)
    changed = alice.put(path, security_group={"description": "ours"})
    assert changed["security_group"]["description"] == "ours"
    service.admin.delete(path)
    assert _default(alice)["id"] != group["id"]


def test_default_name_is_nobodys(alice: Client) -> None:
    refused = (409, "SecurityGroupDefaultAlreadyExists")
    body = {"security_group": {"name": "default"}}
    assert alice.refused("POST", "security-groups", body) == refused
    path = f"security-groups/{alice.make('security_group')['id']}"
    assert alice.refused("PUT", path, body) == refused


def test_group(alice: Client, bob: Client, service: NetworkService) -> None:
    made = alice.make("security_group", name="web", stateful=False)
    assert made["stateful"] is False
    assert made["project_id"] == alice.project_id
    assert made["shared"] is False
    assert {
        (rule["direction"], rule["ethertype"])
        for rule in made["security_group_rules"]
    } == {("egress", "IPv4"), ("egress", "IPv6")}
    path = f"security-groups/{made['id']}"
    assert alice.get(path) == made
    names = [one["name"] for one in alice.get("security-groups")]
    assert sorted(names) == ["default", "web"]
    assert [one["id"] for one in alice.get("security-groups?name=web")] == [
        made["id"]
    ]
    for shared, count in (("False", 2), ("True", 0)):
        assert len(alice.get(f"security-groups?shared={shared}")) == count
    missing = (404, "SecurityGroupNotFound")
    change = {"security_group": {"name": "w"}}
    for method, body in (("GET", None), ("PUT", change), ("DELETE", None)):
        assert bob.refused(method, path, body) == missing
    reader = service.client(f"{alice.project_id}:reader")
    assert reader.get(path)["id"] == made["id"]
    assert reader.refused("PUT", path, change)[0] == 403
    assert reader.refused("POST", "security-groups", change)[0] == 403
    changed = alice.put(path, **change)["security_group"]
    assert changed["name"] == "w"
    assert changed["revision_number"] == made["revision_number"] + 1
    alice.delete(path)
    assert alice.refused("GET", path) == missing


@pytest.mark.parametrize(
    "values",
    [
        {"name": 7},
        {"name": "x" * 256},
        {"stateful": "perhaps"},
        {"colour": "red"},
        {"id": str(uuid.uuid4())},
    ],
)
def test_group_refusals(alice: Client, values: dict[str, Any]) -> None:
    body = {"security_group": values}
    assert alice.refused("POST", "security-groups", body)[0] == 400


def test_rules(alice: Client, bob: Client) -> None:
    group = alice.make("security_group", name="web")
    rule = alice.make(
        "security_group_rule",
        security_group_id=group["id"],
        direction="ingress",
        protocol="TCP",
        port_range_min=22,
        port_range_max="22",
        remote_ip_prefix="198.51.100.9",
    )
    assert rule["protocol"] == "tcp"
    assert (rule["port_range_min"], rule["port_range_max"]) == (22, 22)
    assert rule["remote_ip_prefix"] == "198.51.100.9/32"
    assert rule["normalized_cidr"] == "198.51.100.9/32"
    assert rule["ethertype"] == "IPv4"
    shown = alice.get(f"security-groups/{group['id']}")
    assert rule in shown["security_group_rules"]
    assert shown["revision_number"] > group["revision_number"]
    path = f"security-group-rules/{rule['id']}"
    assert alice.get(path) == rule
    mine = alice.get(f"security-group-rules?security_group_id={group['id']}")
    assert len(mine) == 3
    missing = (404, "SecurityGroupRuleNotFound")
    assert bob.refused("GET", path) == missing
    assert bob.refused("DELETE", path) == missing
    assert (
        alice.refused(
            "PUT", path, {"security_group_rule": {"direction": "egress"}}
        )[0]
        == 400
    )
    alice.delete(path)
    assert alice.refused("GET", path) == missing


def test_same_rule_once(alice: Client) -> None:
    group = alice.make("security_group")
    ssh = {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
    same = ssh | {"protocol": 6, "remote_ip_prefix": "0.0.0.0/0"}
    path = "security-group-rules"
    both = [_rule(group, **one)["security_group_rule"] for one in (ssh, same)]
    assert alice.refused("POST", path, {"security_group_rules": both}) == (
        409,
        "DuplicateSecurityGroupRuleInPost",
    )
    assert alice("POST", path, _rule(group, **ssh))[0] == 201
    assert alice.refused("POST", path, _rule(group, **same)) == (
        409,
        "SecurityGroupRuleExists",
    )


def test_rules_of_several_groups(alice: Client) -> None:
    both = [
        _rule(alice.make("security_group"))["security_group_rule"]
        for _ in range(2)
    ]
    assert alice.refused(
        "POST", "security-group-rules", {"security_group_rules": both}
    ) == (400, "SecurityGroupNotSingleGroupRules")


def test_rule_refusals(alice: Client, bob: Client) -> None:
    group = alice.make("security_group")
    theirs = bob.make("security_group")
    path = "security-group-rules"
    for remote, refusal in (
        (theirs["id"], (404, "SecurityGroupNotFound")),
        ("bad_group_id", (404, "SecurityGroupNotFound")),
        ("", (404, "SecurityGroupNotFound")),
        (7, (400, "HTTPBadRequest")),
    ):
        body = _rule(group, remote_group_id=remote)
        assert alice.refused("POST", path, body) == refusal, remote
    assert alice.refused("POST", path, _rule(theirs)) == (
        404,
        "SecurityGroupNotFound",
    )
    assert alice.refused("POST", path, _rule(group, protocol="smtp")) == (
        400,
        "SecurityGroupRuleInvalidProtocol",
    )
    assert alice.refused(
        "POST", path, {"security_group_rule": {"direction": "ingress"}}
    ) == (400, "HTTPBadRequest")


def test_group_in_use(service: NetworkService, alice: Client) -> None:
    group = alice.make("security_group")
    network, _ = service.network(alice)
    port = alice.make(
        "port", network_id=network, security_groups=[group["id"]]
    )
    path = f"security-groups/{group['id']}"
    in_use = (409, "SecurityGroupInUse")
    assert alice.refused("DELETE", path) == in_use
    turn = {"security_group": {"stateful": False}}
    assert alice.refused("PUT", path, turn) == in_use
    alice.delete(f"ports/{port['id']}")
    alice.delete(path)


def test_port_has_default_group(
    service: NetworkService, alice: Client
) -> None:
    network, _ = service.network(alice)
    port = alice.make("port", network_id=network)
    assert port["security_groups"] == [_default(alice)["id"]]


def test_hosts_hear_of_rules(service: NetworkService, alice: Client) -> None:
    """Those with a port of the group, and of one that names it."""
    for host in ("web-host", "db-host", "other-host"):
        service.agent(host)
    web = alice.make("security_group", name="web")
    database = alice.make("security_group", name="db")
    network, _ = service.network(alice)
    rule = _rule(database, remote_group_id=web["id"])
    assert alice("POST", "security-group-rules", rule)[0] == 201
    for host, group in (("web-host", web), ("db-host", database)):
        service.admin.make(
            "port",
            network_id=network,
            project_id=alice.project_id,
            security_groups=[group["id"]],
            **{"binding:host_id": host},
        )
    service.sent.clear()
    assert alice("POST", "security-group-rules", _rule(database))[0] == 201
    assert service.sent == ["db-host"]
    service.sent.clear()
    alice.make(
        "security_group_rule",
        security_group_id=web["id"],
        direction="ingress",
    )
    assert sorted(service.sent) == ["db-host", "web-host"]
