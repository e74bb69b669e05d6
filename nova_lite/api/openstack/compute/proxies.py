# SPDX-License-Identifier: Apache-2.0
"""What the Compute API once passed on to other services, up to 2.35.

This cloud has no volume or bare metal service: up to the cap each says so
with 501, as upstream does where a service's client is missing; above it
there is no such path. The images stand in ``images``, what is the network
service's in ``networks``, ``floating_ips`` and ``security_groups``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import Action, Endpoint, Table, operation
from nova_lite.policies import baremetal_nodes as policies

# The last version with any of them.
LAST = "2.35"


class NoServiceController(common.Controller):
    """The proxies of services that this cloud does not have."""

    @operation(until=LAST, status=501, errors=())
    def volume(self, request: Request, **_arguments: Any) -> NoReturn:
        """Pass on to the volume service."""
        raise exception.NoSuchService(service="volume")


class BareMetalNodesController(common.Controller):
    """/os-baremetal-nodes: upstream's own has only ever read."""

    @operation(until=LAST, status=501, errors=())
    def index(self, request: Request) -> NoReturn:
        """List the nodes of the bare metal service."""
        policy.authorize(request.context, policies.LIST)
        raise exception.NoSuchService(service="bare metal")

    @operation(until=LAST, status=501, errors=())
    def show(self, request: Request, id: str) -> NoReturn:
        """Show a node of the bare metal service."""
        policy.authorize(request.context, policies.SHOW)
        raise exception.NoSuchService(service="bare metal")

    @operation(until=LAST, status=400, errors=())
    def change(self, request: Request, **_arguments: Any) -> NoReturn:
        """Change a node: the bare metal service's own API does that."""
        raise exception.Invalid(
            "The Compute API does not change bare metal nodes. Use the API "
            "of the bare metal service (Ironic)."
        )


_VOLUME = (NoServiceController, "volume")
_CHANGE = (BareMetalNodesController, "change")

# Path -> who would answer, and the verbs.
_PATHS: Mapping[str, tuple[Endpoint, str]] = {
    "/os-snapshots": (_VOLUME, "GET POST"),
    "/os-snapshots/detail": (_VOLUME, "GET"),
    "/os-snapshots/{id}": (_VOLUME, "GET DELETE"),
    "/os-volumes": (_VOLUME, "GET POST"),
    "/os-volumes/detail": (_VOLUME, "GET"),
    "/os-volumes/{id}": (_VOLUME, "GET DELETE"),
}

ROUTES: Table = {
    **{
        path: {verb: [endpoint] for verb in verbs.split()}
        for path, (endpoint, verbs) in _PATHS.items()
    },
    "/os-baremetal-nodes": {
        "GET": [(BareMetalNodesController, "index")],
        "POST": [_CHANGE],
    },
    "/os-baremetal-nodes/{id}": {
        "GET": [(BareMetalNodesController, "show")],
        "DELETE": [_CHANGE],
    },
}

ACTIONS: Mapping[str, Sequence[Action]] = {
    "/os-baremetal-nodes/{id}/action": (
        Action("add_interface", _CHANGE),
        Action("remove_interface", _CHANGE),
    ),
}
