# SPDX-License-Identifier: Apache-2.0
"""Which extra specs a flavor may have, and with which values (2.86).

A table: a pattern of the key and the rule of its value. A key without a
namespace, or of a namespace that nobody here knows, is the operator's own
and passes. Used by the controller of extra specs, in the API process.
Source: the flavor extra specs of the Compute API's configuration guide.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping

from oslo_utils import strutils

from nova_lite import exception

# None when a value is good, else what it has to be.
Rule = Callable[[str], str | None]


def check(key: str, value: str) -> None:
    """Raises: ValidationError for a wrong value, or an unknown key."""
    rule = _rule_of(key)
    if rule is not None:
        wanted = rule(value)
        if wanted is not None:
            raise exception.ValidationError(
                detail=f"Validation failed; extra spec '{key}' must be "
                f"{wanted}, not '{value[:60]}'."
            )
        return
    namespace, colon, _ = key.partition(":")
    if colon and _NAMESPACES.fullmatch(namespace):
        raise exception.ValidationError(
            detail=f"Validation failed; extra spec '{key}' does not appear "
            "to be a valid extra spec."
        )


def _anything(_value: str) -> str | None:
    return None


def _boolean(value: str) -> str | None:
    try:
        strutils.bool_from_string(value, strict=True)
    except ValueError:
        return "true or false"
    return None


def _integer(least: int | None = None, most: int | None = None) -> Rule:
    wanted = "a whole number"
    if least is not None:
        wanted += f" of at least {least}"
    if most is not None:
        wanted += f" and at most {most}"

    def rule(value: str) -> str | None:
        try:
            number = int(value)
        except ValueError:
            return wanted
        low = least is not None and number < least
        high = most is not None and number > most
        return wanted if low or high else None

    return rule


def _one_of(*choices: str) -> Rule:
    def rule(value: str) -> str | None:
        return None if value in choices else f"one of {', '.join(choices)}"

    return rule


def _text(pattern: str, wanted: str) -> Rule:
    compiled = re.compile(pattern)

    def rule(value: str) -> str | None:
        return None if compiled.fullmatch(value) else wanted

    return rule


_COUNT = _integer(1)
_AMOUNT = _integer(0)
# One part at a time, so that no text makes the pattern run for ages.
_CPUS = _text(r"\^?\d+(-\d+)?(,\^?\d+(-\d+)?)*", "a list of CPUs like 0-3,^2")
_NEED = _one_of("required", "forbidden")

_HW: Mapping[str, Rule] = {
    "boot_menu": _boolean,
    "cpu_cores": _COUNT,
    "cpu_dedicated_mask": _CPUS,
    "cpu_policy": _one_of("dedicated", "shared", "mixed"),
    "cpu_realtime": _boolean,
    "cpu_realtime_mask": _CPUS,
    "cpu_sockets": _COUNT,
    "cpu_thread_policy": _one_of("prefer", "isolate", "require"),
    "cpu_threads": _COUNT,
    "emulator_threads_policy": _one_of("isolate", "share"),
    "ephemeral_encryption": _boolean,
    "ephemeral_encryption_format": _one_of("luks", "plain"),
    "hide_hypervisor_id": _boolean,
    "locked_memory": _boolean,
    "maxphysaddr_bits": _AMOUNT,
    "maxphysaddr_mode": _one_of("passthrough", "emulate"),
    "max_cpu_cores": _COUNT,
    "max_cpu_sockets": _COUNT,
    "max_cpu_threads": _COUNT,
    "mem_encryption": _boolean,
    "mem_page_size": _text(
        r"large|small|any|\d+([kKMGT]i?)?(b|bit|B)?",
        "large, small, any or a size like 2MB",
    ),
    r"numa_cpus\.\d+": _CPUS,
    r"numa_mem\.\d+": _COUNT,
    "numa_nodes": _COUNT,
    "pci_numa_affinity_policy": _one_of(
        "required", "preferred", "legacy", "socket"
    ),
    "pmem": _text(r"[a-zA-Z0-9_]+(,[a-zA-Z0-9_]+)*,?", "a list of labels"),
    "pmu": _boolean,
    "serial_port_count": _AMOUNT,
    "sound_model": _one_of(
        "sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"
    ),
    "tpm_model": _one_of("tpm-tis", "tpm-crb"),
    "tpm_secret_security": _one_of("user", "host", "deployment"),
    "tpm_version": _one_of("1.2", "2.0"),
    "usb_model": _one_of("ich9-ehci1", "nec-xhci", "qemu-xhci"),
    "viommu_model": _one_of("auto", "intel", "smmuv3", "virtio"),
    "virtio_packed_ring": _boolean,
    "vif_multiqueue_enabled": _boolean,
    "redirected_usb_ports": _integer(0, 15),
    "watchdog_action": _one_of(
        "none", "pause", "poweroff", "reset", "disabled"
    ),
}

_CLASSES = (
    "VCPU|MEMORY_MB|DISK_GB|PCI_DEVICE|SRIOV_NET_VF|NUMA_SOCKET|NUMA_CORE|"
    "NUMA_THREAD|NUMA_MEMORY_MB|IPV4_ADDRESS|VGPU|VGPU_DISPLAY_HEAD|"
    "NET_BW_EGR_KILOBIT_PER_SEC|NET_BW_IGR_KILOBIT_PER_SEC|PCPU|"
    "MEM_ENCRYPTION_CONTEXT|FPGA|PGPU|NET_PACKET_RATE_KILOPACKET_PER_SEC|"
    "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC|"
    "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC|CUSTOM_[A-Z0-9_]+"
)
# The first words of the standard traits.
_TRAITS = "(COMPUTE|CUSTOM|HW|MISC|OWNER|STORAGE)_[A-Z0-9_]+"
_GROUP = "[a-zA-Z0-9_-]{0,64}"

_HOST_FIGURES = (
    "id|uuid|service_id|host|vcpus|memory_mb|local_gb|vcpus_used|"
    "memory_mb_used|local_gb_used|hypervisor_type|hypervisor_version|"
    "hypervisor_hostname|free_ram_mb|free_disk_gb|current_workload|"
    "running_vms|disk_available_least|host_ip|mapped|cpu_allocation_ratio|"
    "ram_allocation_ratio|disk_allocation_ratio|total_usable_ram_mb|"
    "total_usable_disk_gb|disk_mb_used|free_disk_mb|vcpus_total|"
    "num_instances|num_io_ops|failed_builds|aggregates|cell_uuid|updated"
)
_HOST_DOCUMENTS = (
    "cpu_info|metrics|stats|numa_topology|supported_hv_specs|"
    "pci_device_pools|nodename|pci_stats|supported_instances|limits|"
    "instances"
)


def _quota() -> Iterator[tuple[str, Rule]]:
    for resource in ("cpu", "memory", "disk_io", "vif"):
        for what in ("limit", "reservation", "shares_share"):
            yield f"quota:{resource}_{what}", _integer()
        yield f"quota:{resource}_shares_level", _anything
    yield "quota:cpu_(shares|period|quota)", _AMOUNT
    yield "quota:disk_(read|write|total)_(bytes|iops)_sec", _AMOUNT
    yield "quota:vif_(inbound|outbound)_(average|peak|burst)", _AMOUNT


_PATTERNS: tuple[tuple[str, Rule], ...] = (
    *((f"hw:{name}", rule) for name, rule in _HW.items()),
    *_quota(),
    ("hw_rng:allowed", _boolean),
    ("hw_rng:(rate_bytes|rate_period)", _AMOUNT),
    ("hw_video:ram_max_mb", _AMOUNT),
    ("os:secure_boot", _one_of("disabled", "required")),
    ("accel:device_profile", _anything),
    (
        "pci_passthrough:alias",
        _text(
            r"[^:,]+:\d+(\s*,\s*[^:,]+:\d+)*",
            "a list of alias:number, separated by commas",
        ),
    ),
    (f"resources{_GROUP}:({_CLASSES})", _integer()),
    (f"trait{_GROUP}:{_TRAITS}", _NEED),
    ("aggregate_instance_extra_specs:.+", _anything),
    (f"capabilities:({_HOST_FIGURES})", _anything),
    (rf"capabilities:({_HOST_DOCUMENTS})(:\w+)*", _anything),
    ("vmware:(hw_version|storage_policy)", _anything),
    ("hide_hypervisor_id", _boolean),
    ("group_policy", _one_of("isolate", "none")),
)
_RULES = tuple((re.compile(key), rule) for key, rule in _PATTERNS)
_NAMESPACES = re.compile(
    "hw|hw_rng|hw_video|quota|os|accel|pci_passthrough|capabilities|vmware|"
    f"aggregate_instance_extra_specs|(resources|trait){_GROUP}"
)


@functools.lru_cache(256)
def _rule_of(key: str) -> Rule | None:
    return next(
        (rule for pattern, rule in _RULES if pattern.fullmatch(key)), None
    )
