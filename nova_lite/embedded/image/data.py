# SPDX-License-Identifier: Apache-2.0
"""Upload and download of an image's bytes, and clean-up after crashes.

Runs in the thread of the request in the API process; hashing and disk work
go through ``concurrency.native``, chunk by chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.db import session as db
from nova_lite.db.models.image import Image
from nova_lite.db.repositories import image as images_db
from nova_lite.embedded import http
from nova_lite.embedded.image import images, rules
from nova_lite.embedded.image.base import Handlers, load
from nova_lite.embedded.image.store import (
    CHUNK_BYTES,
    HASH_ALGO,
    Store,
    Upload,
    Written,
    virtual_size_bytes,
)

LOG = logging.getLogger(__name__)
_MEDIA_TYPE = "application/octet-stream"


class Data(Handlers):
    """Handlers of /v2/images/{image_id}/file."""

    def upload(self, request: http.Request, image_id: str) -> None:
        """PUT .../file: once, while the image is queued."""
        if request.content_type != _MEDIA_TYPE:
            raise exception.UnsupportedMediaType(expected=_MEDIA_TYPE)
        image = _uploadable(request.context, image_id)
        if image.status == "saving":
            _settle_abandoned(self.store, image.id)
        self._check_size(request.content_length or 0)
        with self.store.upload(image.id) as upload:
            if not _swap(image.id, "queued", "saving"):
                raise _not_queued(_status(image.id), image.id)
            try:
                self._receive(request, upload)
                written = upload.commit()
            except BaseException:
                # Whatever stopped it (the client, the disk, the cap, our own
                # end): the image waits for another upload.
                self._back_to_queued(image.id)
                raise
            self._activate(image, written)

    def _receive(self, request: http.Request, upload: Upload) -> None:
        for chunk in _body(request):
            self._check_size(upload.size_bytes + len(chunk))
            upload.write(chunk)
        expected = request.headers.get("X-OpenStack-Image-Size")
        if expected and expected != str(upload.size_bytes):
            raise exception.Invalid(
                f"{upload.size_bytes} bytes came, but the header "
                f"X-OpenStack-Image-Size said {expected[:40]}."
            )

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self.limits.size_cap_bytes:
            raise exception.RequestTooLarge(
                "The image is larger than the limit of "
                f"{self.limits.size_cap_bytes} bytes."
            )

    def _back_to_queued(self, image_id: str) -> None:
        if not _swap(image_id, "saving", "queued"):
            images.remove_held(self.store, image_id)

    def _activate(self, image: Image, written: Written) -> None:
        if _swap(
            image.id,
            "saving",
            "active",
            size_bytes=written.size_bytes,
            virtual_size_bytes=virtual_size_bytes(image.disk_format, written),
            checksum=written.checksum,
            os_hash_algo=HASH_ALGO,
            os_hash_value=written.os_hash_value,
        ):
            return
        images.remove_held(self.store, image.id)
        raise exception.ImageNotFound(
            f"Image {image.id} was deleted during the upload."
        )

    def download(self, request: http.Request, image_id: str) -> Any:
        """GET .../file, whole or the Range that is asked for."""
        image = _readable(request.context, image_id)
        if image.size_bytes is None:
            return http.Response(status=204)
        size = image.size_bytes
        response = http.Response(content_type=_MEDIA_TYPE)
        response.accept_ranges = "bytes"
        start, stop = 0, size
        if request.range is not None:
            span = request.range.range_for_length(size)
            if span is None:
                raise exception.RangeNotSatisfiable(size=size)
            start, stop = span
            response.status = 206
            response.content_range = (start, stop, size)
        else:
            response.content_md5 = image.checksum
        if request.method != "HEAD":
            response.app_iter = self.store.read(image.id, start, stop)
        response.content_length = stop - start
        return response


def _body(request: http.Request) -> Iterator[bytes]:
    """The request's body in chunks.

    Raises: Invalid when the client ends before its Content-Length.
    """
    source = request.environ["wsgi.input"]
    left = request.content_length
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    if left is None and not chunked:
        return
    while left is None or left > 0:
        want = CHUNK_BYTES if left is None else min(CHUNK_BYTES, left)
        try:
            chunk = source.read(want)
        except (OSError, ValueError) as error:
            raise exception.Invalid(
                f"The upload was interrupted: {error}"
            ) from error
        if not chunk:
            break
        if left is not None:
            left -= len(chunk)
        yield chunk
    if left:
        raise exception.Invalid(
            f"The upload ended {left} bytes before its Content-Length."
        )


@db.transaction
def _uploadable(context: rules.Context, image_id: str) -> Image:
    with db.reader() as session:
        image = load(session, context, image_id)
    rules.check_change(context, image, service_too=True)
    if image.status not in ("queued", "saving"):
        raise _not_queued(image.status, image.id)
    if image.disk_format is None or image.container_format is None:
        raise exception.Invalid(
            "Properties disk_format, container_format must be set prior to "
            "saving data."
        )
    return image


def _not_queued(status: str, image_id: str) -> exception.Conflict:
    return exception.Conflict(
        f"Image {image_id} takes no data: it is {status}, not queued."
    )


@db.transaction
def _readable(context: rules.Context, image_id: str) -> Image:
    with db.reader() as session:
        image = load(session, context, image_id)
    if image.status == "deactivated" and not context.is_admin:
        raise exception.Forbidden(
            f"Image {image_id} is deactivated and cannot be downloaded."
        )
    return image


@db.transaction
def _status(image_id: str) -> str:
    with db.reader() as session:
        return images_db.get(session, image_id).status


@db.transaction
def _swap(image_id: str, expected: str, new: str, **values: Any) -> bool:
    with db.writer() as session:
        return images_db.swap_status(
            session, image_id, expected, new, **values
        )


# --- after a crash -----------------------------------------------------------


def sweep(store: Store) -> None:
    """Settle what a killed process left: half uploads and half deletes.

    Called when the API starts; harmless at any time, beside running uploads
    too. A whole file without an image is reported and left alone: it may be
    that the database is not the one it belongs to.
    """
    known = _statuses()
    whole, parts = store.files()
    for image_id in sorted(whole - known.keys()):
        LOG.warning(
            "%s belongs to no image of this database; remove it if it is not "
            "needed.",
            store.path(image_id),
        )
    unsettled = {
        image_id
        for image_id, status in known.items()
        if status in ("saving", images_db.DELETED)
    }
    for image_id in sorted(unsettled | parts):
        _settle_abandoned(store, image_id)


def _settle_abandoned(store: Store, image_id: str) -> None:
    """Finish for a dead process; nothing while its upload or delete runs."""
    with store.abandoned(image_id) as ours:
        if not ours:
            return
        status = _statuses().get(image_id)
        if status == images_db.DELETED:
            images.remove_held(store, image_id)
        elif status == "saving":
            LOG.info("Image %s waits for its data again", image_id)
            store.delete(image_id)
            _swap(image_id, "saving", "queued")


@db.transaction
def _statuses() -> dict[str, str]:
    with db.reader() as session:
        return images_db.statuses(session)
