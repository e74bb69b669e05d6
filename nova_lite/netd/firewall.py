# SPDX-License-Identifier: Apache-2.0
"""The firewall of a host's guests, in nftables.

Used by netd.converge, in nova-lite-netd's converging thread. Two tables, in
the namespace where netd runs:

bridge nova-lite: by the tap, which nobody can forge. ``spoof`` drops what a
    guest may not pretend. Where the kernel tracks connections of bridges,
    the security groups are here too (``BRIDGE``).
inet nova-lite: else (``BR_NETFILTER``) the security groups are here, reached
    by bridged packets through br_netfilter. There is no tap to be seen in
    this family, so the bridge's table leaves its number in the packet's
    mark: an even one when it comes from a tap, an odd one when it goes to it.
    What the host itself sends into a flat network is not bridged: there the
    port is found by its address.

Networks may use the same addresses, so each has its own zone of conntrack.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from nova_lite.netd import nft, rules
from nova_lite.netd.table import (
    Chain,
    Hook,
    Map,
    Rule,
    Table,
    changes,
    intervals,
    read,
    rule,
)
from nova_lite.network.model import bridge_name, device_name
from nova_lite.network.wanted import (
    HostState,
    WantedGroup,
    WantedNetwork,
    WantedPort,
)

NAME = "nova-lite"

# How connections of bridged packets are tracked.
BRIDGE = "bridge"
BR_NETFILTER = "br_netfilter"

# Nobody else's marks look like this.
_MARKS = 0x4E4C0000
# Before conntrack; after it, and before anybody's NAT; when forwarding.
_RAW, _EARLY, _FORWARD = -300, -150, 0
# br_netfilter hands packets on at 0, so the mark has to be there before.
_MARKING = -200


class Firewall:
    """Brings the tables about, and remembers what the kernel has."""

    def __init__(
        self, tracking: str, bridges: Mapping[str, str] | None = None
    ) -> None:
        """``bridges``: those of the physical networks."""
        self._tracking = tracking
        self._bridges = bridges or {}
        self._known: dict[str, Table] = {}
        self._chains: dict[str, tuple[Any, dict[str, Chain]]] = {}

    def converge(
        self, state: HostState, taps: Mapping[str, int], full: bool
    ) -> bool:
        """Bring it about for the ports whose taps are there.

        ``taps``: port id -> number of its device. With ``full`` the kernel
        is asked, else it is taken to have what it had. True if anything was
        changed. Raises: NftError.
        """
        wanted = self.tables(state, taps)
        if full:
            self._known.clear()
        commands = []
        for table in wanted:
            actual = self._known.get(table.family)
            if actual is None:
                listed = nft.list_table(table.family, NAME)
                actual = read(table.family, NAME, listed)
            commands += changes(table, actual)
        if commands:
            self._known.clear()
            nft.apply(commands)
        self._known = {table.family: table for table in wanted}
        return bool(commands)

    def tables(self, state: HostState, taps: Mapping[str, int]) -> list[Table]:
        """What the kernel is to have, in the order of reference."""
        ports = [
            port
            for port in state.ports
            if port.port_security and port.id in taps
        ]
        groups = {group.id: group for group in state.groups}
        bridge = Table(
            "bridge",
            NAME,
            {
                "spoof": _base("prerouting", _RAW, _by("iifname", "from")),
                **self._each(ports, "spoof", groups),
            },
            {"from": _jumps("ifname", ports, "spoof", device_of)},
        )
        judging = self._judging(state, ports, groups)
        if self._tracking == BRIDGE:
            return [self._together(bridge, judging, ports, state)]
        return [
            self._marking(bridge, ports, taps),
            self._apart(judging, ports, taps, state),
        ]

    def _judging(
        self,
        state: HostState,
        ports: Sequence[WantedPort],
        groups: Mapping[str, WantedGroup],
    ) -> Table:
        """Chains of ports and groups, and the sets that these name."""
        used = {one for port in ports for one in port.groups}
        chains = {
            **self._each(ports, "to", groups),
            **self._each(ports, "out", groups),
        }
        sets = {}
        for group_id in sorted(used):
            # A group that has gone meanwhile allows nothing.
            group = groups.get(group_id) or WantedGroup(group_id, True, ())
            for direction in ("ingress", "egress"):
                made = rules.group_rules(group, direction)
                chains[rules.chain_of(group_id, direction)] = Chain(made)
            for remote in {one.remote_group_id for one in group.rules}:
                if remote is not None:
                    members = state.members.get(remote, ())
                    for version in (4, 6):
                        name = rules.set_name(remote, version)
                        sets[name] = version, intervals(members, version)
        return Table("inet", NAME, chains, {}, sets)

    def _each(
        self,
        ports: Sequence[WantedPort],
        kind: str,
        groups: Mapping[str, WantedGroup],
    ) -> dict[str, Chain]:
        """A chain of each port; made anew only for one that has changed."""
        made = {}
        for port in ports:
            stateful = [
                groups[one].stateful for one in port.groups if one in groups
            ]
            # What the rules depend on; not, say, the port's status.
            key = (
                port.mac,
                port.fixed_ips,
                port.allowed_pairs,
                port.groups,
                stateful,
            )
            name = f"{kind}-{port.id}"
            known, chains = self._chains.get(port.id, (None, {}))
            if known != key:
                chains = {
                    f"spoof-{port.id}": Chain(rules.spoofing(port)),
                    f"to-{port.id}": Chain(rules.to_guest(port, groups)),
                    f"out-{port.id}": Chain(rules.from_guest(port, groups)),
                }
                self._chains[port.id] = key, chains
            made[name] = chains[name]
        return made

    def forget(self, ports: Collection[str]) -> None:
        """Keep nothing of other ports than these."""
        self._chains = {
            port: kept for port, kept in self._chains.items() if port in ports
        }

    # --- br_netfilter ---

    def _bridge_of(self, network: WantedNetwork) -> str | None:
        """The bridge of a network that the host may be in itself."""
        if network.network_type != "flat":
            return None
        return self._bridges.get(network.physical_network or "")

    def _marking(
        self,
        bridge: Table,
        ports: Sequence[WantedPort],
        taps: Mapping[str, int],
    ) -> Table:
        """The bridge's table, which also says in the mark what tap it is."""
        sources = {device_of(port): _source(taps[port.id]) for port in ports}
        targets = {device_of(port): _target(taps[port.id]) for port in ports}
        spoof = bridge.chains["spoof"]
        chains = {
            **bridge.chains,
            # Not in the chain before: what it accepts leaves it.
            "spoof": spoof,
            "mark-from": _base(
                "prerouting", _RAW + 1, _mark_by("iifname", "sources")
            ),
            "mark-to": _base(
                "forward", _MARKING, _mark_by("oifname", "targets")
            ),
        }
        maps = {
            **bridge.maps,
            "sources": Map("ifname", "mark", sources),
            "targets": Map("ifname", "mark", targets),
        }
        return replace(bridge, chains=chains, maps=maps)

    def _apart(
        self,
        judging: Table,
        ports: Sequence[WantedPort],
        taps: Mapping[str, int],
        state: HostState,
    ) -> Table:
        """The security groups, found by mark."""
        chains = {
            **judging.chains,
            "zone": _base("prerouting", _RAW, _zones("iifname", state)),
            "egress": _base("prerouting", _EARLY, _by("mark", "out")),
            "ingress": _base("forward", _FORWARD, _by("mark", "to")),
            "host": _base(
                "postrouting",
                _FORWARD,
                [*_by_address(4), *_by_address(6)],
            ),
        }
        maps = {
            **_host_jumps(ports, state, self._bridge_of),
            "out": _jumps(
                "mark", ports, "out", lambda port: _source(taps[port.id])
            ),
            "to": _jumps(
                "mark", ports, "to", lambda port: _target(taps[port.id])
            ),
        }
        return replace(judging, chains=chains, maps=maps)

    # --- conntrack of bridges ---

    def _together(
        self,
        bridge: Table,
        judging: Table,
        ports: Sequence[WantedPort],
        state: HostState,
    ) -> Table:
        """All in the bridge's table, found by the tap."""
        chains = {
            **bridge.chains,
            **judging.chains,
            "zone": _base("prerouting", _RAW, _zones("ibrname", state)),
            "egress": _base("prerouting", _EARLY, _by("iifname", "out")),
            "ingress": _base("forward", _FORWARD, _by("oifname", "to")),
            "host": _base("output", _FORWARD, _by("oifname", "to")),
        }
        maps = {
            **bridge.maps,
            "out": _jumps("ifname", ports, "out", device_of),
            "to": _jumps("ifname", ports, "to", device_of),
        }
        return replace(bridge, chains=chains, maps=maps, sets=judging.sets)


