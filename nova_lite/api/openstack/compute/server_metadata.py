# SPDX-License-Identifier: Apache-2.0
"""The metadata of a server: pairs of text that its user chose."""

from __future__ import annotations

from typing import Any

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import server_metadata as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.compute import labels
from nova_lite.notifications import servers as notices
from nova_lite.policies import server_metadata as policies


class ServerMetadataController(common.Controller):
    """/servers/{server_id}/metadata and /metadata/{key}."""

    @operation()
    def index(self, request: Request, server_id: str) -> dict[str, Any]:
        """List a server's metadata."""
        row = common.allowed_instance(request, server_id, policies.INDEX)
        return {"metadata": row["instance_metadata"]}

    @operation(body=schemas.ITEMS)
    def create(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Add items, or new values of those that are there."""
        common.allowed_instance(request, server_id, policies.CREATE)
        metadata = labels.set_metadata(
            request.context, server_id, body["metadata"]
        )
        notices.written(request.context, server_id)
        return {"metadata": metadata}

    @operation(body=schemas.ITEMS)
    def update_all(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Replace all of a server's metadata."""
        common.allowed_instance(request, server_id, policies.UPDATE_ALL)
        metadata = labels.set_metadata(
            request.context, server_id, body["metadata"], replace=True
        )
        notices.written(request.context, server_id)
        return {"metadata": metadata}

    @operation()
    def show(
        self, request: Request, server_id: str, key: str
    ) -> dict[str, Any]:
        """Show one item."""
        row = common.allowed_instance(request, server_id, policies.SHOW)
        if key not in row["instance_metadata"]:
            raise exception.MetadataItemNotFound()
        return {"meta": {key: row["instance_metadata"][key]}}

    @operation(body=schemas.ITEM)
    def update(
        self, request: Request, server_id: str, key: str, body: Any
    ) -> dict[str, Any]:
        """Set one item."""
        common.allowed_instance(request, server_id, policies.UPDATE)
        if key not in body["meta"]:
            raise exception.Invalid(
                "Request body and URI mismatch: the key must be the same in "
                "both."
            )
        labels.set_metadata(request.context, server_id, body["meta"])
        notices.written(request.context, server_id)
        return {"meta": body["meta"]}

    @operation(status=204)
    def delete(self, request: Request, server_id: str, key: str) -> None:
        """Remove one item."""
        common.allowed_instance(request, server_id, policies.DELETE)
        labels.remove_metadata(request.context, server_id, key)
        notices.written(request.context, server_id)
