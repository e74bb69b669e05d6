# SPDX-License-Identifier: Apache-2.0
"""The actions shelve, shelveOffload and unshelve of a server."""

from __future__ import annotations

from typing import Any

from nova_lite import policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import shelve as schemas
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Value
from nova_lite.api.openstack.wsgi import operation
from nova_lite.compute.unshelving import Wishes
from nova_lite.policies import shelve as policies

_READS_BODY = Value(False).since("2.77", True)
_ZONE = "availability_zone"


class ShelveController(common.Controller):
    """POST /servers/{server_id}/action {"shelve": ...} and its kin."""

    @operation(body=schemas.SHELVE, status=202)
    def shelve(self, request: Request, server_id: str, body: Any) -> None:
        """Keep a server as an image, and no guest of it."""
        row = common.allowed_instance(request, server_id, policies.SHELVE)
        self.compute_api.shelve(request.context, row)

    @operation(body=schemas.SHELVE_OFFLOAD, status=202)
    def offload(self, request: Request, server_id: str, body: Any) -> None:
        """Take a shelved server off its host."""
        row = common.allowed_instance(
            request, server_id, policies.SHELVE_OFFLOAD
        )
        self.compute_api.shelve_offload(request.context, row)

    @operation(body=schemas.UNSHELVE, status=202)
    def unshelve(self, request: Request, server_id: str, body: Any) -> None:
        """Make a guest of a shelved server again.

        From 2.77 in a zone that is named, from 2.91 on a host.
        """
        row = common.allowed_instance(request, server_id, policies.UNSHELVE)
        named: dict[str, Any] = {}
        if _READS_BODY.at(request.version):
            named = body["unshelve"] or {}
        wishes = Wishes(named.get("host"), named.get(_ZONE), _ZONE in named)
        if wishes.host is not None:
            policy.authorize(
                request.context, policies.UNSHELVE_TO_HOST, common.owner(row)
            )
        self.compute_api.unshelve(request.context, row, wishes)
