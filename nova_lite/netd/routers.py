# SPDX-License-Identifier: Apache-2.0
"""Routers of a host: a namespace with legs, routes and translation each.

Called by netd's manager as dhcp.py says. A router that is switched off keeps
its namespace, with its legs down; a port of one that is, its leg.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from nova_lite.netd import dhcp_tables as tables
from nova_lite.netd import floating, nft
from nova_lite.netd.dnsmasq import Dnsmasq
from nova_lite.netd.legs import (
    Hosting,
    Interior,
    Leg,
    Route,
    dismantle,
    furnish,
)
from nova_lite.netd.upkeep import Upkeep
from nova_lite.network.wanted import (
    HostState,
    WantedNetwork,
    WantedRouter,
    WantedRouterPort,
)

PREFIX = "qrouter-"

_SYSCTLS = {
    "ipv4/ip_forward": "1",
    "ipv6/conf/all/forwarding": "1",
    "ipv6/conf/default/forwarding": "1",
    "ipv6/conf/all/accept_ra": "0",
    "ipv6/conf/default/accept_ra": "0",
    # MACs are the service's, so no link-local address is there twice.
    "ipv6/conf/default/accept_dad": "0",
    "ipv6/conf/all/keep_addr_on_down": "1",
    "ipv6/conf/default/ndisc_notify": "1",
    # A floating ip may come in by another way than the answer leaves.
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    # Each leg answers for its own addresses alone.
    "ipv4/conf/all/arp_ignore": "1",
    "ipv4/conf/all/arp_announce": "2",
    "ipv4/conf/all/send_redirects": "0",
    "ipv4/conf/default/send_redirects": "0",
}

# A router, and the networks of its legs.
Routed = tuple[WantedRouter, tuple[WantedNetwork, ...]]


class Routers:
    """All of a host's routers; used by one thread at a time."""

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting
        self._directory = hosting.directory / "routers"
        self._upkeep = Upkeep[Routed]("Router", self)

    def converge(self, state: HostState, full: bool = True) -> set[str]:
        """Have these routers and no other.

        Returns: ids of the routers that are not as they should be.
        """
        networks = {network.id: network for network in state.networks}
        wanted = {
            router.id: (
                router,
                tuple(
                    # Where its ports are does not concern a router.
                    replace(networks[one], peers=(), remote=(), dhcp_ips={})
                    for one in sorted(_network_ids(router))
                    if one in networks
                ),
            )
            for router in state.routers
        }
        return self._upkeep.converge(wanted, full)

    # --- Upkeep's Keeper -----------------------------------------------------

    def present(self) -> set[str]:
        """Routers that were made here, now or by a netd before."""
        if not self._directory.is_dir():
            return set()
        return {path.name for path in self._directory.iterdir()}

    def is_alive(self, router_id: str) -> bool:
        """Whether its advertisements are sent, if it has any."""
        return self._dnsmasq(router_id).is_as_told()

    def bring_about(self, routed: Routed) -> None:
        """Make one router as it is wanted."""
        router, networks = routed
        dnsmasq = self._dnsmasq(router.id)
        dnsmasq.prepare()
        by_id = {network.id: network for network in networks}
        legs = [self._leg("qr-", one, by_id, router) for one in router.legs]
        if router.gateway:
            legs.append(self._gateway_leg(router, router.gateway, by_id))
        name = f"{PREFIX}{router.id}"
        added = furnish(
            self._hosting.namespaces,
            name,
            Interior(
                legs=legs,
                routes=_routes(router) if router.admin_state_up else (),
                local=[f"{tables.METADATA_IP}/32"],
                sysctls=_SYSCTLS,
            ),
        )
        self._translate(router)
        self._advertise(router, legs, by_id)
        self._announce(name, [leg for leg in legs if leg.up], added)

    def remove(self, router_id: str) -> None:
        """Have a router no more; its directory, the mark of it, goes last."""
        dnsmasq = self._dnsmasq(router_id)
        dnsmasq.stop()
        dismantle(self._hosting.namespaces, f"{PREFIX}{router_id}")
        dnsmasq.remove()

    # --- parts ---------------------------------------------------------------

    def _dnsmasq(self, router_id: str) -> Dnsmasq:
        return Dnsmasq(
            self._hosting.namespaces,
            f"{PREFIX}{router_id}",
            self._directory / router_id,
        )

    def _leg(
        self,
        prefix: str,
        port: WantedRouterPort,
        networks: dict[str, WantedNetwork],
        router: WantedRouter,
    ) -> Leg:
        network = networks[port.network_id]
        return Leg(
            name=f"{prefix}{port.port_id[:11]}",
            port_id=port.port_id,
            bridge=self._hosting.bridge_of(network),
            mac=port.mac,
            mtu=network.mtu,
            addresses=port.addresses,
            up=router.admin_state_up and port.up,
        )

    def _gateway_leg(
        self,
        router: WantedRouter,
        port: WantedRouterPort,
        networks: dict[str, WantedNetwork],
    ) -> Leg:
        leg = self._leg("qg-", port, networks, router)
        one_by_one = [f"{one.address}/32" for one in router.floating_ips]
        return replace(leg, addresses=[*leg.addresses, *one_by_one])

    def _translate(self, router: WantedRouter) -> None:
        """The rules, where they differ; old connections of what is gone."""
        name = f"{PREFIX}{router.id}"
        run = self._hosting.namespaces.run
        wanted = floating.rules(router, _gateway_device(router))
        note = self._directory / router.id / "rules"
        found = run(name, nft.list_table, floating.FAMILY, floating.TABLE)
        if _read(note) != f"{nft.digest(wanted)} {nft.digest(found)}":
            run(name, nft.apply, wanted)
            found = run(name, nft.list_table, floating.FAMILY, floating.TABLE)
            note.write_text(f"{nft.digest(wanted)} {nft.digest(found)}")
        pairs = [
            [one.address, one.fixed_address] for one in router.floating_ips
        ]
        note = self._directory / router.id / "floating"
        before = _pairs(_read(note))
        if before != pairs:
            gone = {one[0] for one in before if one not in pairs}
            if gone:
                run(name, floating.end_connections, gone)
            note.write_text(json.dumps(pairs))

    def _advertise(
        self,
        router: WantedRouter,
        legs: list[Leg],
        networks: dict[str, WantedNetwork],
    ) -> None:
        inner = [
            (leg.name, networks[port.network_id], port.addresses)
            for leg, port in zip(legs, router.legs, strict=False)
            if leg.up
        ]
        text = tables.advertisements(inner)
        dnsmasq = self._dnsmasq(router.id)
        if text:
            dnsmasq.converge(text, {})
        else:
            dnsmasq.stop()

    def _announce(
        self, name: str, legs: list[Leg], added: list[tuple[str, str]]
    ) -> None:
        by_device = defaultdict[str, list[str]](list)
        macs = {leg.name: leg.mac for leg in legs}
        for device, address in added:
            if device in macs:
                by_device[device].append(address)
        for device, addresses in by_device.items():
            self._hosting.namespaces.run(
                name, floating.announce, device, macs[device], addresses
            )


def _network_ids(router: WantedRouter) -> set[str]:
    ids = {leg.network_id for leg in router.legs}
    if router.gateway:
        ids.add(router.gateway.network_id)
    return ids


def _gateway_device(router: WantedRouter) -> str:
    return f"qg-{router.gateway.port_id[:11]}" if router.gateway else "none"


def _routes(router: WantedRouter) -> list[Route]:
    routes = [Route(cidr, hop) for cidr, hop in router.routes]
    out = router.gateway is not None and router.gateway.up
    for hop in router.next_hops if out else ():
        everywhere = "::/0" if ":" in hop else "0.0.0.0/0"
        routes.append(Route(everywhere, hop, _gateway_device(router)))
    return routes


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


def _pairs(note: str) -> list[Any]:
    """None where a cut of power left something else than was written."""
    try:
        found: list[Any] = json.loads(note)
    except ValueError:
        return []
    return found