def device_of(port: WantedPort) -> str:
    """A port's tap."""
    return device_name(port.id)


def _source(number: int) -> int:
    return _MARKS + 2 * number


def _target(number: int) -> int:
    return _MARKS + 2 * number + 1


def _base(hook: str, priority: int, only: Sequence[Rule]) -> Chain:
    return Chain(only, Hook(hook, priority))


def _by(key: str, name: str) -> list[Rule]:
    """Go where a map says."""
    return [rule({"vmap": {"key": rules.meta(key), "data": f"@{name}"}})]


def _by_address(version: int) -> list[Rule]:
    """Go where a map says for a bridge and an address."""
    header = "ip" if version == 4 else "ip6"
    key = {
        "concat": [rules.meta("oifname"), rules.field(header, "daddr")],
    }
    return [rule({"vmap": {"key": key, "data": f"@host{version}"}})]


def _host_jumps(
    ports: Sequence[WantedPort],
    state: HostState,
    bridge_of: Callable[[WantedNetwork], str | None],
) -> dict[str, Map]:
    """(bridge, address) -> chain, for ports of flat networks."""
    bridges = {one.id: bridge_of(one) for one in state.networks}
    elements: dict[int, dict[tuple[str, str], str]] = {4: {}, 6: {}}
    for port in ports:
        bridge = bridges.get(port.network_id)
        if bridge is None:
            continue
        for address in own_of(port):
            version = 6 if ":" in address else 4
            elements[version][bridge, address] = f"to-{port.id}"
    return {
        f"host{version}": Map(
            ("ifname", f"ipv{version}_addr"), "verdict", elements[version]
        )
        for version in (4, 6)
    }


