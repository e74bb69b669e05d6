# SPDX-License-Identifier: Apache-2.0
"""The image that is made of a server: what it is called and what it says.

Called by compute.API in the API process, for snapshot, backup and shelve.
The id is chosen here and written into the journal before the image is made:
whoever goes on with the action later finds the image by it.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.image.api import ImageAPI

# They speak of one image's own bytes, or of devices.
_NEVER_INHERITED = frozenset(
    {
        "block_device_mapping",
        "cinder_encryption_key_deletion_policy",
        "cinder_encryption_key_id",
        "img_signature",
        "img_signature_certificate_uuid",
        "img_signature_hash_method",
        "img_signature_key_type",
        "mappings",
    }
)
# The image service keeps these names for itself.
_RESERVED = "os_glance"


@dataclass(frozen=True, slots=True)
class ServerImage:
    """An image to be made of a server.

    ``project_id`` is the server's where that is not the asking user's: the
    image is shared with it then.
    """

    id: str
    name: str
    min_disk_gb: int
    min_ram_mb: int
    properties: Mapping[str, str]
    project_id: str | None

    def make(self, context: RequestContext, images: ImageAPI) -> None:
        """Have the service make it, queued, as the user who asks.

        Raises: Forbidden, Invalid, ServiceUnavailable, ImageError.
        """
        images.create(
            context,
            self.name,
            image_id=self.id,
            min_disk_gb=self.min_disk_gb,
            min_ram_mb=self.min_ram_mb,
            visibility="shared" if self.project_id else "private",
            properties=self.properties,
        )
        if self.project_id:
            images.add_member(context, self.id, self.project_id)

    def unmake(self, context: RequestContext, images: ImageAPI) -> None:
        """Delete it, if it is there."""
        with contextlib.suppress(exception.ImageNotFound):
            images.delete(context, self.id)


def describe(
    context: RequestContext,
    row: Mapping[str, Any],
    name: str,
    image_type: str,
    not_inherited: Collection[str] = (),
    properties: Mapping[str, str] | None = None,
) -> ServerImage:
    """The image of a server; ``properties`` go before all others."""
    source = row["image_meta"]
    inherited = {
        key: value
        for key, value in source.get("properties", {}).items()
        if key not in _NEVER_INHERITED
        and key not in not_inherited
        and not key.startswith(_RESERVED)
    }
    own = {
        "image_location": "snapshot",
        "image_state": "available",
        "image_type": image_type,
        "instance_uuid": row["uuid"],
        "owner_id": row["project_id"],
        "user_id": context.user_id or "",
    }
    if row["image_ref"]:
        own["base_image_ref"] = row["image_ref"]
    foreign = row["project_id"] != context.project_id
    return ServerImage(
        id=str(uuid.uuid4()),
        name=name,
        min_disk_gb=max(source.get("min_disk_gb") or 0, row["root_gb"]),
        min_ram_mb=source.get("min_ram_mb") or 0,
        properties={**inherited, **own, **(properties or {})},
        project_id=row["project_id"] if foreign else None,
    )
