# SPDX-License-Identifier: Apache-2.0
"""The port to an image service: what nova_lite asks of any of them.

Called by compute.API and the image proxy in the API process (contexts with
the user's token) and by nova-lite-compute (contexts without one). Clients
are found by stevedore under ``nova_lite.image``.
"""

from __future__ import annotations

import abc
import datetime
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from oslo_config import cfg

from nova_lite import context as nova_context
from nova_lite import exception

CONF = cfg.CONF
NAMESPACE = "nova_lite.image"

Context = nova_context.RequestContext
# Percent done, 0 to 100, and what is being done.
ProgressCallback = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Image:
    """An image as nova_lite sees it; ``properties`` are its own."""

    id: str
    name: str | None
    status: str
    disk_format: str | None
    container_format: str | None
    size_bytes: int | None
    virtual_size_bytes: int | None
    checksum: str | None
    os_hash_algo: str | None
    os_hash_value: str | None
    min_disk_gb: int
    min_ram_mb: int
    owner: str | None
    visibility: str
    created_at: datetime.datetime | None
    updated_at: datetime.datetime | None
    properties: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


class ImageAPI(abc.ABC):
    """An image service. Every method may raise ServiceUnavailable."""

    @abc.abstractmethod
    def get(self, context: Context, image_id: str) -> Image:
        """One image, whatever its status.

        Raises: ImageNotFound (also when the context may not see it),
        ImageError.
        """

    @abc.abstractmethod
    def list(
        self, context: Context, filters: Mapping[str, Any] | None = None
    ) -> Iterator[Image]:
        """The images that the context sees, in the service's order.

        ``filters`` are the query of the Image API: name, status, owner,
        visibility, a property's name ...
        Raises: ImageError.
        """

    @abc.abstractmethod
    def download(
        self,
        context: Context,
        image_id: str,
        path: str,
        progress: ProgressCallback | None = None,
    ) -> None:
        """Write the image's bytes to ``path`` and verify their hash.

        A broken connection is taken up again where it broke. On failure
        ``path`` may be left behind incomplete.
        Raises: ImageNotFound, ImageDownloadFailed, ImageChecksumMismatch,
        DiskFull.
        """

    @abc.abstractmethod
    def create(
        self,
        context: Context,
        name: str,
        *,
        disk_format: str | None = None,
        container_format: str | None = None,
        min_disk_gb: int = 0,
        min_ram_mb: int = 0,
        visibility: str | None = None,
        properties: Mapping[str, str] | None = None,
        image_id: str | None = None,
    ) -> Image:
        """A new image without data yet (status queued).

        ``image_id`` None: the service chooses.
        Raises: Forbidden, Invalid, Conflict when there is one of that id,
        ImageError.
        """

    @abc.abstractmethod
    def add_member(
        self, context: Context, image_id: str, project_id: str
    ) -> None:
        """Let a project use a shared image; one that may is no error.

        Raises: ImageNotFound, Forbidden, ImageError.
        """

    @abc.abstractmethod
    def upload(
        self,
        context: Context,
        image_id: str,
        data: BinaryIO,
        *,
        disk_format: str | None = None,
        container_format: str | None = None,
        progress: ProgressCallback | None = None,
    ) -> Image:
        """Give a queued image its bytes, and its formats first if named.

        ``data`` is a file that can be read again. What ``progress`` raises
        stops the upload; the image is queued again then.
        Raises: ImageNotFound, Conflict when it is not queued, ImageError.
        """

    @abc.abstractmethod
    def update(
        self,
        context: Context,
        image_id: str,
        *,
        properties: Mapping[str, str] | None = None,
        remove: Collection[str] = (),
        **attributes: Any,
    ) -> Image:
        """Set attributes and properties; those not named stay.

        The properties named in ``remove``, which it must have, go.

        Raises: ImageNotFound, Forbidden, Invalid, ImageError.
        """

    @abc.abstractmethod
    def delete(self, context: Context, image_id: str) -> None:
        """Delete an image.

        Raises: ImageNotFound, Forbidden when it is protected, ImageError.
        """

    def serve_locally(self, path: str, app: Any) -> None:
        """Call the WSGI ``app`` at ``path`` directly, from now on.

        The API process says so when the image service is inside it: a
        request that waits for a second request to the same server would
        deadlock when every thread of the server waits like that.
        """
        return

    def local_path(self, image_id: str) -> str | None:
        """The image's file when the embedded store lies on this host.

        None else, and then ``download`` is the way. Only a complete image
        has this file, but the caller has to know that it is the service's.
        """
        path = os.path.join(CONF.image.filesystem_store_datadir, image_id)
        return path if os.access(path, os.R_OK) else None


def load(name: str | None = None) -> ImageAPI:
    """The client of the given name, or of [glance] driver.

    Raises: ConfigurationError when there is none of that name.
    """
    from stevedore import driver
    from stevedore import exception as stevedore_exc

    name = name or CONF.glance.driver
    manager: Any
    try:
        manager = driver.DriverManager(NAMESPACE, name, invoke_on_load=True)
    except stevedore_exc.NoMatches as error:
        raise exception.ConfigurationError(
            reason=f"[glance] driver '{name}' is not among the entry points "
            f"of {NAMESPACE}"
        ) from error
    client: ImageAPI = manager.driver
    return client
