# SPDX-License-Identifier: Apache-2.0
"""Images as the Compute API has always shown them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oslo_utils import strutils

from nova_lite.api.openstack import common
from nova_lite.api.openstack.request import Request
from nova_lite.image.api import Image

_STATUS: Mapping[str, str] = {
    "active": "ACTIVE",
    "queued": "SAVING",
    "saving": "SAVING",
    "deleted": "DELETED",
    "pending_delete": "DELETED",
    "killed": "ERROR",
}
_PROGRESS: Mapping[str, int] = {"queued": 25, "saving": 50, "active": 100}


class View:
    """Shows images to one request."""

    def __init__(self, request: Request, settings: common.Settings) -> None:
        self._request = request
        self._settings = settings

    def brief(self, image: Image) -> dict[str, Any]:
        """Id, name and links."""
        return {
            "id": image.id,
            "name": image.name,
            "links": self._links(image.id),
        }

    def full(self, image: Image) -> dict[str, Any]:
        """Everything."""
        properties = dict(image.properties)
        shown = {
            **self.brief(image),
            "minRam": image.min_ram_mb,
            "minDisk": image.min_disk_gb,
            "metadata": properties,
            "created": common.isotime(image.created_at),
            "updated": common.isotime(image.updated_at),
            "status": _STATUS.get(image.status, "UNKNOWN"),
            "progress": _PROGRESS.get(image.status, 0),
            "OS-EXT-IMG-SIZE:size": image.size_bytes,
        }
        server_id = properties.get("instance_uuid")
        if server_id is not None:
            shown["server"] = {
                "id": server_id,
                "links": common.links(
                    self._request, self._settings, "servers", server_id
                ),
            }
        automatic = properties.get("auto_disk_config")
        if automatic is not None:
            shown["OS-DCF:diskConfig"] = (
                "AUTO" if strutils.bool_from_string(automatic) else "MANUAL"
            )
        return shown

    def list_(
        self, images: Sequence[Image], limit: int, *, detail: bool
    ) -> dict[str, Any]:
        """A page of images, with the link to the next one."""
        show = self.full if detail else self.brief
        body: dict[str, Any] = {"images": [show(image) for image in images]}
        body |= common.next_page(
            self._request,
            self._settings,
            "images_links",
            "images/detail" if detail else "images",
            limit,
            images,
            images[-1].id if images else None,
        )
        return body

    def _links(self, image_id: str) -> list[dict[str, str]]:
        links = common.links(self._request, self._settings, "images", image_id)
        alternate = {
            "rel": "alternate",
            "type": "application/vnd.openstack.image",
            "href": self.url_at_service(image_id),
        }
        return [*links, alternate]

    def url_at_service(self, image_id: str) -> str:
        """The image's URL at the image service."""
        return f"{self._image_service()}/images/{image_id}"

    def _image_service(self) -> str:
        """The URL of the image service, as users know it."""
        if self._settings.glance_link_prefix:
            return self._settings.glance_link_prefix.rstrip("/")
        for service in self._request.context.service_catalog:
            if service["type"] == "image" and service["endpoints"]:
                url: str = service["endpoints"][0]["publicURL"]
                return url.rstrip("/")
        return f"{self._request.host_url}/image"
