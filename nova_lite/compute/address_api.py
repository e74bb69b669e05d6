# SPDX-License-Identifier: Apache-2.0
"""What the API may do with a server's addresses.

Part of compute.API, in the API process. The network service does it, with
the user's token; what the server's row knows of its interfaces is then read
anew by the server's host, or here when it has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite import exception
from nova_lite.compute.acting import Acting
from nova_lite.context import RequestContext
from nova_lite.db.repositories import instance
from nova_lite.network import model
from nova_lite.network.api import Owner
from nova_lite.objects.external_event import InstanceExternalEvent


class AddressAPI(Acting):
    """Gives servers addresses, and takes them away."""

    def add_fixed_ip(
        self, context: RequestContext, row: Mapping[str, Any], network_id: str
    ) -> None:
        """Raises: NetworkNotFoundForInstance, NoMoreFixedIps."""
        self._network.add_fixed_ip(context, row["uuid"], network_id)
        self._changed(context, row)

    def remove_fixed_ip(
        self, context: RequestContext, row: Mapping[str, Any], address: str
    ) -> None:
        """Raises: FixedIpNotFoundForSpecificInstance."""
        self._network.remove_fixed_ip(context, row["uuid"], address)
        self._changed(context, row)

    def add_floating_ip(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        address: str,
        fixed_address: str | None = None,
    ) -> None:
        """Lead a floating IP to a fixed one, or to the first of IPv4.

        Raises: Invalid when the server has no such address;
        FloatingIpNotFoundForAddress, FloatingIpAssociated, InvalidInput.
        """
        fixed = _chosen(row, address, fixed_address)
        self._network.associate_floating_ip(
            context, row["uuid"], address, fixed
        )
        self._changed(context, row)

    def remove_floating_ip(
        self, context: RequestContext, row: Mapping[str, Any], address: str
    ) -> None:
        """Raises: FloatingIpNotFoundForAddress, FloatingIpNotAssociated."""
        self._network.disassociate_floating_ip(context, row["uuid"], address)
        self._changed(context, row)

    def _changed(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Have the row's knowledge of its interfaces read anew."""
        uuid = row["uuid"]
        if row["host"]:
            event = InstanceExternalEvent(
                instance_uuid=uuid,
                name="network-changed",
                status="completed",
                tag=None,
            )
            self._compute.external_instance_event(
                context, row["host"], [event]
            )
            return
        info = self._network.info(
            context, Owner(uuid, row["project_id"], row["hostname"])
        )
        instance.set_network_info(uuid, None, model.dump(info))


def _chosen(row: Mapping[str, Any], floating: str, asked: str | None) -> str:
    """The address of a server that a floating one is to lead to.

    Raises: Invalid.
    """
    fixed = [
        ip.address
        for vif in model.load(row["network_info"])
        for ip in vif.fixed_ips
    ]
    if not fixed:
        raise exception.Invalid(
            "No fixed IPs associated to instance"
            if row["network_info"]
            else "Instance network is not ready yet"
        )
    if asked is not None:
        if asked not in fixed:
            raise exception.Invalid(
                "Specified fixed address not assigned to instance"
            )
        return asked
    for address in fixed:
        if ":" not in address:
            return address
    raise exception.Invalid(
        f"Unable to associate floating IP {floating} to any fixed IPs for "
        f"instance {row['uuid']}. Instance has no fixed IPv4 addresses to "
        "associate."
    )
