# SPDX-License-Identifier: Apache-2.0
"""<vcpu> and <cpu>: how many processors, and of which kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class CpuModel:
    """``mode`` as in [libvirt] cpu_mode; ``flags`` are (policy, name)."""

    mode: str = "none"
    model: str | None = None
    flags: Sequence[tuple[str, str]] = ()


def parse_flags(flags: Sequence[str]) -> list[tuple[str, str]]:
    """Read ``name``, ``+name`` and ``-name`` into (policy, name)."""
    parsed = []
    for flag in flags:
        policy = "disable" if flag.startswith("-") else "require"
        parsed.append((policy, flag.lstrip("+-").strip().lower()))
    return parsed


def build_vcpu(count: int) -> ET.Element:
    """Processors that the guest has from its start."""
    root = ET.Element("vcpu", placement="static")
    root.text = str(count)
    return root


def build_cpu(model: CpuModel, vcpus: int) -> ET.Element:
    """One socket per processor, of the kind that the host was told."""
    root = ET.Element("cpu")
    if model.mode != "none":
        root.set("mode", model.mode)
    if model.mode == "custom":
        root.set("match", "exact")
        ET.SubElement(root, "model").text = model.model
    ET.SubElement(root, "topology", sockets=str(vcpus), cores="1", threads="1")
    if model.mode != "none":
        for policy, name in model.flags:
            ET.SubElement(root, "feature", policy=policy, name=name)
    return root
