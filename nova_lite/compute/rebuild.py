# SPDX-License-Identifier: Apache-2.0
"""What a rebuild changes in a server's row, and what is checked before.

Called by compute.API in the API process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nova_lite import exception, quota
from nova_lite.compute import create, injection
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import keypair as keypairs
from nova_lite.image.api import Image

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RebuildRequest:
    """A validated rebuild.

    ``columns`` of the server to write as they are; ``metadata`` and
    ``auto_disk_config`` None leave what there is, so does a request without
    ``key_name``, while None takes the key away.
    """

    image_ref: str
    columns: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] | None = None
    auto_disk_config: bool | None = None
    preserve_ephemeral: bool = False
    changes_key: bool = False
    key_name: str | None = None
    admin_password: str | None = None
    files: injection.Files = ()


def updates(
    context: RequestContext,
    row: Mapping[str, Any],
    request: RebuildRequest,
    image: Image,
) -> Row:
    """The columns to write.

    Raises: ImageNotActive, FlavorTooSmall, ImageUnacceptable,
    AutoDiskConfigDisabledByImage, InvalidInput, LimitExceeded,
    OnsetFileLimitExceeded.
    """
    size = {name: row[name] for name in ("memory_mb", "root_gb")}
    create.check_image(image, {**row["flavor"], **size})
    auto = create.auto_disk_config(
        image.properties, image.id, request.auto_disk_config
    )
    values = {
        **request.columns,
        "progress": 0,
        "image_ref": image.id,
        "image_meta": create.image_meta(image),
    }
    if request.auto_disk_config is not None:
        values["system_metadata"] = {**row["system_metadata"], **auto}
    if injection.needs_drive(
        row["config_drive"], image.properties, request.files
    ):
        values["config_drive"] = True
        values["sealed"] = injection.seal(
            request.admin_password, request.files
        )
    if request.metadata is not None:
        values["instance_metadata"] = dict(request.metadata)
    return {**values, **_looked_up(row, request)}


@db.transaction
def _looked_up(row: Mapping[str, Any], request: RebuildRequest) -> Row:
    """The key's columns. Raises: InvalidInput, LimitExceeded."""
    with db.reader() as session:
        if request.metadata:
            quota.check(
                session,
                row["project_id"],
                row["user_id"],
                "metadata_items",
                len(request.metadata),
            )
        injection.check_quota(
            session, row["project_id"], row["user_id"], request.files
        )
        if not request.changes_key:
            return {}
        name = request.key_name
        if name is None:
            return {"key_name": None, "key_data": None}
        try:
            # The server's owner's, whoever rebuilds it.
            key = keypairs.get(session, row["user_id"], name)
        except exception.KeypairNotFound as error:
            raise exception.InvalidInput(
                reason=f"Invalid key_name provided: {error.format_message()}"
            ) from error
        return {"key_name": name, "key_data": key["public_key"]}
