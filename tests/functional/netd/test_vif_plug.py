# SPDX-License-Identifier: Apache-2.0
"""netd's plugin of os-vif, as os-vif loads and calls it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing

import os_vif
import psutil
import pytest

from nova_lite import exception
from nova_lite.netd import vif_plug
from nova_lite.netd.links import host_mac
from nova_lite.network import plug
from nova_lite.network.model import bridge_name, device_name
from nova_lite.network.wanted import WantedNetwork, WantedPort
from tests.fixtures.netlab import LabHost

NETWORK = WantedNetwork(str(uuid.uuid4()), "vxlan", 1450, [])
BRIDGE = bridge_name(NETWORK.id)
PORT = WantedPort(
    id=str(uuid.uuid4()),
    network_id=NETWORK.id,
    mac="fa:16:3e:00:00:0b",
    fixed_ips=[],
    project_id="p",
    device_id="anything",
    device_owner="compute:nova",
)
TAP = device_name(PORT.id)
VIF = vif_plug.vif_of(PORT, NETWORK, BRIDGE)
INSTANCE = vif_plug.instance_of(PORT)


@pytest.fixture
def here() -> Iterator[LabHost]:
    with closing(LabHost(f"nlt-{os.getpid()}-plug")) as made:
        yield made


def test_what_os_vif_says_of_it() -> None:
    plug.load()
    said = {one.plugin_name: one for one in os_vif.host_info().plugin_info}
    (taken,) = said["nova_lite"].vif_info
    assert taken.vif_object_name == "VIFGeneric"
    assert taken.min_version <= VIF.VERSION <= taken.max_version


def test_a_tap_is_plugged_and_unplugged(here: LabHost) -> None:
    before = set(psutil.Process().children())
    here.run(here.links.make_bridge, BRIDGE, NETWORK.id, 1450)
    here.run(here.links.make_tap, TAP, "another", "fa:16:3e:00:00:0c", 1500)
    for _ in range(2):
        here.run(plug.plug, VIF, INSTANCE)
        there = here.devices()
        tap = there[TAP]
        assert tap.bridge == there[BRIDGE].index
        assert (tap.mark, tap.mtu, tap.up) == (PORT.id, 1450, True)
        assert tap.mac == host_mac(PORT.mac)
    for _ in range(2):
        here.run(plug.unplug, VIF, INSTANCE)
        assert set(here.devices()) == {BRIDGE}
    # It is root here already: nobody is started to be it.
    assert set(psutil.Process().children()) <= before


def test_a_tap_of_somebody_else_stays(here: LabHost) -> None:
    here.command("ip", "tuntap", "add", "theirs", "mode", "tap")
    here.command("ip", "link", "set", "theirs", "alias", "not ours")
    vif = vif_plug.vif_of_device(here.devices()["theirs"])
    here.run(plug.unplug, vif, vif_plug.NOBODY)
    assert set(here.devices()) == {"theirs"}


def test_nothing_to_be_plugged(here: LabHost) -> None:
    with pytest.raises(exception.VirtualInterfacePlugException) as caught:
        here.run(plug.plug, VIF, INSTANCE)
    said = caught.value.format_message()
    assert PORT.id in said
    assert f"{TAP} or its bridge went away" in said
