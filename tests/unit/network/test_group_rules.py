# SPDX-License-Identifier: Apache-2.0
"""What a rule of a security group may say, and which rules are the same."""

from __future__ import annotations

from typing import Any

import pytest

from nova_lite.network import errors, group_errors, group_rules

_ANY = {
    "direction": "ingress",
    "ethertype": "IPv4",
    "protocol": None,
    "port_range_min": None,
    "port_range_max": None,
    "remote_ip_prefix": None,
    "remote_group_id": None,
}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"ethertype": "ipv6"}, {"ethertype": "IPv6"}),
        ({"protocol": "any"}, {}),
        ({"protocol": "TCP"}, {"protocol": "tcp"}),
        ({"protocol": 6}, {"protocol": "6"}),
        ({"protocol": "006"}, {"protocol": "6"}),
        (
            {"protocol": "tcp", "port_range_min": "22", "port_range_max": 22},
            {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22},
        ),
        (
            {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0},
            {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0},
        ),
        (
            {"protocol": "icmp", "ethertype": "IPv6"},
            {"protocol": "ipv6-icmp", "ethertype": "IPv6"},
        ),
        (
            {"protocol": 1, "ethertype": "IPv6"},
            {"protocol": "58", "ethertype": "IPv6"},
        ),
        (
            {"remote_ip_prefix": "198.51.100.7"},
            {"remote_ip_prefix": "198.51.100.7/32"},
        ),
        (
            {"remote_ip_prefix": "fd00::/8", "ethertype": "IPv6"},
            {"remote_ip_prefix": "fd00::/8", "ethertype": "IPv6"},
        ),
    ],
)
def test_kept(given: dict[str, Any], kept: dict[str, Any]) -> None:
    rule = group_rules.normal({"direction": "ingress", **given})
    assert rule == _ANY | kept


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"direction": "up"}, errors.InvalidAttribute),
        ({"direction": None}, errors.InvalidAttribute),
        (
            {"ethertype": "IPv5"},
            group_errors.SecurityGroupRuleInvalidEtherType,
        ),
        ({"ethertype": 4}, group_errors.SecurityGroupRuleInvalidEtherType),
        ({"protocol": "smtp"}, group_errors.SecurityGroupRuleInvalidProtocol),
        ({"protocol": 256}, group_errors.SecurityGroupRuleInvalidProtocol),
        ({"protocol": -1}, group_errors.SecurityGroupRuleInvalidProtocol),
        (
            {"port_range_min": 1, "port_range_max": 2},
            group_errors.SecurityGroupProtocolRequiredWithPorts,
        ),
        (
            {"protocol": "tcp", "port_range_min": 2, "port_range_max": 1},
            group_errors.SecurityGroupInvalidPortRange,
        ),
        (
            {"protocol": "udp", "port_range_min": 2},
            group_errors.SecurityGroupInvalidPortRange,
        ),
        (
            {"protocol": "17", "port_range_min": 0, "port_range_max": 1},
            group_errors.SecurityGroupInvalidPortValue,
        ),
        (
            {"protocol": "tcp", "port_range_min": 1, "port_range_max": 65536},
            group_errors.SecurityGroupInvalidPortValue,
        ),
        (
            {"protocol": "tcp", "port_range_min": "x", "port_range_max": 1},
            group_errors.SecurityGroupInvalidPortValue,
        ),
        (
            {"protocol": "gre", "port_range_min": 1, "port_range_max": 1},
            group_errors.SecurityGroupInvalidProtocolForPort,
        ),
        (
            {"protocol": "icmp", "port_range_min": 256},
            group_errors.SecurityGroupInvalidIcmpValue,
        ),
        (
            {"protocol": "icmp", "port_range_max": 0},
            group_errors.SecurityGroupMissingIcmpType,
        ),
        (
            {"protocol": "ipv6-icmp"},
            group_errors.SecurityGroupEthertypeConflictWithProtocol,
        ),
        (
            {"protocol": 58},
            group_errors.SecurityGroupEthertypeConflictWithProtocol,
        ),
        (
            {"remote_ip_prefix": "fd00::/8"},
            group_errors.SecurityGroupRuleParameterConflict,
        ),
        ({"remote_ip_prefix": "198.51.100.0/33"}, errors.InvalidAttribute),
        ({"remote_ip_prefix": 7}, errors.InvalidAttribute),
        (
            {"ethertype": "IPv6", "remote_ip_prefix": "fe80::1%eth0"},
            errors.InvalidAttribute,
        ),
        (
            {"remote_ip_prefix": "198.51.100.0/24", "remote_group_id": "g"},
            group_errors.SecurityGroupRemoteGroupAndRemoteIpPrefix,
        ),
    ],
)
def test_refused(given: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        group_rules.normal({"direction": "ingress", **given})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"protocol": "tcp"}, {"protocol": "6"}, True),
        ({"protocol": "tcp"}, {"protocol": "udp"}, False),
        ({}, {"remote_ip_prefix": "0.0.0.0/0"}, True),
        ({}, {"ethertype": "IPv6", "remote_ip_prefix": "::/0"}, False),
        ({}, {"remote_group_id": "g"}, False),
        ({}, {"direction": "egress"}, False),
    ],
)
def test_same(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    keys = [group_rules.key(_ANY | rule) for rule in (one, other)]
    assert (keys[0] == keys[1]) is same


def test_normalized_cidr() -> None:
    assert group_rules.normalized_cidr(None) is None
    assert group_rules.normalized_cidr("198.51.100.7/24") == "198.51.100.0/24"
