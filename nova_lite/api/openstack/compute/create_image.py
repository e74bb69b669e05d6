# SPDX-License-Identifier: Apache-2.0
"""The actions createImage and createBackup of a server.

Up to 2.44 the answer is the new image's address in a header, from then on
its id in the body; the quota of metadata holds up to 2.38.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import webob

from nova_lite import quota
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import create_image as schemas
from nova_lite.api.openstack.compute.views import images as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Value
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import create_image as policies

_LAST_WITH_HEADER = "2.44"
_ID_IN_BODY = "2.45"
_HAS_QUOTA = Value(True).since("2.39", False)


class CreateImageController(common.Controller):
    """POST /servers/{server_id}/action {"createImage": ...} and backup."""

    @operation(until=_LAST_WITH_HEADER, body=schemas.IMAGE, status=202)
    def image(
        self, request: Request, server_id: str, body: Any
    ) -> webob.Response:
        """Make an image of a server; the header Location names it."""
        image_id = self._image(request, server_id, body)
        view = views.View(request, self.settings)
        return _accepted(view.url_at_service(image_id))

    @operation(since=_ID_IN_BODY, body=schemas.IMAGE, status=202)
    def image_id(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, str]:
        """Make an image of a server."""
        return {"image_id": self._image(request, server_id, body)}

    @operation(until=_LAST_WITH_HEADER, body=schemas.BACKUP, status=202)
    def backup(
        self, request: Request, server_id: str, body: Any
    ) -> webob.Response:
        """Make a backup of a server; the header Location names it."""
        image_id = self._backup(request, server_id, body)
        if not int(body["createBackup"]["rotation"]):
            # Of none that is kept there is no address.
            return _accepted(None)
        base = common.base_url(request, self.settings)
        return _accepted(f"{base}/images/{image_id}")

    @operation(since=_ID_IN_BODY, body=schemas.BACKUP, status=202)
    def backup_id(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, str]:
        """Make a backup of a server."""
        return {"image_id": self._backup(request, server_id, body)}

    def _image(self, request: Request, server_id: str, body: Any) -> str:
        row = common.allowed_instance(request, server_id, policies.IMAGE)
        asked = body["createImage"]
        made: str = self.compute_api.snapshot(
            request.context,
            row,
            asked["name"],
            _metadata(request, asked),
        )
        return made

    def _backup(self, request: Request, server_id: str, body: Any) -> str:
        row = common.allowed_instance(request, server_id, policies.BACKUP)
        asked = body["createBackup"]
        made: str = self.compute_api.backup(
            request.context,
            row,
            asked["name"],
            asked["backup_type"],
            int(asked["rotation"]),
            _metadata(request, asked),
        )
        return made


def _metadata(request: Request, asked: Mapping[str, Any]) -> dict[str, str]:
    """What the user writes on the image. Raises: LimitExceeded."""
    metadata: dict[str, str] = asked.get("metadata", {})
    if metadata and _HAS_QUOTA.at(request.version):
        common.read(
            quota.check,
            request.context.project_id or "",
            request.context.user_id,
            "metadata_items",
            len(metadata),
        )
    return metadata


def _accepted(location: str | None) -> webob.Response:
    response = webob.Response(status=202)
    del response.content_type
    if location is not None:
        response.location = location
    return response
