# SPDX-License-Identifier: Apache-2.0
"""What the libvirt driver does of interfaces on the host, by itself."""

from __future__ import annotations

import time

import pytest
from os_vif import objects

from nova_lite import exception
from nova_lite.virt.libvirt import vif as plugging
from tests.fixtures.hypervisor import make_vif


def test_device_that_nobody_makes() -> None:
    host = plugging.Interfaces("qemu", device_timeout_s=0.2)
    vif = make_vif()
    began = time.monotonic()
    with pytest.raises(exception.VirtualInterfacePlugException) as caught:
        host.wait_for_devices([vif])
    assert time.monotonic() - began < 5
    assert f"nobody has made {vif.devname}" in caught.value.format_message()


def test_devices_that_are_there_or_made_by_the_start() -> None:
    host = plugging.Interfaces("qemu", device_timeout_s=0.2)
    bridged = make_vif(type="bridge", details={"bridge_name": "lo"})
    host.wait_for_devices([make_vif(devname="lo"), bridged])
    host.wait_for_devices([make_vif(type="ovs")])


@pytest.mark.parametrize(
    ("kind", "details", "paused"),
    [
        ("tap", {}, False),
        ("bridge", {}, True),
        ("ovs", {}, True),
        ("ovs", {"ovs_hybrid_plug": True}, False),
    ],
)
def test_whose_start_makes_the_device(
    kind: str, details: dict[str, bool], paused: bool
) -> None:
    vif = make_vif(type=kind, details=details)
    assert plugging.starts_paused([make_vif(), vif]) is paused


@pytest.mark.parametrize("hybrid", [False, True])
def test_port_of_open_vswitch_in_os_vifs_terms(hybrid: bool) -> None:
    vif = make_vif(
        type="ovs",
        details={
            "ovs_hybrid_plug": hybrid,
            "bridge_name": "br-int",
            "datapath_type": "netdev",
            "port_filter": True,
        },
    )
    made = plugging.translated(vif)
    assert made.plugin == "ovs"
    assert made.vif_name == vif.devname
    assert made.has_traffic_filtering
    assert made.port_profile.interface_id == vif.id
    assert made.port_profile.datapath_type == "netdev"
    assert made.network.bridge == "br-int"
    bridge = f"qbr{vif.id[:11]}" if hybrid else "br-int"
    assert made.bridge_name == bridge
    kind = objects.vif.VIFBridge if hybrid else objects.vif.VIFOpenVSwitch
    assert isinstance(made, kind)
