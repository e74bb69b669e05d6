# SPDX-License-Identifier: Apache-2.0
"""Snapshot and backup: an image of what a server's root disk holds now.

The API has made the image's row; here it gets its bytes. Shelve takes its
image with ``take_snapshot``, too.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import task_states, transitions
from nova_lite.compute.operations import specs
from nova_lite.context import get_admin_context
from nova_lite.image.api import Image
from nova_lite.operation import Operation
from nova_lite.virt.driver import DiskFile

LOG = logging.getLogger(__name__)

_UPLOAD_ATTEMPTS = 4
# Until the service has noticed that an upload's sender is gone.
_SAVING_TIMEOUT_S = 60.0
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class States:
    """The task_states while the file is made, and while it is sent."""

    pending: str = task_states.IMAGE_PENDING_UPLOAD
    uploading: str = task_states.IMAGE_UPLOADING


SHELVING = States(
    task_states.SHELVING_IMAGE_PENDING_UPLOAD,
    task_states.SHELVING_IMAGE_UPLOADING,
)


def take_snapshot(
    operation: Operation, image_id: str, states: States = States()
) -> Image:
    """Fill a queued image with the server's root disk; the image then.

    Safe to repeat: an image that has its bytes keeps them. What is left on
    the host is removed. When it fails the image stays: ``discard`` it.
    Raises: Preempted, ImageNotFound, ImageError, VirtError ...
    """
    images = operation.services.images
    image = images.get(get_admin_context(), image_id)
    if image.status == "active":
        return image
    operation.advance(task_state=states.pending)
    try:
        file = operation.driver.snapshot(
            specs.guest_spec(operation.instance), image_id, operation.progress
        )
        operation.point("made")
        operation.advance(task_state=states.uploading)
        return _send(operation, image_id, file)
    finally:
        operation.driver.remove_snapshot(operation.instance_uuid, image_id)


def discard(operation: Operation, image_id: str) -> None:
    """Delete the image of a snapshot that came to nothing."""
    try:
        operation.services.images.delete(get_admin_context(), image_id)
    except exception.ImageNotFound:
        LOG.debug("Image %s is gone already", image_id)


def _send(operation: Operation, image_id: str, file: DiskFile) -> Image:
    """Upload, again when the connection breaks."""
    images = operation.services.images

    def progress(percent: int, what: str) -> None:
        operation.point("sending")
        operation.progress(percent, what)

    for attempt in range(1, _UPLOAD_ATTEMPTS + 1):
        image = _wait_until_settled(operation, image_id)
        if image.status == "active":
            # It had come, only its answer had not.
            return image
        try:
            with open(file.path, "rb") as data:
                return images.upload(
                    get_admin_context(),
                    image_id,
                    data,
                    disk_format=file.format,
                    container_format="bare",
                    progress=progress,
                )
        except (exception.ServiceUnavailable, exception.Conflict) as error:
            if attempt == _UPLOAD_ATTEMPTS:
                raise
            LOG.warning("Upload of image %s broke: %s", image_id, error)
            time.sleep(_LOOK_S * attempt)
    raise AssertionError("unreachable")


def _wait_until_settled(operation: Operation, image_id: str) -> Image:
    """Wait while the service still takes the upload of a dead daemon.

    Raises: ImageError when that does not end, or the image is of no use.
    """
    images = operation.services.images
    deadline = time.monotonic() + _SAVING_TIMEOUT_S
    while True:
        operation.checkpoint()
        image = images.get(get_admin_context(), image_id)
        if image.status in ("queued", "active"):
            return image
        if image.status != "saving" or time.monotonic() > deadline:
            raise exception.ImageError(
                reason=f"image {image_id} is {image.status} and takes no data"
            )
        time.sleep(_LOOK_S)


class Snapshot(Operation):
    """An image of a server, whose vm_state stays as it is."""

    row = transitions.SNAPSHOT
    event = "compute_snapshot_instance"
    first_states = {"task_state": task_states.IMAGE_SNAPSHOT}

    @property
    def image_id(self) -> str:
        """The image that the API has made for it."""
        return str(self.action.arguments["image_id"])

    def acquire(self) -> None:
        self.undo.callback(discard, self, self.image_id)

    def do(self) -> None:
        self._take()

    def _take(self) -> Image:
        image = take_snapshot(self, self.image_id)
        # A whole image is the user's, whatever comes after.
        self.undo.pop_all()
        self.point("uploaded")
        return image


class Backup(Snapshot):
    """A snapshot that takes the place of the oldest of its kind."""

    row = transitions.BACKUP
    event = "compute_backup_instance"
    first_states = {"task_state": task_states.IMAGE_BACKUP}

    def do(self) -> None:
        self._rotate(self._take())

    def _rotate(self, image: Image) -> None:
        """Delete all but the newest; one that cannot be is only logged."""
        arguments = self.action.arguments
        images = self.services.images
        found = images.list(
            get_admin_context(),
            {
                "image_type": "backup",
                "backup_type": arguments["backup_type"],
                "instance_uuid": self.instance_uuid,
                # Anybody may write a server's uuid into an image.
                "owner": image.owner or "",
                "sort": "created_at:desc",
            },
        )
        # Times may be equal: the one just made is the newest.
        others = [one for one in found if one.id != image.id]
        for old in [image, *others][arguments["rotation"] :]:
            self.checkpoint()
            try:
                images.delete(get_admin_context(), old.id)
            except exception.ImageNotFound:
                continue
            except exception.NovaLiteException as error:
                LOG.warning("Backup %s stays: %s", old.id, error)
            else:
                LOG.info("Backup %s was rotated out", old.id)
