# SPDX-License-Identifier: Apache-2.0
"""What dnsmasq reads, made of a network and its ports; nothing is done here.

Names and numbers come from users by way of the database: each is parsed
once more, so that none can be a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address, ip_network
from pathlib import Path

from nova_lite.network.wanted import WantedNetwork, WantedPort, WantedSubnet

METADATA_IP = "169.254.169.254"

STATEFUL = "dhcpv6-stateful"
STATELESS = "dhcpv6-stateless"

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_SHORTEST_PREFIX_6 = 64
# Classless static routes: RFC 3442's number, and Microsoft's older one.
_ROUTE_OPTIONS = ("option:classless-static-route", "249")


@dataclass(frozen=True, slots=True)
class Settings:
    """An administrator's, for all networks.

    ``domain``: of networks without one. ``dns_servers``: asked for names
    that are not of the network; none, and such names are not found.
    """

    lease_s: int = 86400
    domain: str = "openstacklocal"
    dns_servers: Sequence[str] = ()


def served(network: WantedNetwork) -> list[WantedSubnet]:
    """The subnets whose addresses are given out here."""
    return [
        subnet
        for subnet in network.subnets
        if subnet.enable_dhcp and subnet.id in network.dhcp_ips
    ]


def configuration(
    network: WantedNetwork,
    interface: str,
    directory: Path,
    settings: Settings,
) -> str:
    """dnsmasq's own file; ``directory`` is where the other ones are."""
    domain = _domain(network, settings)
    lines = [
        f"interface={interface}",
        "except-interface=lo",
        "bind-dynamic",
        "no-hosts",
        "no-resolv",
        "quiet-dhcp",
        "quiet-dhcp6",
        "dhcp-ignore=tag:!known",
        "dhcp-authoritative",
        f"domain={domain}",
        f"local=/{domain}/",
        f"dhcp-leasefile={directory}/leases",
        f"dhcp-hostsfile={directory}/hosts",
        f"dhcp-optsfile={directory}/options",
        f"addn-hosts={directory}/names",
        f"dhcp-option-force=option:mtu,{network.mtu}",
        "dhcp-lease-max=65536",
        *(f"server={ip_address(one)}" for one in settings.dns_servers),
        *(_range(subnet, settings.lease_s) for subnet in served(network)),
    ]
    return _text(list(filter(None, lines)))


def hosts(network: WantedNetwork, ports: Sequence[WantedPort]) -> str:
    """Which address each mac is given; nobody else is answered."""
    subnets = {subnet.id: subnet for subnet in served(network)}
    lines = []
    for port in ports:
        if not _MAC.fullmatch(port.mac.lower()):
            continue
        start = f"{port.mac.lower()},{_hostname(port)}"
        given, told = [], False
        for subnet_id, address in port.fixed_ips:
            subnet = subnets.get(subnet_id)
            if subnet and _gives_addresses(subnet):
                given.append(f"{start},{_bracketed(address)}")
            told = told or bool(subnet and subnet.address_mode == STATELESS)
        # No address of its own to ask for, but the options.
        lines += given or ([start] if told else [])
    return _text(lines)


def names(
    network: WantedNetwork, ports: Sequence[WantedPort], settings: Settings
) -> str:
    """The names that dnsmasq answers for, in the form of /etc/hosts."""
    domain = _domain(network, settings)
    known = [
        (_hostname(port), address)
        for port in ports
        for _, address in port.fixed_ips
    ]
    known += [
        (name, address)
        for name, address in network.names
        if _LABEL.fullmatch(name)
    ]
    return _text(
        [
            f"{ip_address(address)} {name}.{domain} {name}"
            for name, address in known
        ]
    )


def options(network: WantedNetwork) -> str:
    """What the guests of each subnet are told."""
    lines: list[str] = []
    for subnet in served(network):
        lines += (
            _options_6(subnet)
            if _is_6(subnet)
            else _options_4(subnet, network.dhcp_ips[subnet.id])
        )
    return _text(lines)


def advertisements(
    legs: Sequence[tuple[str, WantedNetwork, Sequence[str]]],
) -> str:
    """A router's own dnsmasq: it tells of IPv6 prefixes, and nothing else.

    ``legs``: (device, network, its addresses there with prefix length).
    Empty where no subnet of them wants advertisements.
    """
    lines = []
    for device, network, addresses in legs:
        here = {ip_address(one.partition("/")[0]) for one in addresses}
        told = [
            subnet
            for subnet in network.subnets
            if subnet.ra_mode
            and not _is_too_wide(subnet)
            and any(one in ip_network(subnet.cidr) for one in here)
        ]
        if told:
            lines.append(f"interface={device}")
            lines.append(f"ra-param={device},mtu:{network.mtu},60,1800")
        for subnet in told:
            lines.append(_advertised(subnet))
            lines += [
                f"dhcp-option=tag:{_tag(subnet)},{one}"
                for one in _dns_options(subnet)
            ]
    if not lines:
        return ""
    start = [
        "port=0",
        "enable-ra",
        "bind-dynamic",
        "no-hosts",
        "no-resolv",
        "quiet-dhcp6",
        "quiet-ra",
        # Addresses are given out by the network's own server.
        "dhcp-ignore=tag:!known",
        "leasefile-ro",
    ]
    return _text([*start, *lines])


