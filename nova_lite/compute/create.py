# SPDX-License-Identifier: Apache-2.0
"""From a CreateRequest to rows: what is checked, what is filled in.

Pure functions, called by compute.API in the API process.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import secrets
import string
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any

from oslo_utils import strutils

from nova_lite import exception
from nova_lite.compute import injection, power_state, transitions, vm_states
from nova_lite.compute.request import CreateRequest
from nova_lite.context import RequestContext
from nova_lite.image.api import Image

Row = dict[str, Any]

# The base64 text of user data; upstream's limit.
MAX_USER_DATA = 65535
_NAME_LENGTH = 255
_GIB = 1024**3
FLAVOR_KEPT = (
    "flavorid",
    "name",
    "memory_mb",
    "vcpus",
    "root_gb",
    "ephemeral_gb",
    "swap_mb",
    "rxtx_factor",
    "disabled",
    "is_public",
    "description",
    "extra_specs",
)


def check_user_data(request: CreateRequest) -> None:
    """Raises: InvalidInput."""
    if request.user_data is None:
        return
    if len(request.user_data) > MAX_USER_DATA:
        raise exception.InvalidInput(
            reason=f"user_data is longer than {MAX_USER_DATA} characters of "
            "base64."
        )
    try:
        base64.b64decode(request.user_data, validate=False)
    except (ValueError, binascii.Error) as error:
        raise exception.InvalidInput(
            reason="user_data must be base64."
        ) from error


def auto_disk_config(
    properties: Mapping[str, Any], image_id: str | None, asked: bool | None
) -> Row:
    """Whether the guest's partition is to grow, as system metadata has it.

    Raises: AutoDiskConfigDisabledByImage.
    """
    of_image = str(properties.get("auto_disk_config", "")).strip().lower()
    if asked and of_image == "disabled":
        raise exception.AutoDiskConfigDisabledByImage(image=image_id)
    if asked is None:
        asked = strutils.bool_from_string(of_image)
    return {"auto_disk_config": str(asked)}


def check_bootable(image: Image) -> None:
    """Raises: ImageNotActive, ImageUnacceptable."""
    if image.status != "active":
        raise exception.ImageNotActive(image_id=image.id, status=image.status)
    if image.disk_format not in ("raw", "qcow2"):
        raise exception.ImageUnacceptable(
            image_id=image.id,
            reason=f"its disk format is {image.disk_format}; raw and qcow2 "
            "can be booted.",
        )


def check_image(image: Image, flavor: Mapping[str, Any]) -> None:
    """Raises: ImageNotActive, FlavorTooSmall, ImageUnacceptable."""
    check_bootable(image)
    if image.min_ram_mb > flavor["memory_mb"]:
        raise exception.FlavorTooSmall(
            reason=f"the image needs {image.min_ram_mb} MB of memory, "
            f"flavor {flavor['name']} has {flavor['memory_mb']} MB."
        )
    root_gb = flavor["root_gb"]
    if not root_gb:
        return  # the disk takes the image's own size
    if image.min_disk_gb > root_gb:
        raise exception.FlavorTooSmall(
            reason=f"the image needs a disk of {image.min_disk_gb} GB, "
            f"flavor {flavor['name']} has {root_gb} GB."
        )
    size = max(image.size_bytes or 0, image.virtual_size_bytes or 0)
    if size > root_gb * _GIB:
        raise exception.FlavorTooSmall(
            reason=f"the image is {math.ceil(size / _GIB)} GB large, "
            f"flavor {flavor['name']} has a disk of {root_gb} GB."
        )


def rows(
    context: RequestContext,
    request: CreateRequest,
    flavor: Mapping[str, Any],
    image: Image | None,
    key_data: str | None,
    placement: Mapping[str, Any],
    networked: bool,
    count: int,
) -> list[Row]:
    """The rows of ``count`` servers.

    ``placement``: availability_zone, and what goes into request_spec;
    ``networked``: whether their interfaces are to be allocated.
    """
    reservation_id = "r-" + "".join(
        secrets.choice(string.ascii_lowercase + string.digits)
        for _ in range(8)
    )
    common: Row = {
        "project_id": context.project_id,
        "user_id": context.user_id,
        "reservation_id": reservation_id,
        "display_description": request.description,
        "vm_state": vm_states.BUILDING,
        "task_state": transitions.BUILD.during,
        "power_state": power_state.NOSTATE,
        "availability_zone": placement["availability_zone"],
        "flavor": {name: flavor[name] for name in FLAVOR_KEPT},
        "vcpus": flavor["vcpus"],
        "memory_mb": flavor["memory_mb"],
        "root_gb": flavor["root_gb"],
        "ephemeral_gb": flavor["ephemeral_gb"],
        "image_ref": image.id if image else None,
        "image_meta": image_meta(image) if image else {},
        "instance_metadata": dict(request.metadata),
        "system_metadata": auto_disk_config(
            image.properties if image else {},
            request.image_ref,
            request.auto_disk_config,
        ),
        "request_spec": {
            **placement["request_spec"],
            # What the user pinned; the column takes the host's zone later.
            "availability_zone": placement["availability_zone"],
            "scheduler_hints": dict(request.scheduler_hints),
        },
        "key_name": request.key_name,
        "key_data": key_data,
        "user_data": request.user_data,
        "config_drive": request.config_drive,
        "sealed": injection.seal(request.admin_password, request.files)
        if request.config_drive
        else None,
        "access_ip_v4": request.access_ip_v4,
        "access_ip_v6": request.access_ip_v6,
        "root_device_name": "/dev/vda",
        "network_info": None if networked else [],
    }
    made = []
    for index in range(count):
        one = str(uuid.uuid4())
        suffix = f"-{index + 1}" if count > 1 else ""
        name = request.name + suffix
        if len(name) > _NAME_LENGTH:
            raise exception.InvalidInput(
                reason=f"With its number ({suffix}) the name of a server is "
                f"longer than {_NAME_LENGTH} characters: give a shorter one."
            )
        if request.hostname is None:
            host_name = hostname(name, one)
        else:
            host_name = request.hostname + suffix
        made.append(
            {
                **common,
                "uuid": one,
                "launch_index": index,
                "display_name": name,
                "hostname": host_name,
            }
        )
    return made


def image_meta(image: Image) -> Row:
    """What is kept of the image with the server."""
    return {
        "id": image.id,
        "name": image.name,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
        "size_bytes": image.size_bytes,
        "checksum": image.checksum,
        "min_disk_gb": image.min_disk_gb,
        "min_ram_mb": image.min_ram_mb,
        "properties": dict(image.properties),
    }


def hostname(name: str, instance_uuid: str) -> str:
    """A name as a host name: ASCII letters, digits, hyphens, at most 63."""
    plain = (
        unicodedata.normalize("NFKD", name)
        .encode("ascii", "ignore")
        .decode()
        .lower()
    )
    plain = re.sub(r"[\s_.]+", "-", plain)
    plain = re.sub(r"[^a-z0-9-]", "", plain).strip("-")[:63].rstrip("-")
    return plain or f"server-{instance_uuid}"
