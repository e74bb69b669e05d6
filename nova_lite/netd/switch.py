# SPDX-License-Identifier: Apache-2.0
"""The networks of a host: bridges, tunnels between hosts, guests' taps.

Used by netd.converge, in nova-lite-netd's converging thread. A pass is in
three steps, so that no guest is ever on a network without its rules:
``prepare`` makes devices, the firewall gets its rules, ``connect`` has os-vif
put taps into their bridges. What is right is not touched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any

from oslo_log import log as logging
from pyroute2.netlink.exceptions import NetlinkError

from nova_lite import exception
from nova_lite.netd import vif_plug
from nova_lite.netd.links import EVERYBODY, Device, Links
from nova_lite.network import plug
from nova_lite.network.model import bridge_name, device_name
from nova_lite.network.wanted import HostState, WantedNetwork, WantedPort

LOG = logging.getLogger(__name__)

# Ports of these owners are legs of namespaces, not taps.
_NO_TAP = "network:"


class Switch:
    """Devices of one host."""

    def __init__(
        self,
        links: Links,
        tunnel_ip: str,
        bridges: Mapping[str, str],
        filtered: bool,
    ) -> None:
        """``bridges``: physical network -> bridge that is there.

        ``filtered``: packets have to go through br_netfilter.
        """
        self._links = links
        # In the kernel's own form, to be compared with it.
        self._tunnel_ip = str(ip_address(tunnel_ip))
        self._bridges = bridges
        self._filtered = filtered
        # What was brought about: the next pass does only what is new.
        self._networks: dict[str, WantedNetwork] = {}
        self._ports: dict[str, tuple[Any, ...]] = {}
        self._taps: dict[str, int] = {}
        # Taps that nobody wants, and that a guest holds yet.
        self.held: set[str] = set()
        # Where each tunnel device sends, by its number.
        self._entries: dict[int, set[tuple[str, str]]] = {}
        # All devices, as long as none was made since they were read.
        self._fresh: dict[str, Device] | None = None
        self.failed: set[str] = set()
        plug.load()

    def bridge_of(self, network: WantedNetwork) -> str:
        """Name of a network's bridge. Raises: NetworkError."""
        if network.network_type != "flat":
            return bridge_name(network.id)
        try:
            return self._bridges[network.physical_network or ""]
        except KeyError:
            raise exception.NetworkError(
                reason=f"network {network.id} is on physical network "
                f"{network.physical_network}, of which this host has no "
                "bridge: name it in [netd] bridge_mappings."
            ) from None

    def prepare(self, state: HostState, full: bool) -> dict[str, int]:
        """Make what is missing, take away what nobody wants.

        Returns the taps that are there: port id -> number.
        """
        self.failed = set()
        if full:
            self._networks.clear()
            self._ports.clear()
            self._entries = self._links.forwarding()
        there = self._all() if full else None
        self._fresh = there
        self._remove_taps(state, there)
        for network in state.networks:
            if self._networks.get(network.id) != network:
                self._try(network.id, self._network, network, there)
        taps = {
            port.id: number
            for port in state.ports
            if has_tap(port)
            and (number := self._try(port.id, self._tap, port, state, there))
        }
        self._remove_networks(state, there)
        self._taps = taps
        return taps

    def connect(self, state: HostState, full: bool) -> set[str]:
        """Put the taps into their bridges; returns the ports that are in."""
        there = (self._fresh or self._all()) if full else None
        networks = {one.id: one for one in state.networks}
        wired = set()
        for port in state.ports:
            network = networks.get(port.network_id)
            if port.id not in self._taps or network is None:
                continue
            if network.id in self.failed:
                continue
            wanted = _wiring(port, network)
            if self._ports.get(port.id) == wanted or self._try(
                port.id, self._wire, port, network, there
            ):
                self._ports[port.id] = wanted
                if port.admin_state_up:
                    wired.add(port.id)
        return wired

    def _all(self) -> dict[str, Device]:
        return {one.name: one for one in self._links.all()}

    def _try(self, ident: str, step: Any, *args: Any) -> Any:
        """A step of one network or port; its failure is its own."""
        try:
            return step(*args)
        except (
            exception.NetworkError,
            exception.VirtualInterfacePlugException,
            NetlinkError,
            OSError,
        ) as error:
            LOG.error("%s is not as it should be: %s", ident, error)
            self.failed.add(ident)
            self._networks.pop(ident, None)
            self._ports.pop(ident, None)
            return None

    def _find(
        self, name: str, there: Mapping[str, Device] | None
    ) -> Device | None:
        return self._links.get(name) if there is None else there.get(name)

    # --- networks ---

    def _network(
        self, network: WantedNetwork, there: Mapping[str, Device] | None
    ) -> None:
        name = self.bridge_of(network)
        bridge = self._find(name, there)
        if network.network_type == "flat":
            if bridge is None:
                raise exception.NetworkError(
                    reason=f"the bridge {name} of physical network "
                    f"{network.physical_network} is not there: make it."
                )
        else:
            if bridge is None:
                LOG.info("Making bridge %s", name)
                self._fresh = None
                bridge = self._links.make_bridge(name, network.id, network.mtu)
            self._repair(bridge, network)
            self._tunnel(network, bridge, there)
        if self._filtered and not bridge.filtered:
            self._links.filter_bridge(bridge, True)
        self._networks[network.id] = network

    def _repair(self, device: Device, network: WantedNetwork) -> None:
        """Whatever can be other than it was made."""
        if device.mark != network.id:
            self._links.change(device, ifalias=f"nova-lite:{network.id}")
        if device.mtu != network.mtu:
            self._links.change(device, mtu=network.mtu)
        if not device.up:
            self._links.change(device, state="up")

    def _tunnel(
        self,
        network: WantedNetwork,
        bridge: Device,
        there: Mapping[str, Device] | None,
    ) -> None:
        vni = network.segmentation_id
        if network.network_type != "vxlan" or vni is None:
            raise exception.NetworkError(
                reason=f"networks of type {network.network_type} cannot be "
                "made here."
            )
        name = f"vxlan-{vni}"
        device = self._find(name, there)
        if device is not None and device.vxlan != (vni, self._tunnel_ip):
            self._links.remove(device)
            device = None
        if device is None:
            LOG.info("Making tunnel %s", name)
            self._fresh = None
            device = self._links.make_vxlan(
                name, network.id, network.mtu, vni, self._tunnel_ip
            )
        self._repair(device, network)
        if device.bridge != bridge.index:
            self._links.change(device, master=bridge.index)
        self._forwarding(network, device)

    def _forwarding(self, network: WantedNetwork, device: Device) -> None:
        """Send to where the others are; to nobody else."""
        version = ip_address(self._tunnel_ip).version
        pairs = [(EVERYBODY, peer) for peer in network.peers]
        pairs += [(mac.lower(), host) for mac, host in network.remote]
        wanted = {
            (mac, str(address))
            for mac, host in pairs
            if (address := ip_address(host)).version == version
            and str(address) != self._tunnel_ip
        }
        # Not there until it is done: a pass that fails leaves no belief.
        actual = self._entries.pop(device.index, set())
        moved = {mac for mac, _ in wanted - actual if mac != EVERYBODY}
        for mac, host in sorted(wanted - actual):
            self._links.forward(device, mac, host)
        for mac, host in sorted(actual - wanted):
            if mac not in moved:  # it was replaced
                self._links.stop_forwarding(device, mac, host)
        self._entries[device.index] = wanted

    def _remove_networks(
        self, state: HostState, there: Mapping[str, Device] | None
    ) -> None:
        """Take bridges and tunnels away that are ours and not wanted."""
        wanted = {
            one.id for one in state.networks if one.network_type != "flat"
        }
        names = {bridge_name(one) for one in wanted} | {
            f"vxlan-{one.segmentation_id}"
            for one in state.networks
            if one.id in wanted
        }
        gone = []
        if there is not None:
            gone = [
                one
                for one in there.values()
                if one.ours and one.kind != "tun" and one.name not in names
            ]
        else:
            for ident in self._networks.keys() - {
                one.id for one in state.networks
            }:
                old = self._networks[ident]
                gone += self._ours(bridge_name(ident), names)
                gone += self._ours(f"vxlan-{old.segmentation_id}", names)
        for device in gone:
            LOG.info("Removing %s", device.name)
            self._try(device.name, self._links.remove, device)
        self._networks = {
            one.id: self._networks[one.id]
            for one in state.networks
            if one.id in self._networks
        }

    def _ours(self, name: str, wanted: Collection[str]) -> list[Device]:
        found = None if name in wanted else self._links.get(name)
        return [found] if found is not None and found.ours else []

    # --- taps ---

    def _tap(
        self,
        port: WantedPort,
        state: HostState,
        there: Mapping[str, Device] | None,
    ) -> int:
        if port.id in self._ports and there is None:
            return self._taps[port.id]
        name = device_name(port.id)
        device = self._find(name, there)
        if device is None:
            mtu = next(
                (
                    one.mtu
                    for one in state.networks
                    if one.id == port.network_id
                ),
                1500,
            )
            LOG.info("Making tap %s", name)
            self._fresh = None
            device = self._links.make_tap(name, port.id, port.mac, mtu)
        return device.index

    def _wire(
        self,
        port: WantedPort,
        network: WantedNetwork,
        there: Mapping[str, Device] | None,
    ) -> bool:
        """The tap into its bridge, and up."""
        name = self.bridge_of(network)
        tap = self._find(device_name(port.id), there)
        bridge = self._find(name, there)
        if tap is None or bridge is None:
            raise exception.NetworkError(
                reason=f"{device_name(port.id)} or its bridge went away"
            )
        vif = vif_plug.vif_of(port, network, name)
        if any(vif_plug.differences(vif, tap, bridge)):
            plug.plug(vif, vif_plug.instance_of(port))
        return True

    def _remove_taps(
        self, state: HostState, there: Mapping[str, Device] | None
    ) -> None:
        wanted = {
            device_name(port.id): port.id
            for port in state.ports
            if has_tap(port)
        }
        gone = []
        if there is not None:
            gone = [
                one
                for one in there.values()
                if one.ours and one.kind == "tun" and one.name not in wanted
            ]
        else:
            old = {
                device_name(ident)
                for ident in self._taps.keys() - set(wanted.values())
            }
            for name in old | self.held:
                gone += self._ours(name, wanted)
        self.held = set()
        for device in gone:
            self._try(device.name, self._remove_tap, device)
        kept = set(wanted.values())
        self._ports = {
            ident: what for ident, what in self._ports.items() if ident in kept
        }

    def _remove_tap(self, device: Device) -> None:
        """Unplug it; what a guest holds is only cut off.

        If it was a mistake, the network comes back to the guest; else the tap
        goes with it.
        """
        if device.used:
            self.held.add(device.name)
            if not device.bridge:
                return
            LOG.warning(
                "%s is not wanted here, but a guest has it: it is cut off",
                device.name,
            )
        else:
            LOG.info("Removing %s", device.name)
        plug.unplug(vif_plug.vif_of_device(device), vif_plug.NOBODY)


def has_tap(port: WantedPort) -> bool:
    """Whether a port is a guest's."""
    return not port.device_owner.startswith(_NO_TAP)


def _wiring(port: WantedPort, network: WantedNetwork) -> tuple[Any, ...]:
    """What the wiring of a port depends on."""
    return (
        port.mac,
        port.admin_state_up,
        network.id,
        network.mtu,
        network.network_type,
        network.physical_network,
    )
