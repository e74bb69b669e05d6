# SPDX-License-Identifier: Apache-2.0
"""dnsmasq's leases of ports that are gone: without an end of theirs, nobody
else is given the address before they run out.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from pathlib import Path

# RFC 2131 and 2132: the fixed part of a message, and the options used.
_FIXED = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
_COOKIE = b"\x63\x82\x53\x63"
_REQUEST, _ETHERNET, _RELEASE = 1, 1, 7
_TYPE, _SERVER, _CLIENT, _END = 53, 54, 61, 255
_SERVER_PORT = 67


@dataclass(frozen=True, slots=True)
class Lease:
    """``mac``: of IPv4 ones alone. ``client``: its client id, or empty."""

    address: str
    mac: str | None
    client: bytes = b""


def read(path: Path) -> list[Lease]:
    """All of a lease file of dnsmasq's; none where it is not there yet."""
    if not path.exists():
        return []
    # What is no line is none: power may have been cut in the middle of one.
    text = path.read_text(errors="replace")
    found = (_parsed(line) for line in text.splitlines())
    return [lease for lease in found if lease]


def _parsed(line: str) -> Lease | None:
    # <expiry> <mac, or iaid> <address> <name> <client id>
    words = line.split()
    if len(words) < 5:
        return None  # the server's own id
    try:
        address = str(ip_address(words[2]))
    except ValueError:
        return None
    if ":" in address:
        return Lease(address, None)
    client = b""
    with suppress(ValueError):
        client = bytes.fromhex(words[4].replace(":", ""))
    return Lease(address, words[1].lower(), client)


def forget(path: Path, addresses: Collection[str]) -> None:
    """Take leases out of the file of a dnsmasq that does not run."""
    text = path.read_text(errors="replace")
    kept = [
        line
        for line in text.splitlines(keepends=True)
        if (lease := _parsed(line)) is None or lease.address not in addresses
    ]
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text("".join(kept))
    found = path.stat()
    os.chown(temporary, found.st_uid, found.st_gid)
    temporary.chmod(found.st_mode & 0o777)
    temporary.replace(path)


def release(interface: str, server: str, lease: Lease) -> None:
    """Give an IPv4 lease back in its holder's place.

    Called in the server's namespace; the server hears it as if it came by
    its interface.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(
            socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode()
        )
        sender.sendto(_message(server, lease), (server, _SERVER_PORT))


def _message(server: str, lease: Lease) -> bytes:
    mac = bytes.fromhex((lease.mac or "").replace(":", ""))
    nowhere = bytes(4)
    fixed = _FIXED.pack(
        _REQUEST,
        _ETHERNET,
        len(mac),
        0,
        int.from_bytes(os.urandom(4)),
        0,
        0,
        IPv4Address(lease.address).packed,
        nowhere,
        nowhere,
        nowhere,
        mac,
        b"",
        b"",
        _COOKIE,
    )
    options = bytes([_TYPE, 1, _RELEASE])
    options += bytes([_SERVER, 4]) + IPv4Address(server).packed
    if lease.client:
        options += bytes([_CLIENT, len(lease.client)]) + lease.client
    return fixed + options + bytes([_END])
