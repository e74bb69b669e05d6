# SPDX-License-Identifier: Apache-2.0
"""What nova-lite-netd needs, found and not found."""

from __future__ import annotations

from pathlib import Path

from nova_lite.doctor import networks
from nova_lite.doctor.finding import Finding, Level


def checked(tmp_path: Path, address: str) -> dict[str, Finding]:
    (tmp_path / "br-ex" / "bridge").mkdir(parents=True)
    (tmp_path / "eth0").mkdir()
    bridges = {"public": "br-ex", "raw": "eth0"}
    found = networks.check_netd(address, bridges, tmp_path)
    return {one.check: one for one in found}


def test_bridges_have_to_be_bridges(tmp_path: Path) -> None:
    found = checked(tmp_path, "127.0.0.1")
    assert found["physical network public"].level is Level.OK
    assert found["physical network raw"].level is Level.FAULT
    assert "ip link add eth0" in found["physical network raw"].fix


def test_tunnels_end_at_an_address_of_the_host(tmp_path: Path) -> None:
    found = checked(tmp_path, "198.51.100.1")
    assert found["tunnels"].level is Level.FAULT
    assert "tunnel_ip" in found["tunnels"].fix
    (tmp_path / "other").mkdir()
    found = checked(tmp_path / "other", "127.0.0.1")
    assert found["tunnels"].level is Level.WARNING


def test_this_machine_has_what_the_tests_need(tmp_path: Path) -> None:
    found = checked(tmp_path, "127.0.0.1")
    for check in ("firewall", "taps", "dhcp"):
        assert found[check].level is Level.OK, found[check]
