# SPDX-License-Identifier: Apache-2.0
"""The image service by its REST API: Glance, or the embedded one.

openstacksdk's image proxy. It and what it stands on are imported at the first
request: they cost a process 20 MiB, and a compute that reads the store's
files never makes one. Metadata is read as JSON and not as the proxy's
resource, which gives the properties it knows other names and types.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.image import api
from nova_lite.image.download import Sink, disk_error
from nova_lite.image.upload import Source

if TYPE_CHECKING:
    import requests

    from nova_lite.rest import session

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

_ID = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
)
_CHUNK_BYTES = 1024 * 1024
_PATCH = "application/openstack-images-v2.1-json-patch"
_ATTRIBUTES = frozenset(
    {
        "id", "name", "status", "visibility", "protected", "os_hidden",
        "owner", "checksum", "os_hash_algo", "os_hash_value", "size",
        "virtual_size", "container_format", "disk_format", "min_disk",
        "min_ram", "tags", "created_at", "updated_at", "self", "file",
        "schema", "direct_url", "locations", "stores",
    }
)  # fmt: skip
# Name in update() -> name in the REST API, where they differ.
_WIRE = {"min_disk_gb": "min_disk", "min_ram_mb": "min_ram"}


class GlanceAPI(api.ImageAPI):
    """Client of an image service; one per process, for all threads."""

    def __init__(self) -> None:
        self._retries = CONF.glance.num_retries

    @functools.cached_property
    def _sessions(self) -> session.Sessions:
        from nova_lite.rest import session

        glance = CONF.glance
        return session.Sessions(
            session.Service(
                kind="image",
                version="/v2",
                proxy="openstack.image.v2._proxy",
                group="glance",
                endpoint_override=glance.endpoint_override,
                region_name=glance.region_name,
                valid_interfaces=glance.valid_interfaces,
                retries=glance.num_retries,
                timeout_s=glance.timeout_s,
                cafile=glance.cafile,
                insecure=glance.insecure,
            )
        )

    def serve_locally(self, path: str, app: Any) -> None:
        from nova_lite.rest import transport

        self._sessions.serve_locally(path, transport.WSGITransport(app))

    def get(self, context: api.Context, image_id: str) -> api.Image:
        return _image(self._call(context, "GET", image_id).json())

    def list(
        self, context: api.Context, filters: Mapping[str, Any] | None = None
    ) -> Iterator[api.Image]:
        url = "/images"
        params: dict[str, Any] | None = dict(filters or {})
        while url:
            with _translated():
                found = self._sessions.proxy(context).get(url, params=params)
                _raise_for(found)
            page = found.json()
            for row in page["images"]:
                yield _image(row)
            url = page.get("next", "").removeprefix("/v2")
            params = None

    def create(
        self,
        context: api.Context,
        name: str,
        *,
        disk_format: str | None = None,
        container_format: str | None = None,
        min_disk_gb: int = 0,
        min_ram_mb: int = 0,
        visibility: str | None = None,
        properties: Mapping[str, str] | None = None,
        image_id: str | None = None,
    ) -> api.Image:
        body: dict[str, Any] = {
            **(properties or {}),
            "name": name,
            "min_disk": min_disk_gb,
            "min_ram": min_ram_mb,
        }
        for key, value in (
            ("id", image_id),
            ("disk_format", disk_format),
            ("container_format", container_format),
            ("visibility", visibility),
        ):
            if value is not None:
                body[key] = value
        with _translated():
            made = self._sessions.proxy(context).post("/images", json=body)
            _raise_for(made)
        return _image(made.json())

    def add_member(
        self, context: api.Context, image_id: str, project_id: str
    ) -> None:
        with contextlib.suppress(exception.Conflict):
            self._call(
                context,
                "POST",
                image_id,
                "/members",
                json={"member": project_id},
            )

    def upload(
        self,
        context: api.Context,
        image_id: str,
        data: BinaryIO,
        *,
        disk_format: str | None = None,
        container_format: str | None = None,
        progress: api.ProgressCallback | None = None,
    ) -> api.Image:
        formats: dict[str, Any] = {
            "disk_format": disk_format,
            "container_format": container_format,
        }
        named = {k: v for k, v in formats.items() if v is not None}
        if named:
            self.update(context, image_id, **named)
        self._call(
            context,
            "PUT",
            image_id,
            "/file",
            data=Source(data, progress),
            headers={"Content-Type": "application/octet-stream"},
            # The service may have begun to write: the caller looks first.
            connect_retries=0,
        )
        return self.get(context, image_id)

    def update(
        self,
        context: api.Context,
        image_id: str,
        *,
        properties: Mapping[str, str] | None = None,
        remove: Collection[str] = (),
        **attributes: Any,
    ) -> api.Image:
        values = {_WIRE.get(k, k): v for k, v in attributes.items()}
        values |= properties or {}
        # "add" replaces what is there, so it does for all.
        changes = [
            {"op": "add", "path": f"/{_escaped(name)}", "value": value}
            for name, value in values.items()
        ]
        changes += [
            {"op": "remove", "path": f"/{_escaped(name)}"} for name in remove
        ]
        changed = self._call(
            context,
            "PATCH",
            image_id,
            json=changes,
            headers={"Content-Type": _PATCH},
        )
        return _image(changed.json())

    def delete(self, context: api.Context, image_id: str) -> None:
        self._call(context, "DELETE", image_id)

    def download(
        self,
        context: api.Context,
        image_id: str,
        path: str,
        progress: api.ProgressCallback | None = None,
    ) -> None:
        image = self.get(context, image_id)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise disk_error(image_id, path, error) from error
        with contextlib.closing(Sink(image, path, fd, progress)) as sink:
            self._stream(context, sink)
            sink.verify()

    def _stream(self, context: api.Context, sink: Sink) -> None:
        """Bring the bytes, again from where a connection broke."""
        import requests
        import tenacity

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(
                (requests.RequestException, exception.ServiceUnavailable)
            ),
            stop=tenacity.stop_after_attempt(self._retries + 1),
            wait=tenacity.wait_random_exponential(0.2, max=5),
            before_sleep=lambda state: LOG.warning(
                "Download of image %s broke after %d bytes; once more",
                sink.image.id,
                sink.size_bytes,
            ),
            reraise=True,
        )
        try:
            retrying(self._fetch, context, sink)
        except requests.RequestException as error:
            raise exception.ImageDownloadFailed(
                image_id=sink.image.id,
                reason=f"the connection broke after {sink.size_bytes} bytes "
                f"({error})",
            ) from error

    def _fetch(self, context: api.Context, sink: Sink) -> None:
        headers = {"Accept": "application/octet-stream"}
        if sink.size_bytes:
            headers["Range"] = f"bytes={sink.size_bytes}-"
        answer = self._call(
            context,
            "GET",
            sink.image.id,
            "/file",
            headers=headers,
            stream=True,
        )
        with contextlib.closing(answer):
            if answer.status_code != 206:
                sink.restart()
            for chunk in answer.iter_content(_CHUNK_BYTES):
                sink.write(chunk)

    def _call(
        self,
        context: api.Context,
        method: str,
        image_id: str,
        suffix: str = "",
        **kwargs: Any,
    ) -> requests.Response:
        # An id goes into a path: whatever cannot be one is no image.
        if not image_id or not set(image_id) <= _ID:
            raise exception.ImageNotFound(image_id=image_id)
        with _translated():
            answer: requests.Response = self._sessions.proxy(context).request(
                f"/images/{image_id}{suffix}", method, **kwargs
            )
            _raise_for(answer, image_id)
        return answer


def _image(row: Mapping[str, Any]) -> api.Image:
    return api.Image(
        id=row["id"],
        name=row.get("name"),
        status=row["status"],
        disk_format=row.get("disk_format"),
        container_format=row.get("container_format"),
        size_bytes=row.get("size"),
        virtual_size_bytes=row.get("virtual_size"),
        checksum=row.get("checksum"),
        os_hash_algo=row.get("os_hash_algo"),
        os_hash_value=row.get("os_hash_value"),
        min_disk_gb=row.get("min_disk") or 0,
        min_ram_mb=row.get("min_ram") or 0,
        owner=row.get("owner"),
        visibility=row.get("visibility", "private"),
        created_at=_time(row.get("created_at")),
        updated_at=_time(row.get("updated_at")),
        properties={
            name: str(value)
            for name, value in row.items()
            if name not in _ATTRIBUTES and value is not None
        },
        tags=tuple(row.get("tags", ())),
    )


def _time(text: str | None) -> datetime.datetime | None:
    return None if text is None else datetime.datetime.fromisoformat(text)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


_ERRORS: Mapping[int, type[exception.NovaLiteException]] = {
    400: exception.Invalid,
    403: exception.Forbidden,
    409: exception.Conflict,
    413: exception.RequestTooLarge,
}


def _raise_for(answer: requests.Response, image_id: str | None = None) -> None:
    """Raises: the domain error that an HTTP error means."""
    if answer.status_code < 400:
        return
    from openstack import exceptions as sdk_exc

    try:
        sdk_exc.raise_from_response(answer)
    except sdk_exc.HttpException as error:
        details = str(error.details or error.message)
        raise _domain_error(answer.status_code, details, image_id) from error


def _domain_error(
    status: int, details: str, image_id: str | None
) -> exception.NovaLiteException:
    if status == 404 and image_id is not None:
        return exception.ImageNotFound(image_id=image_id)
    if status == 401:
        return exception.Unauthorized(
            "The image service does not accept this token."
        )
    if status in _ERRORS:
        return _ERRORS[status](details)
    if status in (502, 503, 504):
        return exception.ServiceUnavailable(
            reason=f"the image service says: {details}"
        )
    return exception.ImageError(reason=f"it answered {status}: {details}")


def _translated() -> contextlib.AbstractContextManager[None]:
    """Make the client library's errors ours."""
    from nova_lite.rest import session

    return session.translated("image", exception.ImageError)
