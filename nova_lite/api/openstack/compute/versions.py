# SPDX-License-Identifier: Apache-2.0
"""/versions/{version_id} below /v2.1: a version's document, with a token."""

from __future__ import annotations

from typing import Any

from nova_lite import exception
from nova_lite.api.openstack import common, versions
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation


class VersionsController(common.Controller):
    """The documents that discovery reads, as a resource."""

    @operation()
    def show(self, request: Request, version_id: str) -> dict[str, Any]:
        """Show a version of the API."""
        ident = versions.LEGACY if request.lax else version_id
        if ident not in versions.PATHS:
            raise exception.NotFound(f"There is no version {version_id[:40]}.")
        base = versions.base_url(request, self.settings)
        return {"version": versions.detail(ident, base)}
