# SPDX-License-Identifier: Apache-2.0
"""The tree of EC2's form: meta-data and user-data of each version.

Source: https://docs.openstack.org/nova/latest/user/metadata.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite.metadata.model import Server

LATEST = "latest"
VERSIONS = (
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
)
SECURITY_GROUPS = "security-groups"
DEFAULT_GROUP = "default"
# What a listing shows for a dict in place of its key.
SHOWN_AS = "_name"

Tree = dict[str, Any]


def tree(server: Server, version: str) -> Tree:
    """``meta-data`` and, where the user gave some, ``user-data``.

    ``version`` is one of VERSIONS, which are in order as texts.
    """
    made: Tree = {"meta-data": meta_data(server, version)}
    if server.user_data is not None:
        made["user-data"] = server.user_data
    return made


def meta_data(server: Server, version: str) -> Tree:
    """The meta-data of a version."""
    made: Tree = {
        "ami-id": _number("ami", _of_uuid(server.image_id)),
        "ami-launch-index": server.launch_index,
        # The word that EC2's own emulations have always shown here.
        "ami-manifest-path": "FIXME",
        "instance-id": _number("i", server.number),
        "hostname": server.hostname,
        "local-ipv4": server.fixed_ip,
        "reservation-id": server.reservation_id,
        SECURITY_GROUPS: _groups(server),
    }
    if server.key_name:
        made["public-keys"] = {
            "0": {
                SHOWN_AS: f"0={server.key_name}",
                "openssh-key": server.public_key,
            }
        }
    if version >= "2007-01-19":
        made["local-hostname"] = server.hostname
        made["public-hostname"] = server.hostname
        made["public-ipv4"] = server.floating_ip
    if version >= "2007-08-29":
        made["instance-type"] = server.flavor_name
    if version >= "2007-12-15":
        made["block-device-mapping"] = dict(server.block_devices)
        if server.kernel_id:
            made["kernel-id"] = _number("aki", _of_uuid(server.kernel_id))
        if server.ramdisk_id:
            made["ramdisk-id"] = _number("ari", _of_uuid(server.ramdisk_id))
    if version >= "2008-02-01":
        made["placement"] = {"availability-zone": server.availability_zone}
    if version >= "2008-09-01":
        made["instance-action"] = "none"
    return made


def _groups(server: Server) -> list[str]:
    groups = server.security_groups
    return [DEFAULT_GROUP] if groups is None else list(groups)


def block_devices(ephemeral_gb: int, swap_mb: int) -> dict[str, str]:
    """Names of the disks, in the order in which the guest has them."""
    devices = {"ami": "vda", "root": "/dev/vda"}
    letters = iter("bc")
    if ephemeral_gb:
        devices["ephemeral0"] = f"/dev/vd{next(letters)}"
    if swap_mb:
        devices["swap"] = f"/dev/vd{next(letters)}"
    return devices


def resolve(version: str) -> str | None:
    """A version as one of VERSIONS; None for one that is not known."""
    if version == LATEST:
        return VERSIONS[-1]
    return version if version in VERSIONS else None


def printed(value: Any) -> bytes:
    """A leaf as it is, a branch as the list of its names."""
    if isinstance(value, Mapping):
        return "\n".join(
            _listed(key, value[key])
            for key in sorted(value)
            if key != SHOWN_AS
        ).encode()
    if isinstance(value, list):
        return "\n".join(value).encode()
    if isinstance(value, bytes):
        return value
    return b"" if value is None else str(value).encode()


def _listed(key: str, value: Any) -> str:
    if not isinstance(value, Mapping):
        return key
    return str(value.get(SHOWN_AS, f"{key}/"))


def _number(kind: str, number: int) -> str:
    return f"{kind}-{number:08x}"


def _of_uuid(uuid: str) -> int:
    """EC2 numbers images; here the number is the beginning of their uuid."""
    digits = uuid.replace("-", "")[:8]
    try:
        return int(digits, 16)
    except ValueError:
        return 0
