# SPDX-License-Identifier: Apache-2.0
"""Networks: flat ones of administrators, vxlan ones of everybody."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from nova_lite.db.repositories import floating_ip, network_query
from nova_lite.db.repositories import network as networks_db
from nova_lite.embedded.network import checks, quotas, rules
from nova_lite.embedded.network.attributes import Attribute, Resource
from nova_lite.embedded.network.collection import Collection, Work, standard
from nova_lite.network import errors

VXLAN_OVERHEAD_BYTES = 50
_PROVIDER = (
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
)
_COLUMNS = {"router:external": "external"}

RESOURCE = Resource(
    "network",
    "networks",
    (
        Attribute("name", checks.text(), ""),
        Attribute("description", checks.text(), ""),
        Attribute("admin_state_up", checks.boolean, True),
        Attribute("shared", checks.boolean, False, admin=True),
        Attribute("router:external", checks.boolean, False, admin=True),
        Attribute("is_default", checks.boolean, False, admin=True),
        Attribute("mtu", checks.integer(0, 65535)),
        Attribute("port_security_enabled", checks.boolean, True),
        Attribute("dns_domain", checks.dns_name, ""),
        Attribute(
            "availability_zone_hints",
            checks.list_of(checks.text()),
            list,
            put=False,
        ),
        Attribute(
            "provider:network_type",
            checks.or_none(checks.one_of("flat", "vxlan")),
            None,
            admin=True,
            owner_reads=False,
        ),
        Attribute(
            "provider:physical_network",
            checks.or_none(checks.text(64)),
            None,
            admin=True,
            owner_reads=False,
        ),
        Attribute(
            "provider:segmentation_id",
            checks.or_none(checks.integer(1, (1 << 24) - 1)),
            None,
            admin=True,
            owner_reads=False,
        ),
    ),
)


class Networks(Collection):
    """Handlers of /v2.0/networks."""

    resource = RESOURCE
    table = networks_db.TABLE

    def prepare(
        self, context: rules.Context, values: dict[str, Any]
    ) -> dict[str, Any]:
        """The segment and the MTU that the body asks for."""
        kind, physical, number = (values.pop(name) for name in _PROVIDER)
        if values.pop("availability_zone_hints") not in ([], ["nova"]):
            raise errors.InvalidAttribute(
                name="availability_zone_hints",
                reason="the one availability zone is nova",
            )
        if kind is None and (physical or number):
            raise errors.InvalidInput(reason="network_type required")
        if kind == networks_db.FLAT:
            self._check_flat(physical, number)
            values["segment"] = f"{kind}:{physical}"
        elif kind is not None and physical is not None:
            raise errors.InvalidInput(
                reason="provider:physical_network specified for VXLAN network"
            )
        elif number is not None:
            values["segment"] = f"{networks_db.VXLAN}:{number}"
        flat = kind == networks_db.FLAT
        values["mtu"] = self._mtu(values.get("mtu"), flat=flat)
        values["external"] = values.pop("router:external")
        _check_default(values["is_default"], values["external"])
        return values

    def _check_flat(self, physical: str | None, number: int | None) -> None:
        if physical is None:
            raise errors.InvalidInput(
                reason="physical_network required for flat provider network"
            )
        if number is not None:
            raise errors.InvalidInput(
                reason="provider:segmentation_id specified for flat network"
            )
        if physical not in self.settings.physical_networks:
            raise errors.InvalidInput(
                reason=f"physical_network '{physical}' unknown for flat "
                "provider network: see [network] physical_networks"
            )

    def _mtu(self, wanted: int | None, *, flat: bool) -> int:
        most = self.settings.mtu - (0 if flat else VXLAN_OVERHEAD_BYTES)
        if not wanted:
            return most
        if not 68 <= wanted <= most:
            raise errors.InvalidInput(
                reason=f"Requested MTU is {wanted}, and it must be from 68 "
                f"to {most} on this network"
            )
        return wanted

    def reserve(self, work: Work, items: Sequence[dict[str, Any]]) -> None:
        """Networks count for the project that they are for."""
        quotas.reserve(work, "network", items)

    def insert(self, work: Work, values: dict[str, Any]) -> Any:
        """One more network."""
        if values["is_default"]:
            _check_only_default(work, "")
        return networks_db.create(
            work.session,
            {"id": str(uuid.uuid4()), **values},
            self.settings.vni_ranges,
        )

    def change(self, work: Work, row: Any, values: dict[str, Any]) -> None:
        """All but the segment may change."""
        if any(name in values for name in _PROVIDER):
            raise errors.InvalidInput(
                reason="Plugin does not support updating provider attributes"
            )
        session = work.session
        unshared = row.shared and values.get("shared") is False
        if unshared and networks_db.others_ports(session, row):
            raise errors.InvalidSharedSetting(id=row.id)
        if "mtu" in values:
            flat = row.segment.startswith(f"{networks_db.FLAT}:")
            values["mtu"] = self._mtu(values["mtu"], flat=flat)
        for name, value in values.items():
            setattr(row, _COLUMNS.get(name, name), value)
        if values.get("router:external") is False:
            row.is_default = False
            if networks_db.outer_ports(session, row.id):
                raise errors.ExternalNetworkInUse(id=row.id)
        _check_default(row.is_default, row.external)
        if values.get("is_default"):
            _check_only_default(work, row.id)
        work.changes.networks.add(row.id)

    def remove(self, work: Work, row: Any) -> None:
        """With its subnets, DHCP servers and idle floating IPs."""
        if row.external:
            floating_ip.delete_idle(work.session, row.id)
        work.changes.hosts |= networks_db.delete(work.session, row)

    def views(
        self, session: Any, context: rules.Context, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """Networks with their subnets' ids."""
        ids = [row.id for row in rows]
        subnets = networks_db.subnet_ids(session, ids)
        tags = network_query.tags(session, ids)
        return [_view(row, subnets[row.id], tags[row.id]) for row in rows]


def _check_default(is_default: bool, external: bool) -> None:
    if is_default and not external:
        raise errors.InvalidInput(
            reason="is_default is for external networks only"
        )


def _check_only_default(work: Work, network_id: str) -> None:
    other = networks_db.default_external(work.session, network_id)
    if other is not None:
        raise errors.DefaultExternalNetworkExists(net_id=other)


def _view(
    row: Any, subnets: Sequence[str], tags: Sequence[str]
) -> dict[str, Any]:
    kind, physical, number = networks_db.parts(row.segment)
    shown = {
        **standard(row, tags),
        "name": row.name,
        "admin_state_up": row.admin_state_up,
        "status": "ACTIVE",
        "subnets": list(subnets),
        "shared": row.shared,
        "router:external": row.external,
        "mtu": row.mtu,
        "port_security_enabled": row.port_security_enabled,
        "dns_domain": row.dns_domain,
        "availability_zone_hints": [],
        "availability_zones": ["nova"],
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
        "l2_adjacency": True,
        "provider:network_type": kind,
        "provider:physical_network": physical,
        "provider:segmentation_id": number,
    }
    if row.external:
        shown["is_default"] = row.is_default
    return shown
