# SPDX-License-Identifier: Apache-2.0
"""A server's row as the plain values that a driver takes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from nova_lite import sealed
from nova_lite.network import model
from nova_lite.objects.instance import Instance
from nova_lite.virt.driver import GuestSpec, ImageSpec


def guest_spec(instance: Instance) -> GuestSpec:
    """What the driver is to run. Raises: SecretsUnreadable."""
    secrets = sealed.unseal(instance.sealed) if instance.sealed else {}
    flavor = instance.flavor
    return GuestSpec(
        uuid=instance.uuid,
        name=instance.name,
        display_name=instance.display_name,
        hostname=instance.hostname,
        project_id=instance.project_id,
        user_id=instance.user_id,
        vcpus=instance.vcpus,
        memory_mb=instance.memory_mb,
        root_gb=instance.root_gb,
        ephemeral_gb=instance.ephemeral_gb,
        swap_mb=flavor.get("swap_mb", 0),
        flavor_name=flavor["name"],
        flavor_extra_specs=flavor.get("extra_specs", {}),
        image=image_spec({**instance.image_meta, "id": instance.image_ref}),
        metadata=instance.instance_metadata,
        user_data=instance.user_data,
        key_name=instance.key_name,
        public_key=instance.key_data,
        config_drive=instance.config_drive,
        admin_password=secrets.get("admin_pass"),
        files=_files(secrets),
        number=instance.id,
        launch_index=instance.launch_index,
        reservation_id=instance.reservation_id,
        availability_zone=instance.availability_zone,
        vifs=model.load(instance.network_info),
    )


def _files(secrets: Mapping[str, Any]) -> tuple[tuple[str, bytes], ...]:
    return tuple(
        (path, base64.b64decode(contents))
        for path, contents in secrets.get("files", ())
    )


def image_spec(image: Mapping[str, Any]) -> ImageSpec:
    """An image as it is kept with a server."""
    return ImageSpec(
        id=image.get("id") or "",
        name=image.get("name") or "",
        disk_format=image.get("disk_format") or "raw",
        container_format=image.get("container_format") or "bare",
        size_bytes=image.get("size_bytes") or 0,
        checksum=image.get("checksum"),
        min_disk_gb=image.get("min_disk_gb") or 0,
        min_ram_mb=image.get("min_ram_mb") or 0,
        properties=image.get("properties", {}),
    )


def shutdown_timeout_s(instance: Instance, default_s: int) -> int:
    """Seconds that the guest has to shut down by itself."""
    text = instance.image_meta.get("properties", {}).get(
        "os_shutdown_timeout", ""
    )
    return min(int(text), 3600) if str(text).isdecimal() else default_s
