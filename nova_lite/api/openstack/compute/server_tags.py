# SPDX-License-Identifier: Apache-2.0
"""The tags of a server: words by which lists can be filtered."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import webob

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import server_tags as schemas
from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.compute import labels
from nova_lite.db.repositories import tag as tags_of
from nova_lite.notifications import servers as notices
from nova_lite.policies import server_tags as policies


class ServerTagsController(common.Controller):
    """/servers/{server_id}/tags and /tags/{tag}."""

    @operation(since="2.26")
    def index(self, request: Request, server_id: str) -> dict[str, Any]:
        """List a server's tags."""
        common.allowed_instance(request, server_id, policies.INDEX)
        return {"tags": common.read(tags_of.of_instance, server_id)}

    @operation(since="2.26", status=204)
    def show(self, request: Request, server_id: str, tag: str) -> None:
        """Say whether a server has a tag."""
        common.allowed_instance(request, server_id, policies.SHOW)
        if tag not in common.read(tags_of.of_instance, server_id):
            raise exception.InstanceTagNotFound(server_id=server_id, tag=tag)

    @operation(since="2.26", body=schemas.UPDATE_ALL)
    def update_all(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Replace all tags of a server."""
        common.allowed_instance(request, server_id, policies.UPDATE_ALL)
        tags = labels.set_tags(server_id, body["tags"])
        notices.updated(request.context, server_id)
        return {"tags": tags}

    @operation(since="2.26", body=schemas.UPDATE, status=201)
    def update(
        self, request: Request, server_id: str, tag: str, body: Any
    ) -> webob.Response:
        """Add a tag: 201, or 204 when it was there."""
        common.allowed_instance(request, server_id, policies.UPDATE)
        _check_tag(tag)
        if not labels.add_tag(server_id, tag):
            return _empty(204)
        notices.updated(request.context, server_id)
        base = common.base_url(request, self.settings)
        return _empty(
            201, f"{base}/servers/{server_id}/tags/{quote(tag, safe='')}"
        )

    @operation(since="2.26", status=204)
    def delete(self, request: Request, server_id: str, tag: str) -> None:
        """Remove a tag."""
        common.allowed_instance(request, server_id, policies.DELETE)
        labels.remove_tag(server_id, tag)
        notices.updated(request.context, server_id)

    @operation(since="2.26", status=204)
    def delete_all(self, request: Request, server_id: str) -> None:
        """Remove all tags."""
        common.allowed_instance(request, server_id, policies.DELETE_ALL)
        labels.set_tags(server_id, [])
        notices.updated(request.context, server_id)


def _check_tag(tag: str) -> None:
    longest = types.TAG["maxLength"]
    if not 0 < len(tag) <= longest or not re.match(types.TAG["pattern"], tag):
        raise exception.ValidationError(
            detail=f"Tag '{tag[:longest]}' is invalid. It must have 1 to "
            f"{longest} characters, none of which is '/' or ','."
        )


def _empty(status: int, location: str | None = None) -> webob.Response:
    response = webob.Response(status=status)
    del response.content_type
    if location is not None:
        response.location = location
    return response
