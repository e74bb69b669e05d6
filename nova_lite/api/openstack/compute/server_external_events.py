# SPDX-License-Identifier: Apache-2.0
"""The os-server-external-events resource: what other services tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import webob

from nova_lite import policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import (
    server_external_events as schemas,
)
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import instance
from nova_lite.objects.external_event import InstanceExternalEvent
from nova_lite.policies import server_external_events as policies

# Without a tag nobody could tell what these are about.
_TAG_NEEDED = frozenset(
    {"volume-extended", "power-update", "accelerator-request-bound"}
)
_ACCEPTED = 200


class ServerExternalEventsController(common.Controller):
    """/os-server-external-events."""

    @operation(body=schemas.CREATE, partial=207, errors=())
    def create(self, request: Request, body: Any) -> webob.Response:
        """Pass events on to their servers' hosts.

        The answer repeats each event with what became of it; 207 when not
        all were accepted.
        """
        policy.authorize(request.context, policies.CREATE)
        asked = body["events"]
        # Hosts know servers by the lower case of their uuids.
        uuids = sorted({event["server_uuid"].lower() for event in asked})
        servers = instance.owners(uuids)
        shown: list[dict[str, Any]] = []
        by_host: dict[str, list[InstanceExternalEvent]] = {}
        for event in asked:
            server = servers.get(event["server_uuid"].lower())
            code = _code(event, server)
            accepted = code == _ACCEPTED
            shown.append(
                event
                | {
                    "status": "completed" if accepted else "failed",
                    "code": code,
                }
            )
            if server is not None and accepted:
                by_host.setdefault(server["host"], []).append(_object(event))
        if by_host:
            self.compute_api.external_instance_event(request.context, by_host)
        codes = {event["code"] for event in shown}
        return webob.Response(
            json.dumps({"events": shown}).encode(),
            status=200 if codes == {_ACCEPTED} else 207,
            content_type="application/json",
            charset="UTF-8",
        )


def _code(event: Mapping[str, Any], server: Mapping[str, Any] | None) -> int:
    """What becomes of an event: the status that it alone would have."""
    if server is None or server["deleted"]:
        return 404
    if event["name"] in _TAG_NEEDED and event.get("tag") is None:
        return 400
    return _ACCEPTED if server["host"] else 422


def _object(event: Mapping[str, Any]) -> InstanceExternalEvent:
    return InstanceExternalEvent(
        instance_uuid=event["server_uuid"].lower(),
        name=event["name"],
        status=event.get("status", "completed"),
        tag=event.get("tag"),
    )
