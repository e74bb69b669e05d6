# SPDX-License-Identifier: Apache-2.0
"""What the API may do with servers' disks: rebuild, rescue, image, shelve.

Part of compute.API, in the API process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.compute import (
    begin,
    create,
    injection,
    rebuild,
    server_image,
    shelved,
    transitions,
    unshelving,
    vm_states,
)
from nova_lite.compute.acting import Acting, Row, host_of
from nova_lite.compute.rebuild import RebuildRequest
from nova_lite.compute.server_image import ServerImage
from nova_lite.compute.unshelving import Wishes
from nova_lite.context import RequestContext

CONF = cfg.CONF


class DiskAPI(Acting):
    """Makes root disks of images and images of root disks."""

    def rebuild(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        request: RebuildRequest,
    ) -> None:
        """Give a server a new root disk, of the same image or another.

        Raises: InvalidInput and others of 400, LimitExceeded.
        """
        begin.check(context, row, transitions.REBUILD)
        host_of(row)
        image = self._image(context, request.image_ref)
        values = rebuild.updates(context, row, request, image)
        same = image.id == row["image_ref"]
        self._act(
            context,
            row,
            transitions.REBUILD if same else transitions.REBUILD_WITH_IMAGE,
            arguments={
                "stopped": row["vm_state"] == vm_states.STOPPED,
                "preserve_ephemeral": request.preserve_ephemeral,
                "before": {
                    name: row[name] for name in ("image_ref", "image_meta")
                },
            },
            updates=values,
        )

    def rescue(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        image_ref: str | None,
        password: str,
    ) -> None:
        """Start a server from an image, its own when None is named.

        ``password`` is on the config drive that a rescued server has for
        itself, if it has one at all.

        Raises: UnsupportedRescueImage, InstanceNotRescuable.
        """
        begin.check(context, row, transitions.RESCUE)
        self._act(
            context,
            row,
            transitions.RESCUE,
            arguments={"image": self._rescue_image(context, row, image_ref)},
            updates={"sealed": injection.seal(password, ())}
            if row["config_drive"]
            else None,
        )

    def _rescue_image(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        image_ref: str | None,
    ) -> Row:
        if image_ref is None:
            if not row["image_ref"]:
                raise exception.InstanceNotRescuable(
                    instance_id=row["uuid"],
                    reason="it has no image; name one to start it from.",
                )
            return {**row["image_meta"], "id": row["image_ref"]}
        try:
            image = self._images.get(context, image_ref)
        except exception.ImageNotFound as error:
            raise exception.UnsupportedRescueImage(image=image_ref) from error
        create.check_bootable(image)
        return create.image_meta(image)

    def unrescue(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Start a rescued server from its own disk again."""
        self._act(context, row, transitions.UNRESCUE)

    def snapshot(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        name: str,
        properties: Mapping[str, str],
    ) -> str:
        """Make an image of a server; the image's id.

        Raises: Forbidden and others of the image service.
        """
        image = self._describe(context, row, name, "snapshot", properties)
        self._act(context, row, transitions.SNAPSHOT, image=image)
        return image.id

    def backup(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        name: str,
        backup_type: str,
        rotation: int,
        properties: Mapping[str, str],
    ) -> str:
        """Make an image of a server and keep ``rotation`` of its kind.

        Raises: InvalidInput for a server without an image; Forbidden and
        others of the image service.
        """
        if not row["image_ref"]:
            raise exception.InvalidInput(
                reason="Backup is not supported for volume-backed instances."
            )
        image = self._describe(
            context,
            row,
            name,
            "backup",
            {"backup_type": backup_type, **properties},
        )
        arguments = {"backup_type": backup_type, "rotation": rotation}
        self._act(context, row, transitions.BACKUP, arguments, image=image)
        return image.id

    def shelve(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Make an image of a server and take its guest away.

        Raises: Forbidden and others of the image service.
        """
        name = f"{row['display_name']}-shelved"
        image = self._describe(context, row, name, "snapshot", {})
        marks = row["system_metadata"]
        self._act(
            context,
            row,
            transitions.SHELVE,
            {"former_image_id": shelved.image_id(marks)},
            {"system_metadata": {**marks, shelved.IMAGE_ID: image.id}},
            image=image,
        )

    def shelve_offload(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Take a shelved server off its host."""
        self._act(context, row, transitions.SHELVE_OFFLOAD)

    def unshelve(
        self, context: RequestContext, row: Mapping[str, Any], wishes: Wishes
    ) -> None:
        """Make a guest of a shelved server again.

        Raises: UnshelveInstanceInvalidState, UnshelveHostNotInAZ,
        InvalidInput.
        """
        wanted = transitions.UNSHELVE
        begin.check(context, row, wanted)
        spec = unshelving.request_spec(row, wishes)
        arguments = {"host": wishes.host} if wishes.host else None
        self._act(context, row, wanted, arguments, {"request_spec": spec})

    def _describe(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        name: str,
        image_type: str,
        properties: Mapping[str, str],
    ) -> ServerImage:
        return server_image.describe(
            context,
            row,
            name,
            image_type,
            CONF.non_inheritable_image_properties,
            properties,
        )
