# SPDX-License-Identifier: Apache-2.0
"""Arithmetic of subnets: allocation pools, gateways, EUI-64, MAC addresses.

Pure functions over texts, for the embedded network service.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Iterator, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from nova_lite.network import errors

Pool = Sequence[str]  # first and last address
_Range = tuple[int, int]

# Of how many free addresses at the begin of the pools one is drawn when they
# are nearly full.
_DRAWN_FROM = 64


def network_of(cidr: str) -> IPv4Network | IPv6Network:
    """A subnet's range."""
    return ip_network(cidr)


def default_gateway(cidr: str) -> str:
    """The first address of a subnet that a host can have."""
    return str(ip_network(cidr)[1])


def usable(cidr: str) -> _Range:
    """The first and last address that hosts can have, as numbers."""
    found = ip_network(cidr)
    first, last = int(found.network_address), int(found.broadcast_address)
    if found.version == 4:
        return (first, last) if found.prefixlen > 30 else (first + 1, last - 1)
    return (first, last) if found.prefixlen > 126 else (first + 1, last)


def is_usable(cidr: str, address: str) -> bool:
    """Whether a host can have the address in the subnet."""
    if ip_address(address) not in ip_network(cidr):
        return False
    first, last = usable(cidr)
    return first <= int(ip_address(address)) <= last


def default_pools(cidr: str, gateway: str | None) -> list[list[str]]:
    """All that hosts can have but the gateway."""
    first, last = usable(cidr)
    ranges = [(first, last)]
    if gateway is not None and is_usable(cidr, gateway):
        taken = int(ip_address(gateway))
        ranges = [(first, taken - 1), (taken + 1, last)]
    version = ip_network(cidr).version
    return [
        [_text(low, version), _text(high, version)]
        for low, high in ranges
        if low <= high
    ]


def checked_pools(cidr: str, pools: Sequence[Pool]) -> list[list[str]]:
    """Pools in ascending order.

    Raises: InvalidAllocationPool, OutOfBoundsAllocationPool,
    OverlappingAllocationPools.
    """
    first, last = usable(cidr)
    version = ip_network(cidr).version
    found = sorted(
        (
            (_number(low, version), _number(high, version))
            for low, high in pools
        )
    )
    for low, high in found:
        shown = f"{_text(low, version)}-{_text(high, version)}"
        if low > high:
            raise errors.InvalidAllocationPool(pool=shown)
        if low < first or high > last:
            raise errors.OutOfBoundsAllocationPool(pool=shown, cidr=cidr)
    for one, other in itertools.pairwise(found):
        if other[0] <= one[1]:
            raise errors.OverlappingAllocationPools(
                pool_1=f"{_text(one[0], version)}-{_text(one[1], version)}",
                pool_2=f"{_text(other[0], version)}-"
                f"{_text(other[1], version)}",
                cidr=cidr,
            )
    return [[_text(low, version), _text(high, version)] for low, high in found]


def check_gateway(gateway: str, pools: Sequence[Pool]) -> None:
    """Raises: GatewayConflictWithAllocationPools."""
    for low, high in pools:
        inside = int(ip_address(low)) <= int(ip_address(gateway))
        if inside and int(ip_address(gateway)) <= int(ip_address(high)):
            raise errors.GatewayConflictWithAllocationPools(
                ip_address=gateway, pool=f"{low}-{high}"
            )


def size(pools: Sequence[Pool]) -> int:
    """How many addresses the pools have."""
    return sum(high - low + 1 for low, high in _ranges(pools))


def draw(pools: Sequence[Pool], count: int) -> list[str]:
    """Some random addresses of the pools, each once."""
    ranges = list(_ranges(pools))
    total = size(pools)
    if not total:
        return []
    version = ip_address(pools[0][0]).version
    if total <= count:
        places = list(range(total))
        random.shuffle(places)
    else:
        places = list({random.randrange(total) for _ in range(count)})
    return [_text(_at(ranges, place), version) for place in places]


def draw_free(pools: Sequence[Pool], taken: Collection[str]) -> str | None:
    """An address of the pools that is not taken; None when all are."""
    if not pools:
        return None
    version = ip_address(pools[0][0]).version
    numbers = {int(ip_address(one)) for one in taken}
    free: list[int] = []
    for number in _numbers(pools):
        if number not in numbers:
            free.append(number)
            if len(free) == _DRAWN_FROM:
                break
    return _text(random.choice(free), version) if free else None


def eui64(cidr: str, mac: str) -> str:
    """The address that an interface gives itself in a /64 (RFC 4291)."""
    octets = [int(part, 16) for part in mac.split(":")]
    octets[0] ^= 2
    octets[3:3] = [0xFF, 0xFE]
    lower = int.from_bytes(bytes(octets), "big")
    return str(IPv6Address(int(ip_network(cidr).network_address) | lower))


def random_mac(base: str) -> str:
    """A MAC address that begins as ``base`` does."""
    drawn = random.randrange(1 << 24)
    tail = [drawn >> 16, (drawn >> 8) & 0xFF, drawn & 0xFF]
    return ":".join([*base.split(":")[:3], *(f"{one:02x}" for one in tail)])


def _ranges(pools: Sequence[Pool]) -> Iterator[_Range]:
    for low, high in pools:
        yield int(ip_address(low)), int(ip_address(high))


def _numbers(pools: Sequence[Pool]) -> Iterator[int]:
    for low, high in _ranges(pools):
        yield from range(low, high + 1)


def _at(ranges: Sequence[_Range], place: int) -> int:
    for low, high in ranges:
        if place <= high - low:
            return low + place
        place -= high - low + 1
    raise IndexError(place)


def _number(address: str, version: int) -> int:
    found = ip_address(address)
    if found.version != version:
        raise errors.InvalidAllocationPool(pool=address)
    return int(found)


def _text(number: int, version: int) -> str:
    found: IPv4Address | IPv6Address
    found = IPv4Address(number) if version == 4 else IPv6Address(number)
    return str(found)
