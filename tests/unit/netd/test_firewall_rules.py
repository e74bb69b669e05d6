# SPDX-License-Identifier: Apache-2.0
"""What security groups and ports become in the firewall."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nova_lite.netd import rules, table
from nova_lite.netd.firewall import BR_NETFILTER, BRIDGE, Firewall
from nova_lite.network.wanted import (
    HostState,
    WantedGroup,
    WantedNetwork,
    WantedPort,
    WantedRule,
)

PORT = WantedPort(
    id="11111111-2222-3333-4444-555555555555",
    network_id="n1",
    mac="FA:16:3e:00:00:01",
    fixed_ips=[["s", "198.51.100.5"]],
    project_id="p",
    device_id="d",
    device_owner="compute:nova",
    groups=["g1"],
)


def conditions(rule: WantedRule) -> list[tuple[Any, Any]]:
    """(what, value) of the rule's matches."""
    (made,) = rules.group_rules(WantedGroup("g", True, [rule]), rule.direction)
    *matches, verdict = made.expressions
    assert verdict == {"accept": None}
    return [
        (next(iter(one["match"]["left"].values())), one["match"]["right"])
        for one in matches
    ]


@pytest.mark.parametrize(
    ("protocol", "ethertype", "number"),
    [
        ("tcp", "IPv4", 6),
        ("17", "IPv4", 17),
        ("icmp", "IPv4", 1),
        # IPv6 has its own, whatever it is called.
        ("icmp", "IPv6", 58),
        ("ipv6-icmp", "IPv6", 58),
        ("icmpv6", "IPv6", 58),
        ("vrrp", "IPv4", 112),
    ],
)
def test_protocols(protocol: str, ethertype: str, number: int) -> None:
    found = conditions(WantedRule("ingress", ethertype, protocol))
    assert ({"key": "l4proto"}, number) in found


@pytest.mark.parametrize("protocol", [None, "ip", "hopopt", "0"])
def test_any_protocol(protocol: str | None) -> None:
    found = conditions(WantedRule("ingress", "IPv4", protocol))
    assert found == [({"key": "protocol"}, "ip")]


@pytest.mark.parametrize(
    ("low", "high", "value"),
    [(22, 22, 22), (22, None, 22), (1, 65535, {"range": [1, 65535]})],
)
def test_ports(low: int, high: int | None, value: Any) -> None:
    found = conditions(WantedRule("egress", "IPv6", "udp", low, high))
    assert found[-1] == ({"protocol": "th", "field": "dport"}, value)


def test_type_and_code_of_icmp() -> None:
    found = conditions(WantedRule("ingress", "IPv4", "icmp", 3, 0))
    assert found[-2:] == [
        ({"protocol": "icmp", "field": "type"}, 3),
        ({"protocol": "icmp", "field": "code"}, 0),
    ]


@pytest.mark.parametrize(
    ("direction", "field"), [("ingress", "saddr"), ("egress", "daddr")]
)
def test_the_far_end(direction: str, field: str) -> None:
    near = WantedRule(direction, "IPv4", remote_ip_prefix="203.0.113.0/24")
    assert conditions(near)[-1] == (
        {"protocol": "ip", "field": field},
        {"prefix": {"addr": "203.0.113.0", "len": 24}},
    )
    group = WantedRule(direction, "IPv6", remote_group_id="g9")
    assert conditions(group)[-1] == (
        {"protocol": "ip6", "field": field},
        "@members6-g9",
    )
    # The whole of it is no condition.
    anywhere = WantedRule(direction, "IPv4", remote_ip_prefix="0.0.0.0/0")
    assert conditions(anywhere) == [({"key": "protocol"}, "ip")]


def test_a_ports_own_addresses() -> None:
    assert rules.own_addresses(PORT) == {
        ("fa:16:3e:00:00:01", "198.51.100.5"),
        ("fa:16:3e:00:00:01", "fe80::f816:3eff:fe00:1"),
    }


def test_spans_of_addresses() -> None:
    networks = ["198.51.100.0/25", "198.51.100.7", "203.0.113.9", "fd00::1"]
    base = 0xC6336400
    assert table.intervals(networks, 4) == {
        (base, base + 127),
        (0xCB007109, 0xCB007109),
    }
    assert len(table.intervals(networks, 6)) == 1


def state(*more: WantedRule) -> HostState:
    return HostState(
        networks=[WantedNetwork("n1", "vxlan", 1450, [], 7)],
        ports=[PORT],
        groups=[WantedGroup("g1", True, [*more])],
    )


def test_a_changed_group_is_one_changed_chain() -> None:
    firewall = Firewall(BR_NETFILTER)
    before = firewall.tables(state(WantedRule("egress", "IPv4")), {PORT.id: 5})
    after = firewall.tables(state(WantedRule("egress", "IPv6")), {PORT.id: 5})
    assert table.changes(after[0], before[0]) == []
    add_table, flush, add_rule = table.changes(after[1], before[1])
    assert "table" in add_table["add"]
    assert flush["flush"]["chain"]["name"] == "egress-g1"
    assert add_rule["add"]["rule"]["chain"] == "egress-g1"


def test_what_the_kernel_tracks_decides_where_groups_are() -> None:
    (only,) = Firewall(BRIDGE).tables(state(), {PORT.id: 5})
    assert only.family == "bridge"
    assert {"out", "to", "from"} == set(only.maps)
    assert "mark" not in json.dumps(
        [
            rule.expressions
            for chain in only.chains.values()
            for rule in chain.rules
        ]
    )
    bridge, inet = Firewall(BR_NETFILTER).tables(state(), {PORT.id: 5})
    (source,) = bridge.maps["sources"].elements.values()
    (target,) = bridge.maps["targets"].elements.values()
    assert inet.maps["out"].elements == {source: f"out-{PORT.id}"}
    assert inet.maps["to"].elements == {target: f"to-{PORT.id}"}


def test_a_port_without_a_tap_has_no_rules_yet() -> None:
    bridge, inet = Firewall(BR_NETFILTER).tables(state(), {})
    assert set(bridge.chains) == {"spoof", "mark-from", "mark-to"}
    assert not inet.maps["to"].elements
