# SPDX-License-Identifier: Apache-2.0
"""What the API may do with servers: checks, rows, then a cast.

Called by the controllers, in the API process. Whatever a user asks for is
written with the state change that it causes in one transaction; the cast
that follows only says: look now. Here servers come, go and are marked; what
is done to those that are there stands in the classes that API is made of.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from oslo_config import cfg

from nova_lite import exception, fault_points, hooks
from nova_lite.compute import (
    begin,
    create,
    deferred_delete,
    injection,
    marks,
    network_requests,
    provisioning,
    shelved,
    transitions,
)
from nova_lite.compute.acting import Row
from nova_lite.compute.aggregate_api import AggregateAPI
from nova_lite.compute.console_api import ConsoleAPI
from nova_lite.compute.disk_api import DiskAPI
from nova_lite.compute.guest_api import GuestAPI
from nova_lite.compute.host_api import HostAPI
from nova_lite.compute.interface_api import InterfaceAPI
from nova_lite.compute.network_requests import Wanted
from nova_lite.compute.request import CreateRequest
from nova_lite.compute.resize_api import ResizeAPI
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import deletion, journal
from nova_lite.image.api import Image, ImageAPI
from nova_lite.network.api import NetworkAPI
from nova_lite.notifications import servers as notices

CONF = cfg.CONF


class API(GuestAPI, DiskAPI, ResizeAPI, InterfaceAPI):
    """Servers: create, delete, and what is asked of their hosts.

    ``hosts``, ``aggregates`` and ``consoles`` are the same for those;
    ``images`` and ``networks`` are the clients of those services.
    """

    def __init__(
        self,
        images: ImageAPI | None = None,
        network: NetworkAPI | None = None,
    ) -> None:
        """None: the configured client."""
        super().__init__(images, network)
        self.hosts = HostAPI(self._compute)
        self.consoles = ConsoleAPI(self._compute)
        self.aggregates = AggregateAPI(self._images, self._conductor)

    @hooks.add_hook("create_instance")
    def create(
        self, context: RequestContext, request: CreateRequest
    ) -> list[Row]:
        """Accept new servers; their rows, in order.

        Raises: Invalid, FlavorNotFound and others of 400; Forbidden,
        OverQuota.
        """
        create.check_user_data(request)
        if request.image_ref is None:
            raise exception.InvalidInput(
                reason="imageRef is needed: this cloud has no volume service "
                "to boot from."
            )
        image = self._image(context, request.image_ref)
        return self._create_instance(context, request, image)

    def _create_instance(
        self, context: RequestContext, request: CreateRequest, image: Image
    ) -> list[Row]:
        flavor, key_data, placement = provisioning.look_up(context, request)
        create.check_image(image, flavor)
        wanted, request = network_requests.check(
            context, self._network, request
        )
        request = dataclasses.replace(
            request,
            config_drive=injection.needs_drive(
                request.config_drive or CONF.force_config_drive,
                image.properties,
                request.files,
            ),
        )
        make = functools.partial(
            create.rows,
            context,
            request,
            flavor,
            image,
            key_data,
            placement,
            wanted.any,
        )
        rows, ids = self._provision_instances(
            context, request, flavor, make, wanted
        )
        fault_points.reach("build.accepted")
        self._conductor.build_instances(context, ids)
        for row in rows:
            notices.changed(context, row["uuid"], (None, None))
        return rows

    def _provision_instances(
        self,
        context: RequestContext,
        request: CreateRequest,
        flavor: Mapping[str, Any],
        make: Callable[[int], list[Row]],
        wanted: Wanted,
    ) -> tuple[list[Row], list[int]]:
        """Write as many servers as the quota has room for."""
        each = {
            "instances": 1,
            "cores": flavor["vcpus"],
            "ram": flavor["memory_mb"],
        }
        return provisioning.insert(
            context, request, each, make, wanted.to_arguments()
        )

    def delete(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Accept a delete; one that is accepted already is no error.

        Where deletions can be taken back this is the first half of one.
        Raises: InstanceIsLocked, InstanceInvalidState.
        """
        if not deferred_delete.is_soft(row, CONF.reclaim_instance_interval):
            self.force_delete(context, row)
            return
        wanted = transitions.SOFT_DELETE
        begin.check_lock(context, row)
        if deferred_delete.is_accepted(row):
            return
        if row["host"] is None:
            deferred_delete.delete_without_host(context, row)
            notices.whole(context, wanted.name, row["uuid"])
            return
        try:
            self._act(context, row, wanted, updates=deferred_delete.marks())
        except exception.InstanceInvalidState:
            # Of two deletes at once the one for good was accepted first.
            if not deferred_delete.is_for_good(row["uuid"]):
                raise

    def force_delete(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Accept a delete that nobody can take back.

        Raises: InstanceIsLocked, InstanceInvalidState.
        """
        begin.check(context, row, transitions.DELETE)
        accepted = _begin_delete(context, row["uuid"])
        if accepted is None:
            return
        fault_points.reach("delete.accepted")
        host, action_id = accepted
        if host is not None:
            self._compute.terminate_instance(
                context, host, action_id, row["uuid"]
            )
        elif action_id is not None:
            self._conductor.delete_instance(context, action_id)
        else:
            # Nobody had begun with it: it is gone already.
            notices.whole(context, transitions.DELETE.name, row["uuid"])

    def restore(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Take a soft delete back. Raises: OverQuota."""
        begin.check(context, row, transitions.RESTORE)
        if row["host"] is None:
            deferred_delete.restore_without_host(context, row)
            before = (row["vm_state"], row["task_state"])
            notices.changed(context, row["uuid"], before)
            return
        self._act(
            context,
            row,
            transitions.RESTORE,
            also=deferred_delete.check_quota,
        )

    def lock(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        reason: str | None = None,
    ) -> None:
        """Refuse what changes a server, but to administrators."""
        marks.lock(context, row["uuid"], reason)
        notices.done_by_api(context, "lock", row["uuid"])

    def unlock(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Take a server's lock away."""
        marks.unlock(context, row["uuid"])
        notices.done_by_api(context, "unlock", row["uuid"])

    def reset_state(
        self, context: RequestContext, row: Mapping[str, Any], vm_state: str
    ) -> None:
        """Say that a server is in this state and nothing is under way.

        Raises: InstanceInvalidState.
        """
        marks.reset_state(context, row["uuid"], vm_state)


@db.transaction
def _begin_delete(
    context: RequestContext, uuid: str
) -> tuple[str | None, Any] | None:
    """Mark a server as deleting and queue the action.

    Returns (host, action id) to be told; (None, None) when the server is
    gone already, since nobody had begun with it; None when it was being
    deleted before. Raises: InstanceNotFound.
    """
    row = transitions.DELETE
    with db.writer() as session:
        found = deletion.mark_deleting(session, uuid)
        if found is None:
            return None
        host = found["host"]
        queued = journal.queue(
            session, begin.action_row(context, uuid, row, host)
        )
        idle = host is None and deletion.cancel_queued(session, uuid)
        if (
            idle
            and shelved.image_id(found["system_metadata"]) is None
            and not network_requests.may_have_ports(found)
        ):
            deletion.bury_instance(session, uuid, deleted_by=row.name)
            return None, None
        return host, queued