# --- subnets -----------------------------------------------------------------


def _range(subnet: WantedSubnet, lease_s: int) -> str:
    network = ip_network(subnet.cidr)
    start = f"dhcp-range=set:{_tag(subnet)},{network.network_address},static"
    if isinstance(network, IPv4Network):
        return f"{start},{network.netmask},{lease_s}s"
    if _gives_addresses(subnet) or subnet.address_mode == STATELESS:
        # dnsmasq takes no shorter prefix than the interface's.
        return f"{start},{network.prefixlen},{lease_s}s"
    return ""


def _advertised(subnet: WantedSubnet) -> str:
    network = ip_network(subnet.cidr)
    modes = {"slaac": "ra-only", STATELESS: "ra-stateless"}
    mode = modes.get(subnet.ra_mode or "", "static")
    return (
        f"dhcp-range=set:{_tag(subnet)},{network.network_address},"
        f"{mode},{network.prefixlen}"
    )


def _options_4(subnet: WantedSubnet, own_ip: str) -> Iterator[str]:
    start = f"tag:{_tag(subnet)}"
    gateway = ip_address(subnet.gateway_ip) if subnet.gateway_ip else None
    yield f"{start},option:router" + (f",{gateway}" if gateway else "")
    # The host's own server answers for the metadata, wherever a router is.
    routes = [(f"{METADATA_IP}/32", own_ip), *subnet.routes]
    if gateway and not any(cidr == "0.0.0.0/0" for cidr, _ in routes):
        routes.append(("0.0.0.0/0", str(gateway)))
    words = ",".join(
        f"{ip_network(cidr)},{ip_address(hop)}" for cidr, hop in routes
    )
    for option in _ROUTE_OPTIONS:
        yield f"{start},{option},{words}"
    for line in _dns_options(subnet):
        yield f"{start},{line}"


def _options_6(subnet: WantedSubnet) -> Iterator[str]:
    for line in _dns_options(subnet):
        yield f"tag:{_tag(subnet)},{line}"


def _dns_options(subnet: WantedSubnet) -> Iterator[str]:
    """None: dnsmasq names itself."""
    servers = ",".join(_bracketed(one) for one in subnet.dns)
    if servers:
        family = "option6" if _is_6(subnet) else "option"
        yield f"{family}:dns-server,{servers}"


def _gives_addresses(subnet: WantedSubnet) -> bool:
    if not _is_6(subnet):
        return True
    if _is_too_wide(subnet):
        return False
    unset = not subnet.address_mode and not subnet.ra_mode
    return subnet.address_mode == STATEFUL or unset


def _is_too_wide(subnet: WantedSubnet) -> bool:
    """Whether dnsmasq, as it is asked to serve it, would not even start.

    So DHCP and advertisements leave it out, as Neutron's do.
    """
    return ip_network(subnet.cidr).prefixlen < _SHORTEST_PREFIX_6


def _is_6(subnet: WantedSubnet) -> bool:
    return subnet.ip_version == 6


def _tag(subnet: WantedSubnet) -> str:
    return f"s{subnet.id.replace('-', '')}"


# --- words -------------------------------------------------------------------


def _domain(network: WantedNetwork, settings: Settings) -> str:
    domain = network.dns_domain.rstrip(".")
    labels = domain.split(".")
    right = all(_LABEL.fullmatch(label) for label in labels)
    return domain if domain and right else settings.domain


def _hostname(port: WantedPort) -> str:
    if _LABEL.fullmatch(port.hostname):
        return port.hostname
    first = next((address for _, address in port.fixed_ips), port.id[:11])
    # A colon at the end would leave a dash there.
    return "host-" + re.sub(r"[.:]+", "-", first).strip("-")


def _bracketed(address: str) -> str:
    parsed = ip_address(address)
    return f"[{parsed}]" if parsed.version == 6 else str(parsed)


def _text(lines: Sequence[str]) -> str:
    """Raises: ValueError rather than have root read what is no line."""
    for line in lines:
        if not line.isprintable():
            raise ValueError(f"{line!r} is no line for dnsmasq")
    return "".join(f"{line}\n" for line in lines)
