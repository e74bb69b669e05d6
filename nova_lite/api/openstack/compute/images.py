# SPDX-License-Identifier: Apache-2.0
"""The images and their metadata: what old clients ask the Compute API for.

Passed on to the image service with the user's own token, which decides what
the user may do; gone after 2.35, the metadata after 2.38.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Any

from nova_lite import exception, quota
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import images as schemas
from nova_lite.api.openstack.compute.views import images as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.image.api import Image

_LAST = "2.35"
_LAST_METADATA = "2.38"
# Parameter here -> filter of the image service.
_FILTERS: Mapping[str, str] = {
    "name": "name",
    "server": "instance_uuid",
    "type": "image_type",
    "minRam": "min_ram",
    "minDisk": "min_disk",
}
_PROPERTY = "property-"


class ImagesController(common.Controller):
    """/images, /images/detail and /images/{image_id}."""

    @operation(until=_LAST, query=schemas.LIST)
    def index(self, request: Request) -> dict[str, Any]:
        """List images: id, name and links."""
        return self._list(request, detail=False)

    @operation(until=_LAST, query=schemas.LIST)
    def detail(self, request: Request) -> dict[str, Any]:
        """List images with everything."""
        return self._list(request, detail=True)

    def _list(self, request: Request, *, detail: bool) -> dict[str, Any]:
        limit, marker = common.page_of(request, self.settings.max_limit)
        filters: dict[str, Any] = {**_filters(request), "limit": limit}
        if marker:
            filters["marker"] = marker
        found = self.compute_api.images.list(request.context, filters)
        images = list(itertools.islice(found, limit))
        view = views.View(request, self.settings)
        return view.list_(images, limit, detail=detail)

    @operation(until=_LAST)
    def show(self, request: Request, image_id: str) -> dict[str, Any]:
        """Show an image."""
        image = _get(self, request, image_id)
        return {"image": views.View(request, self.settings).full(image)}

    @operation(until=_LAST, status=204)
    def delete(self, request: Request, image_id: str) -> None:
        """Delete an image."""
        try:
            self.compute_api.images.delete(request.context, image_id)
        except exception.ImageNotFound:
            raise exception.NotFound("Image not found.") from None


class ImageMetadataController(common.Controller):
    """/images/{image_id}/metadata and one item of it."""

    @operation(until=_LAST_METADATA)
    def index(self, request: Request, image_id: str) -> dict[str, Any]:
        """List an image's metadata."""
        return {"metadata": dict(_get(self, request, image_id).properties)}

    @operation(until=_LAST_METADATA)
    def show(
        self, request: Request, image_id: str, key: str
    ) -> dict[str, Any]:
        """Show one item of an image's metadata."""
        properties = _get(self, request, image_id).properties
        if key not in properties:
            raise exception.NotFound("Metadata item was not found.")
        return {"meta": {key: properties[key]}}

    @operation(until=_LAST_METADATA, body=schemas.METADATA)
    def create(
        self, request: Request, image_id: str, body: Any
    ) -> dict[str, Any]:
        """Set some items of an image's metadata."""
        before = _get(self, request, image_id).properties
        asked = body["metadata"]
        _check_quota(request, {*before, *asked})
        return self._update(request, image_id, asked)

    @operation(until=_LAST_METADATA, body=schemas.METADATA)
    def update_all(
        self, request: Request, image_id: str, body: Any
    ) -> dict[str, Any]:
        """Replace an image's metadata."""
        before = _get(self, request, image_id).properties
        asked = body["metadata"]
        _check_quota(request, asked)
        return self._update(request, image_id, asked, set(before) - set(asked))

    @operation(until=_LAST_METADATA, body=schemas.META)
    def update(
        self, request: Request, image_id: str, key: str, body: Any
    ) -> dict[str, Any]:
        """Set one item of an image's metadata."""
        if key not in body["meta"]:
            raise exception.Invalid("Request body and URI mismatch")
        before = _get(self, request, image_id).properties
        _check_quota(request, {*before, key})
        self._update(request, image_id, body["meta"])
        return {"meta": body["meta"]}

    @operation(until=_LAST_METADATA, status=204)
    def delete(self, request: Request, image_id: str, key: str) -> None:
        """Remove one item of an image's metadata."""
        if key not in _get(self, request, image_id).properties:
            raise exception.NotFound("Invalid metadata key")
        self._update(request, image_id, {}, [key])

    def _update(
        self,
        request: Request,
        image_id: str,
        properties: Mapping[str, str],
        remove: Collection[str] = (),
    ) -> dict[str, Any]:
        """Write the changes; the metadata as it is then."""
        image: Image = self.compute_api.images.update(
            request.context,
            image_id,
            properties=properties,
            remove=sorted(remove),
        )
        return {"metadata": dict(image.properties)}


def _get(
    controller: common.Controller, request: Request, image_id: str
) -> Image:
    try:
        image: Image = controller.compute_api.images.get(
            request.context, image_id
        )
    except exception.ImageNotFound:
        raise exception.NotFound("Image not found.") from None
    return image


def _check_quota(request: Request, keys: Collection[str]) -> None:
    """Raises: LimitExceeded when an image may not have so many."""
    context = request.context
    common.read(
        quota.check,
        context.project_id or "",
        context.user_id,
        "metadata_items",
        len(keys),
    )


def _filters(request: Request) -> dict[str, str]:
    """The image service's filters for this query."""
    found: dict[str, str] = {}
    for name, values in request.query.items():
        value = values[-1]
        if name == "status":
            found["status"] = value.lower()
        elif name == "changes-since":
            found["updated_at"] = f"gte:{value}"
        elif name == "server":
            # The server may be given as its link.
            found["instance_uuid"] = value.rstrip("/").rsplit("/", 1)[-1]
        elif name in _FILTERS:
            found[_FILTERS[name]] = value
        elif name.startswith(_PROPERTY):
            found[name.removeprefix(_PROPERTY)] = value
    return found
