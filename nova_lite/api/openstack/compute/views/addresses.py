# SPDX-License-Identifier: Apache-2.0
"""The addresses of servers, from what their rows know of their networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite.compute import vm_states

_TYPE = "OS-EXT-IPS:type"
_MAC = "OS-EXT-IPS-MAC:mac_addr"
_PLAIN = ("version", "addr")

Addresses = dict[str, list[dict[str, Any]]]


def full(row: Mapping[str, Any]) -> Addresses:
    """As a server shows them: by the name of the network; none in BUILD."""
    if row["vm_state"] == vm_states.BUILDING:
        return {}
    return _of(row)


def plain(row: Mapping[str, Any]) -> Addresses:
    """As /servers/{server_id}/ips shows them."""
    return short(_of(row))


def short(addresses: Addresses) -> Addresses:
    """Without their kinds and MAC addresses."""
    return {
        label: [{name: one[name] for name in _PLAIN} for one in shown]
        for label, shown in addresses.items()
    }


def _of(row: Mapping[str, Any]) -> Addresses:
    """The fixed ones of all interfaces on a network, then the floating."""
    by_label: dict[str, tuple[list[Any], list[Any]]] = {}
    for vif in row["network_info"] or ():
        label = vif["network"]["label"]
        fixed, floating = by_label.setdefault(label, ([], []))
        for ip in vif["fixed_ips"]:
            fixed.append(_address(ip["address"], "fixed", vif["address"]))
            floating += [
                _address(address, "floating", vif["address"])
                for address in ip["floating_ips"]
            ]
    return {
        label: fixed + floating
        for label, (fixed, floating) in by_label.items()
    }


def _address(address: str, kind: str, mac: str) -> dict[str, Any]:
    return {
        "version": 6 if ":" in address else 4,
        "addr": address,
        _TYPE: kind,
        _MAC: mac,
    }
