# SPDX-License-Identifier: Apache-2.0
"""libvirt's numbers of a domain, as both forms of diagnostics show them."""

from __future__ import annotations

from nova_lite.compute import power_state
from nova_lite.virt import diagnostics
from nova_lite.virt.libvirt import stats
from nova_lite.virt.libvirt.xml import interface

# As libvirt 9 told them of a guest; one CPU is not plugged in.
STATS = {
    "state.state": 1,
    "balloon.current": 32768,
    "balloon.maximum": 65536,
    "balloon.last-update": 0,
    "balloon.rss": 45656,
    "vcpu.current": 2,
    "vcpu.maximum": 3,
    "vcpu.0.state": 1,
    "vcpu.0.time": 130000000,
    "vcpu.1.state": 1,
    "vcpu.1.time": 5,
    "net.count": 1,
    "net.0.name": "tap0",
    "net.0.rx.bytes": 1,
    "net.0.rx.pkts": 2,
    "net.0.rx.errs": 3,
    "net.0.rx.drop": 4,
    "net.0.tx.bytes": 5,
    "net.0.tx.pkts": 6,
    "net.0.tx.errs": 7,
    "net.0.tx.drop": 8,
    "block.count": 1,
    "block.0.name": "vda",
    "block.0.rd.reqs": 11,
    "block.0.rd.bytes": 512,
    "block.0.wr.reqs": 12,
    "block.0.wr.bytes": 1024,
}
XML = """<domain><devices>
<interface type='ethernet'>
  <mac address='52:54:00:00:00:01'/><target dev='tap0'/>
</interface>
<interface type='network'><mac address='52:54:00:00:00:02'/></interface>
</devices></domain>"""


def test_free_form() -> None:
    assert stats.free_form(STATS) == {
        "cpu0_time": 130000000,
        "cpu1_time": 5,
        "vda_read_req": 11,
        "vda_read": 512,
        "vda_write_req": 12,
        "vda_write": 1024,
        "vda_errors": -1,
        "memory": 65536,
        "memory-actual": 32768,
        "memory-last-update": 0,
        "memory-rss": 45656,
        "tap0_rx": 1,
        "tap0_rx_packets": 2,
        "tap0_rx_errors": 3,
        "tap0_rx_drop": 4,
        "tap0_tx": 5,
        "tap0_tx_packets": 6,
        "tap0_tx_errors": 7,
        "tap0_tx_drop": 8,
    }


def test_form_of_all_drivers() -> None:
    found = stats.standard(
        STATS, interface.mac_addresses(XML), "kvm", power_state.RUNNING
    )

    assert found == diagnostics.Diagnostics(
        state="running",
        driver="libvirt",
        hypervisor="kvm",
        hypervisor_os="linux",
        memory_details=diagnostics.Memory(maximum=64, used=32),
        cpu_details=[
            diagnostics.Cpu(id=0, time=130000000),
            diagnostics.Cpu(id=1, time=5),
        ],
        disk_details=[
            diagnostics.Disk(
                read_bytes=512,
                read_requests=11,
                write_bytes=1024,
                write_requests=12,
            )
        ],
        nic_details=[
            diagnostics.Nic(
                mac_address="52:54:00:00:00:01",
                rx_octets=1,
                rx_packets=2,
                rx_errors=3,
                rx_drop=4,
                tx_octets=5,
                tx_packets=6,
                tx_errors=7,
                tx_drop=8,
            )
        ],
    )


def test_a_guest_of_which_nothing_is_told() -> None:
    found = stats.standard({}, {}, "qemu", power_state.RUNNING)

    assert found.memory_details == diagnostics.Memory()
    assert (found.cpu_details, found.disk_details) == ([], [])
    assert stats.free_form({}) == {"memory": None}
