# SPDX-License-Identifier: Apache-2.0
"""Checks of what nova-lite-netd needs on a host."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

from nova_lite import exception
from nova_lite.doctor.finding import Finding, fault, ok, warning
from nova_lite.netd import nft, probe

_NAME = "netd"


def check_netd(
    tunnel_ip: str,
    bridges: Mapping[str, str],
    devices: Path = Path("/sys/class/net"),
) -> list[Finding]:
    """What a host needs to have networks."""
    return [
        _firewall(),
        *_others_rules(),
        _tap(),
        _dnsmasq(),
        _tunnel(tunnel_ip),
        *(
            _bridge(physical, bridge, devices)
            for physical, bridge in bridges.items()
        ),
    ]


def _firewall() -> Finding:
    check = "firewall"
    if os.geteuid() != 0:
        return warning(
            check,
            "only root can see what nftables takes here",
            "run nova-lite-status as root",
        )
    try:
        nft.list_table("bridge", _NAME)
        return ok(check, f"connections are tracked by {probe.tracking()}")
    except exception.ConfigurationError as error:
        return fault(check, str(error), "modprobe br_netfilter")
    except OSError as error:
        return fault(check, str(error), "apt-get install libnftables1")
    except nft.NftError as error:
        return fault(check, str(error), "use a kernel with nf_tables")


def _others_rules() -> list[Finding]:
    """Chains of others that drop what they do not know, guests' packets too.

    Bridged packets come by where connections are tracked by br_netfilter.
    """
    if os.geteuid() != 0 or not probe.BR_NETFILTER_SWITCH.exists():
        return []
    try:
        chains = nft.list_chains()
    except (OSError, nft.NftError):
        return []  # said already
    return [
        warning(
            "firewall",
            f"chain {chain['name']} of table {chain['family']} "
            f"{chain['table']} drops what it does not know, guests' packets "
            "among it",
            f"nft insert rule {chain['family']} {chain['table']} "
            f"{chain['name']} iifname 'brq*' accept",
        )
        for chain in chains
        if chain.get("hook") == "forward"
        and chain.get("policy") == "drop"
        and chain["family"] in ("ip", "ip6", "inet")
    ]


def _tap(device: Path = Path("/dev/net/tun")) -> Finding:
    if device.exists():
        return ok("taps", f"{device} is there")
    return fault("taps", f"{device} is not there", "modprobe tun")


def _dnsmasq() -> Finding:
    found = shutil.which("dnsmasq")
    if found:
        return ok("dhcp", f"{found} is there")
    return fault("dhcp", "there is no dnsmasq", "apt-get install dnsmasq-base")


def _tunnel(address: str) -> Finding:
    """Whether the address is this host's, so that tunnels can begin here."""
    check = "tunnels"
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 0))
        except OSError as error:
            return fault(
                check,
                f"{address} is no address of this host ({error.strerror})",
                "set tunnel_ip in [netd], or my_ip",
            )
    if address.startswith("127.") or address == "::1":
        return warning(
            check,
            f"{address} is of this host alone",
            "set tunnel_ip in [netd] if there are other hosts",
        )
    return ok(check, f"they end at {address}")


def _bridge(physical: str, bridge: str, devices: Path) -> Finding:
    check = f"physical network {physical}"
    if (devices / bridge / "bridge").is_dir():
        return ok(check, f"bridge {bridge} is there")
    return fault(
        check,
        f"there is no Linux bridge {bridge}",
        f"ip link add {bridge} type bridge; ip link set {bridge} up; then "
        "put the interface that leads there into it",
    )
