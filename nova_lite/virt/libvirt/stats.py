# SPDX-License-Identifier: Apache-2.0
"""Diagnostics of a guest, made of libvirt's own statistics of a domain.

The input is what virConnectGetAllDomainStats gives: numbers by names such as
``vcpu.0.time`` or ``block.1.rd.bytes``; sizes of memory are KiB.

Source: libvirt, virConnectGetAllDomainStats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nova_lite.compute import power_state
from nova_lite.virt import diagnostics

Stats = Mapping[str, Any]

_UNKNOWN_ERRORS = -1
_BALLOON = "balloon."
# libvirt's older name of the balloon's size, which the free form shows.
_RENAMED = {"current": "actual"}
_NIC = {
    "bytes": "",
    "pkts": "_packets",
    "errs": "_errors",
    "drop": "_drop",
}


def free_form(stats: Stats) -> dict[str, Any]:
    """The names and numbers shown before 2.48."""
    shown: dict[str, Any] = {}
    for number in _numbers(stats, "vcpu", "maximum"):
        time = stats.get(f"vcpu.{number}.time")
        if time is not None:
            shown[f"cpu{number}_time"] = time
    for prefix in _each(stats, "block"):
        name = stats[f"{prefix}.name"]
        shown[f"{name}_read_req"] = stats.get(f"{prefix}.rd.reqs")
        shown[f"{name}_read"] = stats.get(f"{prefix}.rd.bytes")
        shown[f"{name}_write_req"] = stats.get(f"{prefix}.wr.reqs")
        shown[f"{name}_write"] = stats.get(f"{prefix}.wr.bytes")
        shown[f"{name}_errors"] = stats.get(
            f"{prefix}.errors", _UNKNOWN_ERRORS
        )
    shown["memory"] = stats.get("balloon.maximum")
    for key, value in stats.items():
        if key.startswith(_BALLOON) and key != "balloon.maximum":
            name = key.removeprefix(_BALLOON)
            shown[f"memory-{_RENAMED.get(name, name)}"] = value
    for prefix in _each(stats, "net"):
        name = stats[f"{prefix}.name"]
        for way in ("rx", "tx"):
            for counter, suffix in _NIC.items():
                shown[f"{name}_{way}{suffix}"] = stats.get(
                    f"{prefix}.{way}.{counter}"
                )
    return shown


def standard(
    stats: Stats, macs: Mapping[str, str], virt_type: str, state: int
) -> diagnostics.Diagnostics:
    """The form since 2.48; ``macs`` by the names of the host's devices."""
    return diagnostics.Diagnostics(
        state=power_state.NAMES[state],
        driver="libvirt",
        hypervisor=virt_type,
        hypervisor_os="linux",
        memory_details=diagnostics.Memory(
            maximum=_mib(stats.get("balloon.maximum")),
            used=_mib(stats.get("balloon.current")),
        ),
        cpu_details=[
            diagnostics.Cpu(id=number, time=stats.get(f"vcpu.{number}.time"))
            for number in _numbers(stats, "vcpu", "maximum")
            if f"vcpu.{number}.state" in stats
        ],
        disk_details=[
            _disk(stats, prefix) for prefix in _each(stats, "block")
        ],
        nic_details=[
            _nic(stats, prefix, macs) for prefix in _each(stats, "net")
        ],
    )


def _disk(stats: Stats, prefix: str) -> diagnostics.Disk:
    return diagnostics.Disk(
        read_bytes=stats.get(f"{prefix}.rd.bytes"),
        read_requests=stats.get(f"{prefix}.rd.reqs"),
        write_bytes=stats.get(f"{prefix}.wr.bytes"),
        write_requests=stats.get(f"{prefix}.wr.reqs"),
        errors_count=stats.get(f"{prefix}.errors"),
    )


def _nic(
    stats: Stats, prefix: str, macs: Mapping[str, str]
) -> diagnostics.Nic:
    def counter(name: str) -> int | None:
        return stats.get(f"{prefix}.{name}")

    return diagnostics.Nic(
        mac_address=macs.get(stats[f"{prefix}.name"]),
        rx_octets=counter("rx.bytes"),
        rx_errors=counter("rx.errs"),
        rx_drop=counter("rx.drop"),
        rx_packets=counter("rx.pkts"),
        tx_octets=counter("tx.bytes"),
        tx_errors=counter("tx.errs"),
        tx_drop=counter("tx.drop"),
        tx_packets=counter("tx.pkts"),
    )


def _numbers(stats: Stats, kind: str, total: str) -> range:
    return range(stats.get(f"{kind}.{total}", 0))


def _each(stats: Stats, kind: str) -> Iterator[str]:
    """Prefixes of the devices of a kind: block.0, block.1 ..."""
    for number in _numbers(stats, kind, "count"):
        if f"{kind}.{number}.name" in stats:
            yield f"{kind}.{number}"


def _mib(kib: int | None) -> int | None:
    return None if kib is None else kib // 1024
