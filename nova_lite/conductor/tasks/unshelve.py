# SPDX-License-Identifier: Apache-2.0
"""Unshelve: a new host for a server that has none, or its own.

Runs in nova-lite-conductor.
"""

from __future__ import annotations

from typing import Any

from nova_lite.compute import transitions, vm_states
from nova_lite.conductor.tasks.placing import PlaceInstances, Row
from nova_lite.context import RequestContext
from nova_lite.objects.request_spec import RequestSpec


class UnshelveInstance(PlaceInstances):
    """Queued unshelves to running ones; without a host it stays shelved."""

    row = transitions.UNSHELVE
    event = "conductor_unshelve_instance"

    def ready_host(self, action: Row, instance: Row) -> Row | None:
        """Its own, where its disk is yet; else as of a build."""
        if instance["vm_state"] != vm_states.SHELVED:
            return super().ready_host(action, instance)
        return {
            "host": instance["host"],
            "node": instance["node"],
            "availability_zone": instance["availability_zone"],
            "limits": {},
        }

    def request_spec(
        self, context: RequestContext, group: list[tuple[Row, Row]]
    ) -> RequestSpec:
        """As of a build, with the host that the request may name."""
        spec = super().request_spec(context, group)
        spec.requested_host = group[0][0]["arguments"].get("host")
        return spec

    def states_without_host(self) -> dict[str, Any]:
        return self.row.ended(self.row.on_error)
