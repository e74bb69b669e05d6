# SPDX-License-Identifier: Apache-2.0
"""The action rebuild of a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import webob

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute import servers
from nova_lite.api.openstack.compute.schemas import server_rebuild as schemas
from nova_lite.api.openstack.compute.views import servers as views
from nova_lite.api.openstack.microversions import Version
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.compute import injection
from nova_lite.compute.rebuild import RebuildRequest
from nova_lite.policies import servers as policies

_COLUMNS = {
    "name": "display_name",
    "hostname": "hostname",
    "user_data": "user_data",
}


class ServerRebuildController(common.Controller):
    """POST /servers/{server_id}/action {"rebuild": ...}."""

    @operation(body=schemas.REBUILD, status=202)
    def rebuild(
        self, request: Request, server_id: str, body: Any
    ) -> webob.Response:
        """Give a server a new root disk from an image."""
        asked = body["rebuild"]
        row = common.allowed_instance(request, server_id, policies.REBUILD)
        servers.refuse_missing_services(asked)
        password = asked.get("adminPass") or servers.new_password()
        self.compute_api.rebuild(
            request.context, row, _request(asked, password, request.version)
        )
        row = common.instance(request, server_id)
        view = views.View(
            request, self.settings, [row], self.compute_api.networks
        )
        server = view.rebuilt(row)
        if self.settings.enable_instance_password:
            server["adminPass"] = password
        return webob.Response(
            json_body={"server": server},
            status=202,
            charset="UTF-8",
            location=view.links(row)[0]["href"],
        )


def _request(
    asked: Mapping[str, Any], password: str, version: Version
) -> RebuildRequest:
    columns = {
        column: asked[name]
        for name, column in _COLUMNS.items()
        if name in asked
    }
    description = servers.DESCRIBED_BY.at(version)
    if description in asked:
        columns["display_description"] = asked[description]
    for name, column in (
        ("accessIPv4", "access_ip_v4"),
        ("accessIPv6", "access_ip_v6"),
    ):
        if name in asked:
            columns[column] = servers.address(asked[name])
    return RebuildRequest(
        image_ref=asked["imageRef"],
        columns=columns,
        metadata=asked.get("metadata"),
        auto_disk_config=servers.auto_disk_config(asked),
        preserve_ephemeral=common.as_bool(
            asked.get("preserve_ephemeral", False)
        ),
        changes_key="key_name" in asked,
        key_name=asked.get("key_name"),
        admin_password=password,
        files=injection.files_of(asked.get("personality", ())),
    )
