# SPDX-License-Identifier: Apache-2.0
"""DHCP servers of a host: a namespace with a dnsmasq for each network.

The manager makes ``Dhcp(hosting)``, ``Routers(hosting)`` and
``MetadataProxy(...)`` once, and calls ``converge(state, full=...)`` of each
after the bridges are there: with ``full`` everything is compared with what
the kernel has (at the start, and each periodic pass), without it only what
differs from the state converged to before. They return the ids of what could
not be brought about; the next pass tries again.

The veth of a DHCP port or of a router's leg is ``nlv<port id[:11]>`` in the
bridge, without an alias: it goes with its namespace, and is neither a tap
nor the firewall's.

Each host serves its own ports, so a guest has its address and its metadata
with every other host away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network

from nova_lite.netd import dhcp_tables as tables
from nova_lite.netd import leases
from nova_lite.netd.dnsmasq import Dnsmasq
from nova_lite.netd.legs import (
    Hosting,
    Interior,
    Leg,
    Route,
    dismantle,
    furnish,
)
from nova_lite.netd.switch import has_tap
from nova_lite.netd.upkeep import Upkeep
from nova_lite.network.wanted import HostState, WantedNetwork, WantedPort

PREFIX = "qdhcp-"

_SYSCTLS = {
    # The address of the metadata service is every host's: it is reached by
    # its route alone, and not asked for on the network.
    "ipv4/conf/all/arp_ignore": "1",
    "ipv4/conf/all/rp_filter": "0",
    "ipv4/conf/default/rp_filter": "0",
    "ipv4/ip_forward": "0",
    "ipv6/conf/all/accept_ra": "0",
    "ipv6/conf/default/accept_ra": "0",
    # MACs are the service's, so no link-local address is there twice.
    "ipv6/conf/default/accept_dad": "0",
}

# A network that DHCP is served of, and its ports here.
Served = tuple[WantedNetwork, tuple[WantedPort, ...]]


class Dhcp:
    """All of a host's DHCP servers; used by one thread at a time."""

    def __init__(
        self, hosting: Hosting, settings: tables.Settings | None = None
    ) -> None:
        self._hosting = hosting
        self._settings = settings or tables.Settings()
        self._directory = hosting.directory / "dhcp"
        self._upkeep = Upkeep[Served]("DHCP of network", self)

    def converge(self, state: HostState, full: bool = True) -> set[str]:
        """Serve these networks and no other.

        Returns: ids of the networks that could not be served as they should.
        """
        ports = defaultdict[str, list[WantedPort]](list)
        for port in filter(has_tap, state.ports):
            # Only what a DHCP server has to know of it.
            ports[port.network_id].append(
                replace(port, status="", groups=(), allowed_pairs=())
            )
        wanted = {
            network.id: (
                replace(network, peers=(), remote=()),
                tuple(ports[network.id]),
            )
            for network in state.networks
            if network.dhcp_port_id and tables.served(network)
        }
        return self._upkeep.converge(wanted, full)

    # --- Upkeep's Keeper -----------------------------------------------------

    def present(self) -> set[str]:
        """Networks whose servers were made here, now or by a netd before."""
        if not self._directory.is_dir():
            return set()
        return {path.name for path in self._directory.iterdir()}

    def is_alive(self, network_id: str) -> bool:
        """Whether a network's dnsmasq runs."""
        return self._dnsmasq(network_id).is_running()

    def bring_about(self, served: Served) -> None:
        """Serve one network."""
        network, ports = served
        dnsmasq = self._dnsmasq(network.id)
        dnsmasq.prepare()
        leg = self._leg(network)
        furnish(
            self._hosting.namespaces,
            f"{PREFIX}{network.id}",
            Interior(
                legs=[leg],
                routes=_routes(network, leg.name),
                local=[f"{tables.METADATA_IP}/32"],
                sysctls=_SYSCTLS,
            ),
        )
        hosts = tables.hosts(network, ports)
        self._end_leases(network, leg.name, hosts)
        dnsmasq.converge(
            tables.configuration(
                network,
                leg.name,
                self._directory / network.id,
                self._settings,
            ),
            {
                "hosts": hosts,
                "options": tables.options(network),
                "names": tables.names(network, ports, self._settings),
            },
        )

    def remove(self, network_id: str) -> None:
        """Serve a network no more; what was made last is removed first."""
        dnsmasq = self._dnsmasq(network_id)
        dnsmasq.stop()
        dismantle(self._hosting.namespaces, f"{PREFIX}{network_id}")
        dnsmasq.remove()

    # --- parts ---------------------------------------------------------------

    def _dnsmasq(self, network_id: str) -> Dnsmasq:
        return Dnsmasq(
            self._hosting.namespaces,
            f"{PREFIX}{network_id}",
            self._directory / network_id,
        )

    def _leg(self, network: WantedNetwork) -> Leg:
        port_id = network.dhcp_port_id or ""
        lengths = {
            subnet.id: ip_network(subnet.cidr).prefixlen
            for subnet in network.subnets
        }
        return Leg(
            name=f"ns-{port_id[:11]}",
            port_id=port_id,
            bridge=self._hosting.bridge_of(network),
            mac=network.dhcp_mac or "",
            mtu=network.mtu,
            addresses=[
                f"{address}/{lengths[subnet_id]}"
                for subnet_id, address in network.dhcp_ips.items()
            ],
        )

    def _end_leases(
        self, network: WantedNetwork, interface: str, hosts: str
    ) -> None:
        """End the leases of ports that are not here any more.

        Of IPv6 ones dnsmasq keeps no mac, so those are ended whose address
        is given to another mac than it was before.
        """
        dnsmasq = self._dnsmasq(network.id)
        held = leases.read(dnsmasq.leases)
        if not held:
            return
        now = _addresses(hosts)
        path = dnsmasq.file("hosts")
        before = _addresses(path.read_text()) if path.exists() else {}
        ended_6 = {
            lease.address
            for lease in held
            if not lease.mac
            and (
                lease.address not in now
                or now[lease.address]
                != before.get(lease.address, now[lease.address])
            )
        }
        ended_4 = [
            lease
            for lease in held
            if lease.mac and now.get(lease.address) != lease.mac
        ]
        if ended_6 or (ended_4 and not dnsmasq.is_running()):
            dnsmasq.stop()
            ended = ended_6 | {lease.address for lease in ended_4}
            leases.forget(dnsmasq.leases, ended)
            return
        servers = [one for one in network.dhcp_ips.values() if ":" not in one]
        for lease in ended_4 if servers else ():
            self._hosting.namespaces.run(
                f"{PREFIX}{network.id}",
                leases.release,
                interface,
                servers[0],
                lease,
            )


def _addresses(hosts: str) -> dict[str, str]:
    """Address -> mac, of the text of a hosts file."""
    return {
        str(ip_address(words[2].strip("[]"))): words[0]
        for words in (line.split(",") for line in hosts.splitlines())
        if len(words) > 2
    }


def _routes(network: WantedNetwork, device: str) -> Sequence[Route]:
    """By the first gateway of each IP version, for names asked elsewhere."""
    routes: dict[str, Route] = {}
    for subnet in tables.served(network):
        if subnet.gateway_ip:
            everywhere = "::/0" if subnet.ip_version == 6 else "0.0.0.0/0"
            routes.setdefault(
                everywhere, Route(everywhere, subnet.gateway_ip, device)
            )
    return list(routes.values())
