# SPDX-License-Identifier: Apache-2.0
"""The os-vif plugin of nova-lite-netd: taps in the bridges of networks.

Loaded by os-vif, whose entry point ``nova_lite`` it is, and called for
netd.switch by nova_lite.network.plug. The taps are there, and have their
rules; all is done over netlink by the thread that calls, in its namespace.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from os_vif import objects
from os_vif.plugin import PluginBase

from nova_lite import exception
from nova_lite.netd.links import Device, Links, host_mac
from nova_lite.network.model import device_name
from nova_lite.network.wanted import WantedNetwork, WantedPort

_NAME = "nova_lite"

objects.register_all()
# Whose tap it was, when its port is gone.
NOBODY = objects.instance_info.InstanceInfo()


class TapPlugin(PluginBase):  # type: ignore[misc]
    """Plugs VIFGeneric: a tap that is not the hypervisor's to set up."""

    def describe(self) -> Any:
        """What it takes."""
        taken = objects.host_info.HostVIFInfo(
            vif_object_name=objects.vif.VIFGeneric.__name__,
            min_version="1.0",
            max_version=objects.vif.VIFGeneric.VERSION,
        )
        return objects.host_info.HostPluginInfo(
            plugin_name=_NAME, vif_info=[taken]
        )

    def plug(self, vif: Any, instance_info: Any) -> None:
        """Put a tap into its bridge. Raises: NetworkError, NetlinkError."""
        with closing(Links()) as links:
            tap = links.get(vif.vif_name)
            bridge = links.get(vif.network.bridge)
            if tap is None or bridge is None:
                raise exception.NetworkError(
                    reason=f"{vif.vif_name} or its bridge went away"
                )
            for change in differences(vif, tap, bridge):
                links.change(tap, **change)

    def unplug(self, vif: Any, instance_info: Any) -> None:
        """Take a tap away; but from a guest that holds it, only its network.

        That guest could never use another device of the name.
        Raises: NetlinkError.
        """
        with closing(Links()) as links:
            tap = links.get(vif.vif_name)
            if tap is None or not tap.ours:
                return
            if tap.used:
                links.take_out(tap)
            else:
                links.remove(tap)


def differences(
    vif: Any, tap: Device, bridge: Device
) -> Iterator[dict[str, Any]]:
    """What is to be changed of a tap until it is plugged, step by step."""
    if tap.mark != vif.id:
        yield {"ifalias": f"nova-lite:{vif.id}"}
    if tap.mtu != vif.network.mtu:
        yield {"mtu": vif.network.mtu}
    if tap.mac != host_mac(vif.address):
        yield {"address": host_mac(vif.address)}
    if tap.bridge != bridge.index:
        yield {"master": bridge.index}
    if tap.up != vif.active:
        yield {"state": "up" if vif.active else "down"}


def vif_of(port: WantedPort, network: WantedNetwork, bridge: str) -> Any:
    """A port in os-vif's terms."""
    return objects.vif.VIFGeneric(
        id=port.id,
        address=port.mac,
        active=port.admin_state_up,
        plugin=_NAME,
        vif_name=device_name(port.id),
        has_traffic_filtering=True,
        network=objects.network.Network(
            id=network.id, bridge=bridge, mtu=network.mtu
        ),
    )


def vif_of_device(device: Device) -> Any:
    """A tap in the same terms, when nobody knows its port any more."""
    return objects.vif.VIFGeneric(plugin=_NAME, vif_name=device.name)


def instance_of(port: WantedPort) -> Any:
    """A port's server; its device_id may be any words of a user's."""
    return objects.instance_info.InstanceInfo(
        name=port.hostname, project_id=port.project_id
    )
