# SPDX-License-Identifier: Apache-2.0
"""What servers, flavors, key pairs and the like take, at each version.

The tables are upstream's facts: a body or a query, and from which version
to which it is taken. Each row is tried at every version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from nova_lite.api.openstack import validation
from nova_lite.api.openstack.compute.schemas import (
    attach_interfaces,
    flavors,
    floating_ips,
    instance_actions,
    keypairs,
    migrations,
    security_groups,
    server_external_events,
    server_list,
    servers,
)
from nova_lite.api.openstack.microversions import Version
from nova_lite.api.openstack.versioned import Schema
from tests.fixtures.compute_api import IMAGE
from tests.fixtures.taken import ALWAYS, NEVER, versions_taken, words
from tests.fixtures.taken import span as span_of

SERVER = "00000000-0000-4000-8000-000000000001"

NEW: Mapping[str, Any] = {"name": "a", "flavorRef": "1", "imageRef": IMAGE}
DISK = {
    "uuid": IMAGE,
    "source_type": "image",
    "destination_type": "local",
    "boot_index": 0,
}
PORT = {"uuid": IMAGE}
_ADDRESS = {"ip_address": "198.51.100.5"}


def _create(**more: Any) -> dict[str, Any]:
    return {"server": {"networks": [], **NEW, **more}}


def _update(**more: Any) -> dict[str, Any]:
    return {"server": more}


def _key(**more: Any) -> dict[str, Any]:
    return {"keypair": {"name": "a", "public_key": "k", **more}}


def _flavor(**more: Any) -> dict[str, Any]:
    flavor = {"name": "a", "ram": 1, "vcpus": 1, "disk": 0}
    return {"flavor": {**flavor, **more}}


def _interface(**more: Any) -> dict[str, Any]:
    return {"interfaceAttachment": more}


def _group(**more: Any) -> dict[str, Any]:
    return {"security_group": {"name": "", **more}}


def _rule(**more: Any) -> dict[str, Any]:
    return {"security_group_rule": {"parent_group_id": IMAGE, **more}}


def _event(name: str) -> dict[str, Any]:
    return {"events": [{"server_uuid": SERVER, "name": name}]}


# A schema, what it is asked, from and to which version it takes that.
TAKEN: list[tuple[Schema, Any, tuple[str, str]]] = [
    (servers.CREATE, _create(), ALWAYS),
    (servers.CREATE, {"server": NEW}, ("2.1", "2.36")),
    (servers.CREATE, _create(colour="red"), NEVER),
    (servers.CREATE, _create(name=""), NEVER),
    (servers.CREATE, _create(name=" a"), NEVER),
    (servers.CREATE, _create(name="a\u00a0b"), ALWAYS),
    (servers.CREATE, _create(name="x" * 256), NEVER),
    (servers.CREATE, {"server": {"networks": [], "name": "a"}}, NEVER),
    (servers.CREATE, _create(description="x"), ("2.19", "2.96")),
    (servers.CREATE, _create(description=None), ("2.19", "2.96")),
    (servers.CREATE, _create(description="a\tb"), NEVER),
    (servers.CREATE, _create(networks=[PORT]), ALWAYS),
    (servers.CREATE, _create(networks=[{"uuid": "x"}]), ("2.1", "2.36")),
    (servers.CREATE, _create(networks="none"), ("2.37", "2.96")),
    (servers.CREATE, _create(networks="auto"), ("2.37", "2.96")),
    (servers.CREATE, _create(networks="all"), NEVER),
    (
        servers.CREATE,
        _create(block_device_mapping_v2=[{**DISK, "volume_type": "x"}]),
        ("2.67", "2.96"),
    ),
    (servers.CREATE, _create(tags=["a"]), ("2.52", "2.96")),
    (servers.CREATE, _create(tags=["a/b"]), NEVER),
    (servers.CREATE, _create(tags=["a"] * 51), NEVER),
    (servers.CREATE, _create(personality=[]), ("2.1", "2.56")),
    (
        servers.CREATE,
        _create(trusted_image_certificates=["a"]),
        ("2.63", "2.96"),
    ),
    (servers.CREATE, _create(trusted_image_certificates=[]), NEVER),
    (servers.CREATE, _create(host="one"), ("2.74", "2.96")),
    (servers.CREATE, _create(hypervisor_hostname="one"), ("2.74", "2.96")),
    (servers.CREATE, _create(hostname="a-b"), ("2.90", "2.96")),
    (servers.CREATE, _create(hostname="a"), ("2.94", "2.96")),
    (servers.CREATE, _create(hostname="a.example.org"), ("2.94", "2.96")),
    (servers.CREATE, _create(hostname="a_b"), ("2.94", "2.96")),
    (servers.CREATE, _create(hostname="a b"), NEVER),
    (servers.CREATE, _create(config_drive="y"), NEVER),
    (servers.CREATE, _create(config_drive="yes"), ALWAYS),
    (servers.CREATE, _create(accessIPv4="192.0.2.1"), ALWAYS),
    (servers.CREATE, _create(accessIPv4=""), NEVER),
    (servers.CREATE, _create(accessIPv6="192.0.2.1"), NEVER),
    (servers.CREATE, _create(min_count="2"), ALWAYS),
    (servers.CREATE, _create(min_count=0), NEVER),
    (servers.CREATE, _create(user_data="%"), NEVER),
    (
        servers.CREATE,
        {**_create(), "os:scheduler_hints": {"mine": 1}},
        ALWAYS,
    ),
    (
        servers.CREATE,
        {**_create(), "os:scheduler_hints": {"group": "x"}},
        NEVER,
    ),
    (servers.UPDATE, _update(), ALWAYS),
    (servers.UPDATE, _update(description="x"), ("2.19", "2.96")),
    (servers.UPDATE, _update(hostname="a-b"), ("2.90", "2.96")),
    (servers.UPDATE, _update(hostname="a.b"), ("2.94", "2.96")),
    (servers.UPDATE, _update(metadata={}), NEVER),
    (keypairs.CREATE, {"keypair": {"name": "a"}}, ("2.1", "2.91")),
    (keypairs.CREATE, _key(), ALWAYS),
    (keypairs.CREATE, _key(type="x509"), ("2.2", "2.96")),
    (keypairs.CREATE, _key(type="gpg"), NEVER),
    (keypairs.CREATE, _key(user_id=""), ("2.10", "2.96")),
    (keypairs.CREATE, _key(name="a@b.c"), ("2.92", "2.96")),
    (keypairs.CREATE, _key(name="a b"), ALWAYS),
    (keypairs.CREATE, _key(name="a/b"), NEVER),
    (flavors.CREATE, _flavor(), ALWAYS),
    (flavors.CREATE, _flavor(description=None), ("2.55", "2.96")),
    (flavors.CREATE, _flavor(id=""), NEVER),
    (flavors.CREATE, _flavor(id=None), ALWAYS),
    (flavors.CREATE, _flavor(id=7), ALWAYS),
    (flavors.CREATE, _flavor(id=" a"), NEVER),
    (flavors.CREATE, _flavor(ram="512"), ALWAYS),
    (flavors.CREATE, _flavor(ram=0), NEVER),
    (flavors.CREATE, _flavor(rxtx_factor="0.00001"), ALWAYS),
    (flavors.CREATE, _flavor(rxtx_factor="0"), NEVER),
    (flavors.CREATE, _flavor(rxtx_factor=0), NEVER),
    (flavors.CREATE_SPECS, {"extra_specs": {"a": 1 << 40}}, ALWAYS),
    (flavors.CREATE_SPECS, {"extra_specs": {"a": True}}, NEVER),
    (server_external_events.CREATE, _event("network-changed"), ALWAYS),
    (
        server_external_events.CREATE,
        _event("volume-extended"),
        ("2.51", "2.96"),
    ),
    (server_external_events.CREATE, _event("power-update"), ("2.76", "2.96")),
    (
        server_external_events.CREATE,
        _event("accelerator-request-bound"),
        ("2.82", "2.96"),
    ),
    (
        server_external_events.CREATE,
        _event("volume-reimaged"),
        ("2.93", "2.96"),
    ),
    (server_external_events.CREATE, {"events": []}, NEVER),
    (attach_interfaces.CREATE, {}, ALWAYS),
    (attach_interfaces.CREATE, None, NEVER),
    (attach_interfaces.CREATE, {"interfaceAttachment": None}, NEVER),
    (attach_interfaces.CREATE, _interface(), ALWAYS),
    (attach_interfaces.CREATE, _interface(net_id=IMAGE), ALWAYS),
    (attach_interfaces.CREATE, _interface(port_id="p"), NEVER),
    (attach_interfaces.CREATE, _interface(fixed_ips=[]), NEVER),
    (attach_interfaces.CREATE, _interface(fixed_ips=[_ADDRESS]), ALWAYS),
    (attach_interfaces.CREATE, _interface(fixed_ips=[_ADDRESS] * 2), NEVER),
    (attach_interfaces.CREATE, _interface(tag="a"), ("2.49", "2.96")),
    (attach_interfaces.CREATE, _interface(tag="a,b"), NEVER),
    (attach_interfaces.CREATE, _interface(colour="red"), NEVER),
    (floating_ips.CREATE, None, ALWAYS),
    (floating_ips.CREATE, {"pool": None, "colour": "red"}, ALWAYS),
    (floating_ips.CREATE, {"pool": 7}, NEVER),
    (security_groups.GROUP, _group(description=""), ALWAYS),
    (security_groups.GROUP, _group(), NEVER),
    (security_groups.GROUP, _group(description="d" * 256), NEVER),
    (security_groups.GROUP, _group(description="", more=1), ALWAYS),
    (security_groups.RULE, _rule(from_port="x", cidr=7, more=1), ALWAYS),
    (security_groups.RULE, _rule(group_id=None), ALWAYS),
    (security_groups.RULE, _rule(group_id="g"), NEVER),
    (security_groups.RULE, {"security_group_rule": {}}, NEVER),
]


@pytest.mark.parametrize(("schema", "body", "span"), TAKEN, ids=words)
def test_bodies(schema: Schema, body: Any, span: tuple[str, str]) -> None:
    taken = versions_taken(
        lambda version: validation.check_body(schema, version, body)
    )
    assert taken == span_of(*span)


def _tagged(*versions: int) -> list[Version]:
    return [Version(2, minor) for minor in versions]


def test_a_disk_had_no_tag_from_2_33_to_2_41() -> None:
    disk = _create(block_device_mapping_v2=[{**DISK, "tag": "a"}])
    taken = versions_taken(
        lambda version: validation.check_body(servers.CREATE, version, disk)
    )
    assert taken == _tagged(32, *range(42, 97))


def test_a_network_had_no_tag_from_2_37_to_2_41() -> None:
    network = _create(networks=[{**PORT, "tag": "a"}])
    taken = versions_taken(
        lambda version: validation.check_body(servers.CREATE, version, network)
    )
    assert taken == _tagged(*range(32, 37), *range(42, 97))


UNTIL_75 = ("2.1", "2.74")
NOW = "2026-01-31T12:00:00Z"
# The same for queries.
QUERIES: list[tuple[Schema, str, str, tuple[str, str]]] = [
    (server_list.LIST, "colour", "red", UNTIL_75),
    (server_list.LIST, "vcpus", "1", UNTIL_75),
    (server_list.LIST, "name", "(", NEVER),
    (server_list.LIST, "reservation_id", "(", NEVER),
    (server_list.LIST, "sort_key", "uuid", ALWAYS),
    (server_list.LIST, "sort_key", "vcpus", UNTIL_75),
    (server_list.LIST, "sort_key", "id", UNTIL_75),
    (server_list.LIST, "sort_key", "locked", ALWAYS),
    (server_list.LIST, "sort_key", "colour", NEVER),
    (server_list.LIST, "changes-since", "now", NEVER),
    (server_list.LIST, "changes-before", "now", ("2.1", "2.65")),
    (server_list.LIST, "limit", "-1", NEVER),
    (server_list.LIST, "limit", "0", ALWAYS),
    (flavors.INDEX, "colour", "red", UNTIL_75),
    (flavors.INDEX, "sort_key", "colour", NEVER),
    (flavors.INDEX, "sort_dir", "up", NEVER),
    (keypairs.INDEX, "colour", "red", UNTIL_75),
    (keypairs.INDEX, "limit", "x", ("2.1", "2.34")),
    (keypairs.ONE, "colour", "red", UNTIL_75),
    (instance_actions.LIST, "limit", "x", ("2.1", "2.57")),
    (instance_actions.LIST, "colour", "red", ("2.1", "2.57")),
    (migrations.LIST, "colour", "red", ("2.1", "2.58")),
    (migrations.LIST, "limit", "x", ("2.1", "2.58")),
]


@pytest.mark.parametrize(
    ("schema", "name", "value", "span"), QUERIES, ids=words
)
def test_queries(
    schema: Schema, name: str, value: str, span: tuple[str, str]
) -> None:
    taken = versions_taken(
        lambda version: validation.check_query(
            schema, version, {name: [value]}
        )
    )
    assert taken == span_of(*span)


@pytest.mark.parametrize("schema", [instance_actions.LIST, migrations.LIST])
def test_times_in_queries(schema: Schema) -> None:
    def taken(query: dict[str, list[str]]) -> list[Version]:
        return versions_taken(
            lambda version: validation.check_query(schema, version, query)
        )

    paged = 58 if schema is instance_actions.LIST else 59
    everything = range(1, 97)
    assert taken({"changes-since": [NOW]}) == _tagged(*everything)
    assert taken({"changes-before": [NOW]}) == _tagged(
        *range(1, paged), *range(66, 97)
    )
    # At most once.
    assert taken({"changes-since": [NOW, NOW]}) == _tagged(*range(1, paged))
