# SPDX-License-Identifier: Apache-2.0
"""The host's side of guests' interfaces.

Called by the libvirt driver. A tap is made and wired by nova-lite-netd and
is only waited for; what goes into Open vSwitch is plugged here, by os-vif.
"""

from __future__ import annotations

import dataclasses
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from os_vif import objects
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.network import plug
from nova_lite.network.model import VIF, device_name
from nova_lite.virt import driver
from nova_lite.virt.libvirt.xml import interface

LOG = logging.getLogger(__name__)

# netd brings what no message has told it within a minute.
_DEVICE_TIMEOUT_S = 90.0
_LOOK_S = 0.1
_IFF_MULTI_QUEUE = 0x0100

objects.register_all()


class Interfaces:
    """Plugs the interfaces of this host's guests."""

    def __init__(
        self, virt_type: str, device_timeout_s: float = _DEVICE_TIMEOUT_S
    ) -> None:
        self._virt_type = virt_type
        self._device_timeout_s = device_timeout_s

    def cards(self, spec: driver.GuestSpec) -> list[ET.Element]:
        """All cards of a guest, for its description.

        Raises: ImageUnacceptable, VirtualInterfacePlugException.
        """
        return [self.card(spec, vif) for vif in spec.vifs]

    def card(self, spec: driver.GuestSpec, vif: VIF) -> ET.Element:
        """One of them; its device is to be there. Raises: as cards."""
        card = interface.card(spec, self._virt_type)
        if vif.type == interface.TAP and not _has_queues(_device(vif)):
            card = dataclasses.replace(card, queues=1)
        return interface.build(vif, card)

    def plug(self, spec: driver.GuestSpec, vifs: Sequence[VIF]) -> None:
        """Do what is this driver's to do before the network is waited for.

        Done already is no error. Raises: VirtualInterfacePlugException.
        """
        for vif in vifs:
            if vif.type == interface.OVS:
                if _may_be_half_plugged(vif):
                    plug.unplug(translated(vif), _instance(spec.uuid))
                plug.plug(
                    translated(vif),
                    _instance(spec.uuid, spec.name, spec.project_id),
                )

    def wait_for_devices(self, vifs: Sequence[VIF]) -> None:
        """Return when what others make is there.

        Raises: VirtualInterfacePlugException.
        """
        deadline = time.monotonic() + self._device_timeout_s
        for vif in vifs:
            name = _needed_device(vif)
            while name and not _exists(name):
                if time.monotonic() > deadline:
                    raise exception.VirtualInterfacePlugException(
                        port_id=vif.id,
                        reason=f"nobody has made {name} within "
                        f"{self._device_timeout_s:.0f} s; does the network "
                        "agent (such as nova-lite-netd) run here?",
                    )
                time.sleep(_LOOK_S)

    def unplug(self, uuid: str, vifs: Sequence[VIF]) -> None:
        """Undo ``plug``; what is gone already is no error."""
        for vif in vifs:
            if vif.type == interface.OVS:
                plug.unplug(translated(vif), _instance(uuid))


def starts_paused(vifs: Sequence[VIF]) -> bool:
    """Whether a device is made by the guest's start alone.

    The network can wire it only then, so the guest is to wait, paused.
    """
    return any(
        vif.type == interface.BRIDGE
        or (vif.type == interface.OVS and not interface.is_hybrid(vif))
        for vif in vifs
    )


def _device(vif: VIF) -> str:
    return vif.devname or device_name(vif.id)


def _needed_device(vif: VIF) -> str:
    if vif.type == interface.TAP:
        return _device(vif)
    return interface.linux_bridge(vif) if vif.type == interface.BRIDGE else ""


def _may_be_half_plugged(vif: VIF) -> bool:
    """Whether an earlier plug may have ended in its middle.

    os-vif would take a pair of devices that is there for all of its work.
    Under a guest that runs it was.
    """
    return (
        interface.is_hybrid(vif)
        and _exists(interface.hybrid_pair(vif))
        and not _exists(_device(vif))
    )


def _exists(name: str) -> bool:
    try:
        socket.if_nametoindex(name)
    except OSError:
        return False
    return True


def _has_queues(name: str) -> bool:
    """Whether a tap takes several queues, which its maker decides."""
    try:
        flags = Path(f"/sys/class/net/{name}/tun_flags").read_text()
    except OSError:
        return False
    return bool(int(flags, 16) & _IFF_MULTI_QUEUE)


def _instance(uuid: str, name: str = "", project_id: str = "") -> Any:
    """A guest in os-vif's terms."""
    return objects.instance_info.InstanceInfo(
        uuid=uuid, name=name or uuid, project_id=project_id
    )


def translated(vif: VIF) -> Any:
    """A VIF in os-vif's terms."""
    common = {
        "id": vif.id,
        "address": vif.address,
        "plugin": "ovs",
        "vif_name": _device(vif),
        "network": objects.network.Network(
            id=vif.network.id,
            bridge=interface.ovs_bridge(vif),
            label=vif.network.label,
            mtu=vif.network.mtu,
        ),
        "port_profile": objects.vif.VIFPortProfileOpenVSwitch(
            interface_id=vif.id,
            datapath_type=vif.details.get("datapath_type") or "",
        ),
        "preserve_on_delete": vif.preserve_on_delete,
        "has_traffic_filtering": bool(vif.details.get("port_filter")),
    }
    if interface.is_hybrid(vif):
        return objects.vif.VIFBridge(
            bridge_name=interface.hybrid_bridge(vif), **common
        )
    return objects.vif.VIFOpenVSwitch(
        bridge_name=interface.ovs_bridge(vif), **common
    )