def own_of(port: WantedPort) -> list[str]:
    """A port's addresses, with what IPv6 makes of its MAC."""
    fixed = [str(ip_address(address)) for _, address in port.fixed_ips]
    return [*fixed, rules.link_local(port.mac.lower())]


def _mark_by(key: str, name: str) -> list[Rule]:
    value = {"map": {"key": rules.meta(key), "data": f"@{name}"}}
    return [rule({"mangle": {"key": rules.meta("mark"), "value": value}})]


def _jumps(key: str, ports: Sequence[WantedPort], kind: str, of: Any) -> Map:
    elements = {of(port): f"{kind}-{port.id}" for port in ports}
    return Map(key, "verdict", elements)


def _zones(key: str, state: HostState) -> list[Rule]:
    """Each network's own conntrack, but for those that the host is in too.

    Of a flat network's bridge the host may itself be a part, and does not
    know of zones.
    """
    taken: set[int] = set()
    pairs = []
    for network in sorted(state.networks, key=lambda one: one.id):
        if network.network_type == "flat":
            continue
        zone = zlib.crc32(network.id.encode()) % 0xFFFF + 1
        while zone in taken:
            zone = zone % 0xFFFF + 1
        taken.add(zone)
        pairs.append([bridge_name(network.id), zone])
    if not pairs:
        return []
    value = {"map": {"key": rules.meta(key), "data": {"set": pairs}}}
    return [rule({"mangle": {"key": {"ct": {"key": "zone"}}, "value": value}})]
