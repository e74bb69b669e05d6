# SPDX-License-Identifier: Apache-2.0
"""What the Compute API once had: 410 at any version, as upstream answers.

``routes`` and ``server_actions`` add these rows to their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import Action, Table, operation

# Path -> the verbs that were there.
_PATHS: Mapping[str, str] = {
    "/servers/{server_id}/consoles": "GET POST",
    "/servers/{server_id}/consoles/{id}": "GET DELETE",
    "/servers/{server_id}/os-virtual-interfaces": "GET",
    "/os-agents": "GET POST",
    "/os-agents/{id}": "PUT DELETE",
    "/os-cells": "GET POST",
    "/os-cells/capacities": "GET",
    "/os-cells/detail": "GET",
    "/os-cells/info": "GET",
    "/os-cells/sync_instances": "POST",
    "/os-cells/{id}": "GET PUT DELETE",
    "/os-cells/{id}/capacities": "GET",
    "/os-certificates": "POST",
    "/os-certificates/{id}": "GET",
    "/os-cloudpipe": "GET POST",
    "/os-cloudpipe/{id}": "PUT",
    "/os-fixed-ips/{id}": "GET",
    "/os-floating-ip-dns": "GET",
    "/os-floating-ip-dns/{id}": "PUT DELETE",
    "/os-floating-ip-dns/{domain_id}/entries/{id}": "GET PUT DELETE",
    "/os-floating-ips-bulk": "GET POST",
    "/os-floating-ips-bulk/{id}": "GET PUT",
    "/os-fping": "GET",
    "/os-fping/{id}": "GET",
    "/os-networks": "POST",
    "/os-networks/add": "POST",
    "/os-networks/{id}": "DELETE",
    "/os-security-group-default-rules": "GET POST",
    "/os-security-group-default-rules/{id}": "GET DELETE",
    "/os-tenant-networks": "POST",
    "/os-tenant-networks/{id}": "DELETE",
}


class GoneController(common.Controller):
    """Everything that is gone."""

    @operation(status=410, errors=())
    def gone(self, request: Request, **_arguments: Any) -> NoReturn:
        """No longer a part of the Compute API."""
        raise exception.Gone()


_GONE = (GoneController, "gone")

ROUTES: Table = {
    path: {verb: [_GONE] for verb in verbs.split()}
    for path, verbs in _PATHS.items()
}


def _actions(*names: str) -> Sequence[Action]:
    return tuple(Action(name, _GONE) for name in names)


SERVER_ACTIONS = _actions("resetNetwork", "os-getRDPConsole")

ACTIONS: Mapping[str, Sequence[Action]] = {
    "/os-fixed-ips/{id}/action": _actions("reserve", "unreserve"),
    "/os-networks/{id}/action": _actions(
        "disassociate",
        "disassociate_host",
        "disassociate_project",
        "associate_host",
    ),
}
