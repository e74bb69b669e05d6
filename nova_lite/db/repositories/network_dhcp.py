# SPDX-License-Identifier: Apache-2.0
"""The DHCP server's port of each network on each host that has guests on it.

Called by network_state in conductor. The port's id follows from host and
network, so two that make it at once make the same row.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.db import session as db
from nova_lite.db.models.network import Network, Port
from nova_lite.db.repositories import (
    network_agent,
    network_ipam,
    network_port,
    port_addresses,
)
from nova_lite.db.repositories.network_ipam import Fixed

LOG = logging.getLogger(__name__)

OWNER = network_agent.DHCP

_NAMESPACE = uuid.UUID("6b1a5d1e-53a4-4f0b-9a53-5f2f2d3c8a11")

Row = Mapping[str, Any]


def device_id(host: str, network_id: str) -> str:
    """The device that a host's DHCP port of a network is for."""
    return f"dhcp-{host}-{network_id}"


def port_id(host: str, network_id: str) -> str:
    """The id of a host's DHCP port of a network."""
    return str(uuid.uuid5(_NAMESPACE, device_id(host, network_id)))


def is_own(host: str, port: Row) -> bool:
    """Whether a port is a host's DHCP server's, and none that says so."""
    return bool(
        port["device_owner"] == OWNER
        and port["id"] == port_id(host, port["network_id"])
    )


@dataclass(frozen=True, slots=True)
class Change:
    """What one network's DHCP port on a host needs.

    ``subnets``: where it is to have an address; none: it is to go.
    """

    network_id: str
    subnets: frozenset[str]


def changes(
    host: str,
    ports: Sequence[Row],
    subnets: Mapping[str, Sequence[Row]],
    addresses: Mapping[str, Sequence[tuple[str, str]]],
) -> list[Change]:
    """Compare a host's ports with the DHCP ports that they need.

    ``subnets`` by network id, ``addresses`` (subnet id, address) by port id.
    """
    present = defaultdict[str, frozenset[str]](frozenset)
    wanted = defaultdict[str, frozenset[str]](frozenset)
    own = set[str]()
    for port in ports:
        network_id = port["network_id"]
        if is_own(host, port):
            own.add(network_id)
            present[network_id] = frozenset(
                subnet_id for subnet_id, _ in addresses.get(port["id"], ())
            )
        elif not port["device_owner"].startswith("network:"):
            wanted[network_id] = frozenset(
                subnet["id"]
                for subnet in subnets.get(network_id, ())
                if subnet["enable_dhcp"]
            )
    return [
        Change(network_id, wanted[network_id])
        for network_id in sorted({*own, *wanted})
        if wanted[network_id] != present[network_id]
        or (network_id in own and not wanted[network_id])
    ]


def apply(host: str, wanted: Sequence[Change]) -> None:
    """Bring the DHCP ports of a host about; what cannot be is logged."""
    for change in wanted:
        try:
            _apply(host, change)
        except (exception.Conflict, exception.Invalid) as error:
            LOG.warning(
                "No DHCP on all of network %s on host %s: %s",
                change.network_id,
                host,
                error,
            )


@db.transaction
def _apply(host: str, change: Change) -> None:
    with db.writer() as session:
        network = session.scalar(
            sa.select(Network)
            .where(Network.id == change.network_id)
            .with_for_update()
        )
        if network is None:
            return
        ident = port_id(host, network.id)
        port = session.get(Port, ident)
        if not change.subnets:
            network_port.delete(session, [ident])
            return
        fixed_ips = [Fixed(one) for one in sorted(change.subnets)]
        if port is not None:
            # Its project may have made something else of it.
            port.device_owner = OWNER
            port.device_id = device_id(host, network.id)
            port.host = host
            port_addresses.replace(session, port, fixed_ips)
            return
        network_port.create(
            session,
            network.id,
            network_ipam.subnets(session, network.id),
            {
                "id": ident,
                "project_id": network.project_id,
                "device_id": device_id(host, network.id),
                "device_owner": OWNER,
                "port_security_enabled": False,
                "host": host,
                "vif_type": "tap",
            },
            fixed_ips,
        )
