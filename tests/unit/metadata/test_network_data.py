# SPDX-License-Identifier: Apache-2.0
"""network_data.json and the other documents' parts about interfaces."""

from __future__ import annotations

import dataclasses
import json

import pytest

from nova_lite.metadata import network
from nova_lite.network.model import (
    VIF,
    FixedIP,
    Network,
    Place,
    Route,
    Subnet,
    placed,
)
from nova_lite.virt.configdrive import ConfigDrives
from tests.fixtures.hypervisor import make_spec, virt_options

__all__ = ["virt_options"]

PORT = "0f3eb5f0-0000-4000-8000-000000000001"
V4 = Subnet(
    id="s4",
    cidr="198.51.100.0/24",
    version=4,
    gateway="198.51.100.1",
    dns=("198.51.100.2", "198.51.100.3"),
    routes=(Route("203.0.113.0/25", "198.51.100.9"),),
    enable_dhcp=False,
)
V6 = Subnet(
    id="s6",
    cidr="fd00:1::/64",
    version=6,
    gateway="fd00:1::1",
    dns=("fd00:1::2", "198.51.100.2"),
    ipv6_address_mode="slaac",
)
NET = Network(id="n1", label="net", mtu=1450, subnets=(V4, V6))
NIC = VIF(
    id=PORT,
    address="fa:16:3e:00:00:01",
    network=NET,
    fixed_ips=(
        FixedIP("fd00:1::5", "s6"),
        FixedIP("198.51.100.5", "s4", ("203.0.113.200",)),
        FixedIP("198.51.100.6", "s4", ("203.0.113.201",)),
    ),
    type="tap",
    devname="tap0f3eb5f0-00",
    tag="trusted",
)
LINK = {
    "id": "tap0f3eb5f0-00",
    "vif_id": PORT,
    "type": "tap",
    "mtu": 1450,
    "ethernet_mac_address": "fa:16:3e:00:00:01",
}
DNS = [
    {"type": "dns", "address": "198.51.100.2"},
    {"type": "dns", "address": "198.51.100.3"},
]
DNS_6 = {"type": "dns", "address": "fd00:1::2"}


def test_static_and_automatic_addresses() -> None:
    assert network.network_data([NIC]) == {
        "links": [LINK],
        "networks": [
            {
                "id": "network0",
                "type": "ipv4",
                "link": "tap0f3eb5f0-00",
                "ip_address": "198.51.100.5",
                "netmask": "255.255.255.0",
                "routes": [
                    {
                        "network": "0.0.0.0",
                        "netmask": "0.0.0.0",
                        "gateway": "198.51.100.1",
                    },
                    {
                        "network": "203.0.113.0",
                        "netmask": "255.255.255.128",
                        "gateway": "198.51.100.9",
                    },
                ],
                "network_id": "n1",
                "services": DNS,
            },
            {
                "id": "network1",
                "type": "ipv6_slaac",
                "link": "tap0f3eb5f0-00",
                "ip_address": "fd00:1::5",
                "netmask": "ffff:ffff:ffff:ffff::",
                "routes": [
                    {"network": "::", "netmask": "::", "gateway": "fd00:1::1"}
                ],
                "network_id": "n1",
                "services": [DNS_6, DNS[0]],
            },
        ],
        "services": [*DNS, DNS_6],
    }


def test_addresses_by_dhcp() -> None:
    subnets = (dataclasses.replace(V4, enable_dhcp=True),)
    by_dhcp = dataclasses.replace(NET, subnets=subnets)
    found = network.network_data([dataclasses.replace(NIC, network=by_dhcp)])
    assert found["networks"] == [
        {
            "id": "network0",
            "type": "ipv4_dhcp",
            "link": "tap0f3eb5f0-00",
            "network_id": "n1",
        }
    ]
    assert found["services"] == DNS


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("ovs", "ovs"), ("bridge", "bridge"), ("other", "phy")],
)
def test_link_without_device_name(kind: str, shown: str) -> None:
    nameless = dataclasses.replace(NIC, type=kind, devname="")
    (link,) = network.network_data([nameless])["links"]
    assert link == {**LINK, "type": shown}


def test_no_interfaces_and_none_with_addresses() -> None:
    assert network.network_data([]) == {}
    bare = dataclasses.replace(
        NIC, network=Network(id="n2", label="l2"), fixed_ips=()
    )
    assert network.network_data([bare]) == {
        "links": [],
        "networks": [],
        "services": [],
    }
    assert network.fixed_ip([bare]) is None
    assert network.floating_ip([bare]) == ""


def test_addresses_of_ec2s_form() -> None:
    assert network.fixed_ip([NIC]) == "198.51.100.5"
    assert network.floating_ip([NIC]) == "203.0.113.200"


def test_config_drive_tells_of_interfaces(virt_options: object) -> None:
    plain = dataclasses.replace(NIC, id="p2", tag=None)
    unknown = dataclasses.replace(NIC, id="p3", tag="new")
    places = {
        PORT: Place("pci", "0000:00:02.0"),
        "p2": Place("pci", "0000:00:03.0"),
    }
    vifs = placed((NIC, plain, unknown), places)
    assert VIF.from_dict(vifs[0].to_dict()) == vifs[0]
    files = ConfigDrives().files(
        make_spec(vifs=vifs, security_groups=["web", "db"])
    )

    def document(path: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(files[path])
        return found

    known = document("openstack/latest/network_data.json")
    assert known == network.network_data([NIC, plain, unknown])
    assert document("openstack/2016-06-30/meta_data.json")["devices"] == [
        {
            "type": "nic",
            "mac": NIC.address,
            "tags": ["trusted"],
            "bus": "pci",
            "address": "0000:00:02.0",
        },
        {
            "type": "nic",
            "mac": NIC.address,
            "tags": ["new"],
            "bus": "none",
            "address": "none",
        },
    ]
    ec2 = document("ec2/latest/meta-data.json")
    assert ec2["local-ipv4"] == "198.51.100.5"
    assert ec2["security-groups"] == ["web", "db"]
    assert ec2["public-ipv4"] == "203.0.113.200"
