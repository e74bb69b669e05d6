# SPDX-License-Identifier: Apache-2.0
"""The attributes of a port: what a body may have, and which are columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite.db.repositories.network_ipam import Fixed
from nova_lite.embedded.network import checks
from nova_lite.embedded.network.attributes import (
    REQUIRED,
    Attribute,
    Resource,
)
from nova_lite.network import errors

_MOST_FIXED_IPS = 5
_VNIC_TYPES = ("normal", "direct", "macvtap", "direct-physical", "baremetal")
_FIXED_IP = checks.mapping(
    subnet_id=checks.or_none(checks.uuid),
    ip_address=checks.or_none(checks.address),
)
_PAIR = checks.needing(
    checks.mapping(ip_address=checks.address_or_cidr, mac_address=checks.mac),
    ("ip_address",),
)


def _host(value: Any) -> Any:
    """The name of a host; null is none."""
    return "" if value is None else checks.text()(value)


RESOURCE = Resource(
    "port",
    "ports",
    (
        Attribute("network_id", checks.uuid, REQUIRED, put=False),
        Attribute("name", checks.text(), ""),
        Attribute("description", checks.text(), ""),
        Attribute("admin_state_up", checks.boolean, True),
        Attribute("mac_address", checks.mac),
        # Two of one subnet are two addresses.
        Attribute("fixed_ips", checks.list_of(_FIXED_IP, doubles=True)),
        Attribute("device_id", checks.text(), ""),
        Attribute("device_owner", checks.text(), ""),
        Attribute("dns_name", checks.dns_name, ""),
        Attribute("port_security_enabled", checks.boolean),
        Attribute(
            "allowed_address_pairs",
            checks.list_of(_PAIR, 10),
            list,
        ),
        Attribute(
            "security_groups", checks.or_none(checks.list_of(checks.uuid))
        ),
        Attribute("binding:vnic_type", checks.one_of(*_VNIC_TYPES), "normal"),
        Attribute(
            "binding:host_id",
            _host,
            "",
            admin=True,
            owner_reads=False,
        ),
        Attribute(
            "binding:profile",
            checks.document,
            dict,
            admin=True,
            owner_reads=False,
        ),
        Attribute(
            "binding:vif_type",
            checks.text(),
            post=False,
            put=False,
            owner_reads=False,
        ),
        Attribute(
            "binding:vif_details",
            checks.document,
            post=False,
            put=False,
            owner_reads=False,
        ),
    ),
)
# Attributes that are columns, under the same or another name.
COLUMNS = {
    "name": "name",
    "description": "description",
    "admin_state_up": "admin_state_up",
    "device_id": "device_id",
    "device_owner": "device_owner",
    "dns_name": "dns_name",
    "port_security_enabled": "port_security_enabled",
    "allowed_address_pairs": "allowed_address_pairs",
    "binding:vnic_type": "vnic_type",
    "binding:profile": "profile",
}


def fixed(asked: Sequence[Mapping[str, Any]] | None) -> list[Fixed] | None:
    """The fixed_ips of a body, or None.

    Raises: InvalidInput, InvalidAttribute.
    """
    if asked is None:
        return None
    if len(asked) > _MOST_FIXED_IPS:
        raise errors.InvalidInput(
            reason="Exceeded maximum amount of fixed ips per port"
        )
    found = [
        Fixed(one.get("subnet_id"), one.get("ip_address")) for one in asked
    ]
    if any(one == Fixed() for one in found):
        raise errors.InvalidInput(
            reason="IP allocation requires subnet_id or ip_address"
        )
    addresses = [one.address for one in found if one.address]
    for one in addresses:
        if addresses.count(one) > 1:
            raise errors.InvalidAttribute(
                name="fixed_ips", reason=f"Duplicate IP address '{one}'"
            )
    return found
