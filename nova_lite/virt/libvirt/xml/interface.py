# SPDX-License-Identifier: Apache-2.0
"""<interface>: made for a guest's VIF, and read from a guest that runs.

Source: https://libvirt.org/formatdomain.html#network-interfaces
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from nova_lite import exception
from nova_lite.network.model import VIF, Place, bridge_name, device_name
from nova_lite.virt import driver

VIRTIO = "virtio"
# What QEMU emulates, by the words of the image property hw_vif_model.
MODELS = (
    VIRTIO,
    "e1000",
    "e1000e",
    "igb",
    "lan9118",
    "ne2k_pci",
    "pcnet",
    "rtl8139",
    "spapr-vlan",
    "vmxnet3",
)
TAP, BRIDGE, OVS = "tap", "bridge", "ovs"
# QEMU has no more for a card, whatever the guest's processors.
_MAX_QUEUES = 256
_OVS_BRIDGE = "br-int"
# What libvirt shows for a port: names of its own begin otherwise.
_ALIAS = "ua-"


@dataclass(frozen=True, slots=True)
class Card:
    """What is the same for all cards of a guest.

    ``queues``: 1 is a card without multiqueue.
    """

    model: str = VIRTIO
    queues: int = 1
    virt_type: str = "kvm"


def card(spec: driver.GuestSpec, virt_type: str) -> Card:
    """The card that a guest's image and flavor ask for.

    Raises: ImageUnacceptable for one that QEMU does not have.
    """
    properties = spec.image.properties
    model = properties.get("hw_vif_model") or VIRTIO
    if model not in MODELS:
        raise exception.ImageUnacceptable(
            image_id=spec.image.id,
            reason=f"its hw_vif_model is {model!r}; it must be one of "
            f"{', '.join(MODELS)}",
        )
    wants = spec.flavor_extra_specs.get(
        "hw:vif_multiqueue_enabled",
        properties.get("hw_vif_multiqueue_enabled", ""),
    )
    many = wants.strip().lower() in ("true", "yes", "on", "1", "t", "y")
    queues = spec.vcpus if many and model == VIRTIO else 1
    return Card(model, min(queues, _MAX_QUEUES), virt_type)


def build(vif: VIF, card: Card) -> ET.Element:
    """One card of a guest. Raises: VirtualInterfacePlugException."""
    make = _BUILDERS.get(vif.type)
    if make is None:
        raise exception.VirtualInterfacePlugException(
            port_id=vif.id, reason=_why_not(vif)
        )
    root = make(vif)
    root.insert(0, ET.Element("mac", address=vif.address))
    ET.SubElement(root, "model", type=card.model)
    if card.model == VIRTIO:
        _add_driver(root, card)
    if vif.network.mtu:
        ET.SubElement(root, "mtu", size=str(vif.network.mtu))
    ET.SubElement(root, "alias", name=alias(vif.id))
    return root


def alias(port_id: str) -> str:
    """The name by which libvirt's events speak of a port's card."""
    return f"{_ALIAS}{port_id}"


def find(domain_xml: str, port_id: str) -> str | None:
    """The card of a port as the domain has it, to be given back."""
    wanted = alias(port_id)
    root = ET.fromstring(domain_xml)  # noqa: S314 - libvirt's own document
    for one in root.iterfind("devices/interface"):
        name = one.find("alias")
        if name is not None and name.get("name") == wanted:
            return ET.tostring(one, encoding="unicode")
    return None


def mac_addresses(domain_xml: str) -> dict[str, str]:
    """MAC addresses by the names of the devices on the host."""
    found = {}
    # libvirt's own document: nobody else has written it.
    root = ET.fromstring(domain_xml)  # noqa: S314
    for one in root.iterfind("devices/interface"):
        target, mac = one.find("target"), one.find("mac")
        if target is not None and mac is not None:
            found[target.get("dev", "")] = mac.get("address", "")
    return found


def places(domain_xml: str) -> dict[str, Place]:
    """Where the guest has its cards, by port id.

    Those alone that are on a PCI bus: others have no address for a guest.
    """
    found = {}
    root = ET.fromstring(domain_xml)  # noqa: S314 - libvirt's own document
    for one in root.iterfind("devices/interface"):
        name, address = one.find("alias"), one.find("address[@type='pci']")
        if name is None or address is None:
            continue
        domain, bus, slot, function = (
            int(address.get(part, "0"), 16)
            for part in ("domain", "bus", "slot", "function")
        )
        port_id = name.get("name", "").removeprefix(_ALIAS)
        found[port_id] = Place(
            "pci", f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}"
        )
    return found


def ovs_bridge(vif: VIF) -> str:
    """The Open vSwitch bridge that a port is to be in."""
    return str(
        vif.details.get("bridge_name") or vif.network.bridge or _OVS_BRIDGE
    )


def linux_bridge(vif: VIF) -> str:
    """The Linux bridge that a port is to be in."""
    return str(
        vif.details.get("bridge_name")
        or vif.network.bridge
        or bridge_name(vif.network.id)
    )


def is_hybrid(vif: VIF) -> bool:
    """Whether a Linux bridge is between the guest and Open vSwitch."""
    return bool(vif.details.get("ovs_hybrid_plug"))


def hybrid_bridge(vif: VIF) -> str:
    """Its name, by Neutron's rule."""
    return f"qbr{vif.id[:11]}"


def hybrid_pair(vif: VIF) -> str:
    """The end in Open vSwitch of what leads there from that bridge."""
    return f"qvo{vif.id[:11]}"


def _add_driver(root: ET.Element, card: Card) -> None:
    made = {}
    if card.virt_type == "qemu":
        # libvirt would take vhost, which needs the real processor.
        made["name"] = "qemu"
    if card.queues > 1:
        made.setdefault("name", "vhost")
        made["queues"] = str(card.queues)
    if made:
        ET.SubElement(root, "driver", made)


def _tap(vif: VIF) -> ET.Element:
    """A device that is there already, with its bridge and its rules."""
    root = ET.Element("interface", type="ethernet")
    dev = vif.devname or device_name(vif.id)
    ET.SubElement(root, "target", dev=dev, managed="no")
    return root


def _bridge(vif: VIF) -> ET.Element:
    return _in_bridge(vif, linux_bridge(vif))


def _ovs(vif: VIF) -> ET.Element:
    if is_hybrid(vif):
        return _in_bridge(vif, hybrid_bridge(vif))
    root = _in_bridge(vif, ovs_bridge(vif))
    port = ET.SubElement(root, "virtualport", type="openvswitch")
    ET.SubElement(port, "parameters", interfaceid=vif.id)
    return root


def _in_bridge(vif: VIF, bridge: str) -> ET.Element:
    root = ET.Element("interface", type="bridge")
    ET.SubElement(root, "source", bridge=bridge)
    dev = vif.devname or device_name(vif.id)
    ET.SubElement(root, "target", dev=dev)
    return root


_BUILDERS = {
    TAP: _tap,
    BRIDGE: _bridge,
    OVS: _ovs,
}


def _why_not(vif: VIF) -> str:
    if vif.type == "unbound":
        return (
            "its port is bound to no host; is there a network agent (such "
            "as nova-lite-netd) on this one?"
        )
    if vif.type == "binding_failed":
        return (
            "the network service could not bind its port to this host; its "
            "log and its agent's say why"
        )
    return f"this driver does not know ports of type {vif.type!r}"
