# SPDX-License-Identifier: Apache-2.0
"""A server as its guest is to know it; the source of every document."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Server:
    """What the documents tell.

    ``number`` is the server's row, of which EC2's instance id is made;
    ``hostname`` has its domain, ``short_hostname`` has not; ``files`` are
    (path in the guest, contents); ``block_devices`` are EC2's names (ami,
    root, swap, ephemeral0) to devices; ``security_groups`` None: nobody has
    asked for their names; ``password`` is what the guest has reported;
    ``admin_password`` is known to a config drive alone.
    ``vendor_data`` is the operator's own document, ``dynamic_vendor_data``
    what his services say of this server.
    """

    uuid: str
    number: int
    name: str
    hostname: str
    project_id: str
    flavor_name: str
    short_hostname: str = ""
    launch_index: int = 0
    reservation_id: str | None = None
    availability_zone: str | None = None
    image_id: str = ""
    kernel_id: str | None = None
    ramdisk_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    key_name: str | None = None
    public_key: str | None = None
    user_data: bytes | None = None
    admin_password: str | None = None
    password: str = ""
    files: Sequence[tuple[str, bytes]] = ()
    block_devices: Mapping[str, str] = field(default_factory=dict)
    security_groups: Sequence[str] | None = None
    fixed_ip: str | None = None
    floating_ip: str = ""
    network_data: Mapping[str, Any] = field(default_factory=dict)
    devices: Sequence[Mapping[str, Any]] = ()
    dedicated_cpus: Sequence[int] = ()
    vendor_data: Mapping[str, Any] = field(default_factory=dict)
    dynamic_vendor_data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def user_data_base64(self) -> str | None:
        """User data as the user gave them."""
        if self.user_data is None:
            return None
        return base64.b64encode(self.user_data).decode()

    @property
    def key_type(self) -> str:
        """As the key's own resource has it: ssh or x509."""
        begins = (self.public_key or "").lstrip()
        certificate = begins.startswith("-----BEGIN CERTIFICATE")
        return "x509" if certificate else "ssh"
