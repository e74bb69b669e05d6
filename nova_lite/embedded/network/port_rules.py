# SPDX-License-Identifier: Apache-2.0
"""What a port may be, and who may make it so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite.embedded.network import rules
from nova_lite.network import errors

# Only who owns the network gives these another than their default.
_NETWORK_OWNERS = (
    "mac_address",
    "port_security_enabled",
    "allowed_address_pairs",
)
_TRUSTED = "network:"
_NOT_DIRECTLY = (
    "network:router_interface",
    "network:router_gateway",
    "network:floatingip",
)


def check_create(
    context: rules.Context, network: Any, values: Mapping[str, Any]
) -> None:
    """May the caller make this port on this network?

    Raises: Forbidden.
    """
    if rules.is_admin(context) or network.project_id == context.project_id:
        return
    if not network.shared:
        raise errors.NotAllowedOnNetwork(
            project_id=context.project_id, resource="port"
        )
    _check_details(context, "create_port", values)
    if any(one.address for one in values["fixed"] or ()):
        raise errors.Forbidden(action="create_port:fixed_ips:ip_address")


def check_device(row: Any, values: Mapping[str, Any]) -> None:
    """Ports of routers and floating IPs stay theirs.

    Raises: ServicePortInUse.
    """
    if row.device_owner not in _NOT_DIRECTLY:
        return
    device = values.get("device_id", row.device_id)
    kind = values.get("device_owner", row.device_owner)
    if (device, kind) != (row.device_id, row.device_owner):
        raise errors.ServicePortInUse(
            f"Port {row.id} belongs to {row.device_owner} {row.device_id}: "
            "its device cannot be changed."
        )


def check_owner(values: Mapping[str, Any], present: str = "") -> None:
    """Nobody makes a port of a router or a floating IP by hand.

    It would be a leg of that router, whosever it is. ``present``: the owner
    that it has already. Raises: DeviceIDNotOwnedByTenant.
    """
    owner = values.get("device_owner", present)
    if owner in _NOT_DIRECTLY and owner != present:
        raise errors.DeviceIDNotOwnedByTenant(
            device_owner=owner, device_id=values.get("device_id", "")
        )


def check_update(
    context: rules.Context, owner: str, values: Mapping[str, Any]
) -> None:
    """May the caller, who is no administrator, change this of a port?

    ``owner``: the network's project. Raises: Forbidden.
    """
    if owner == context.project_id:
        return
    _check_details(context, "update_port", values)
    if any(one.get("ip_address") for one in values.get("fixed_ips") or ()):
        raise errors.Forbidden(action="update_port:fixed_ips:ip_address")


def _check_details(
    context: rules.Context, action: str, values: Mapping[str, Any]
) -> None:
    if values.get("device_owner", "").startswith(_TRUSTED):
        raise errors.Forbidden(action=f"{action}:device_owner")
    for name in _NETWORK_OWNERS:
        # False is said too: it would be a port that may pretend anything.
        if values.get(name) not in (None, []):
            raise errors.Forbidden(action=f"{action}:{name}")


def check_security(security: bool, values: Mapping[str, Any]) -> None:
    """Address pairs and groups need port security.

    Raises: AddressPairAndPortSecurityRequired,
    PortSecurityAndIPRequiredForSecurityGroups.
    """
    if security:
        return
    if values.get("allowed_address_pairs"):
        raise errors.AddressPairAndPortSecurityRequired
    if values.get("security_groups"):
        raise errors.PortSecurityAndIPRequiredForSecurityGroups


def check_result(row: Any, groups: Sequence[str]) -> None:
    """What a changed port has must fit together.

    Raises: AddressPairAndPortSecurityRequired,
    PortSecurityPortHasSecurityGroup.
    """
    if row.port_security_enabled:
        return
    if groups:
        raise errors.PortSecurityPortHasSecurityGroup
    if row.allowed_address_pairs:
        raise errors.AddressPairAndPortSecurityRequired


def check_pairs(row: Any, fixed_ips: Sequence[Mapping[str, str]]) -> None:
    """A pair that is the port's own address and MAC is none.

    Raises: AddressPairMatchesPortFixedIPAndMac.
    """
    own = {one["ip_address"] for one in fixed_ips}
    for pair in row.allowed_address_pairs:
        mac = pair.get("mac_address", row.mac_address)
        if mac == row.mac_address and pair["ip_address"] in own:
            raise errors.AddressPairMatchesPortFixedIPAndMac


def check_delete(row: Any) -> None:
    """Ports of routers and floating IPs go with these.

    Raises: ServicePortInUse.
    """
    if row.device_owner in _NOT_DIRECTLY:
        raise errors.ServicePortInUse(
            port_id=row.id, reason=f"has device owner {row.device_owner}"
        )
