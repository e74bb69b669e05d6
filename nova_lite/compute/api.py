# SPDX-License-Identifier: Apache-2.0
"""What the API may do with servers: checks, rows, then a cast.

Called by the controllers, in the API process. Whatever a user asks for is
written with the state change that it causes in one transaction; the cast
that follows only says: look now.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

from oslo_config import cfg

from nova_lite import exception, hooks
from nova_lite.compute import (
    begin,
    create,
    deferred_delete,
    injection,
    marks,
    provisioning,
    rebuild,
    resize,
    rpcapi,
    server_image,
    shelved,
    transitions,
    unshelving,
    vm_states,
)
from nova_lite.compute.aggregate_api import AggregateAPI
from nova_lite.compute.console_api import ConsoleAPI
from nova_lite.compute.host_api import HostAPI
from nova_lite.compute.rebuild import RebuildRequest
from nova_lite.compute.request import CreateRequest
from nova_lite.compute.server_image import ServerImage
from nova_lite.compute.transitions import Target, Transition
from nova_lite.compute.unshelving import Wishes
from nova_lite.conductor import api as conductor_api
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import deletion, journal
from nova_lite.image import api as image_api
from nova_lite.image.api import Image, ImageAPI
from nova_lite.notifications import servers as notices
from nova_lite.objects.diagnostics import InstanceDiagnostics
from nova_lite.objects.external_event import InstanceExternalEvent

CONF = cfg.CONF
Row = dict[str, Any]


class API:
    """Servers: create, delete, and what is asked of their hosts.

    ``hosts``, ``aggregates`` and ``consoles`` are the same for those.
    """

    def __init__(self, images: ImageAPI | None = None) -> None:
        """``images`` None: the configured client."""
        self._images = images or image_api.load()
        self._compute = rpcapi.ComputeAPI()
        self._conductor = conductor_api.ComputeTaskAPI()
        self.hosts = HostAPI(self._compute)
        self.consoles = ConsoleAPI(self._compute)
        self.aggregates = AggregateAPI(self._images, self._conductor)

    @property
    def images(self) -> ImageAPI:
        """The client of the image service, also for the image proxy."""
        return self._images

    @hooks.add_hook("create_instance")
    def create(
        self, context: RequestContext, request: CreateRequest
    ) -> list[Row]:
        """Accept new servers; their rows, in order.

        Raises: Invalid, FlavorNotFound and others of 400; Forbidden,
        OverQuota.
        """
        create.check_networks(request)
        create.check_user_data(request)
        if request.image_ref is None:
            raise exception.InvalidInput(
                reason="imageRef is needed: this cloud has no volume service "
                "to boot from."
            )
        image = self._image(context, request.image_ref)
        return self._create_instance(context, request, image)

    def _image(self, context: RequestContext, image_id: str) -> Image:
        try:
            return self._images.get(context, image_id)
        except exception.ImageNotFound as error:
            raise exception.InvalidInput(
                reason=f"Image {image_id} could not be found."
            ) from error

    def _create_instance(
        self, context: RequestContext, request: CreateRequest, image: Image
    ) -> list[Row]:
        flavor, key_data, placement = provisioning.look_up(context, request)
        create.check_image(image, flavor)
        request = dataclasses.replace(
            request,
            config_drive=injection.needs_drive(
                request.config_drive or CONF.force_config_drive,
                image.properties,
                request.files,
            ),
        )
        make = functools.partial(
            create.rows, context, request, flavor, image, key_data, placement
        )
        rows, ids = self._provision_instances(context, request, flavor, make)
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
    ) -> tuple[list[Row], list[int]]:
        """Write as many servers as the quota has room for."""
        each = {
            "instances": 1,
            "cores": flavor["vcpus"],
            "ram": flavor["memory_mb"],
        }
        return provisioning.insert(context, request, each, make)

    def delete(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Accept a delete; one that is accepted already is no error.

        Where deletions can be taken back this is the first half of one.
        Raises: InstanceIsLocked, InstanceInvalidState.
        """
        if not deferred_delete.is_soft(row, CONF.reclaim_instance_interval):
            self.force_delete(context, row)
            return
        wanted = transitions.SOFT_DELETE
        begin.check(context, row, wanted)
        if deferred_delete.is_accepted(row):
            return
        if row["host"] is None:
            deferred_delete.delete_without_host(context, row)
            return
        self._act(context, row, wanted, updates=deferred_delete.marks())

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
        host, action_id = accepted
        if host is not None:
            self._compute.terminate_instance(
                context, host, action_id, row["uuid"]
            )
        elif action_id is not None:
            self._conductor.delete_instance(context, action_id)
        else:
            # Nobody had begun with it: it is gone already.
            for phase in (notices.START, notices.END):
                notices.operation(
                    context, transitions.DELETE.name, row["uuid"], phase, ""
                )

    def restore(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Take a soft delete back. Raises: OverQuota."""
        begin.check(context, row, transitions.RESTORE)
        if row["host"] is None:
            deferred_delete.restore_without_host(context, row)
            return
        self._act(
            context,
            row,
            transitions.RESTORE,
            also=deferred_delete.check_quota,
        )

    def rebuild(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        request: RebuildRequest,
    ) -> None:
        """Give a server a new root disk, of the same image or another.

        Raises: InvalidInput and others of 400, LimitExceeded.
        """
        begin.check(context, row, transitions.REBUILD)
        _host_of(row)
        image = self._image(context, request.image_ref)
        values = rebuild.updates(context, row, request, image)
        same = image.id == row["image_ref"]
        self._act(
            context,
            row,
            transitions.REBUILD if same else transitions.REBUILD_WITH_IMAGE,
            arguments={
                "stopped": row["vm_state"] == vm_states.STOPPED,
                "preserve_ephemeral": request.preserve_ephemeral,
                "before": {
                    name: row[name] for name in ("image_ref", "image_meta")
                },
            },
            updates=values,
        )

    def rescue(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        image_ref: str | None,
        password: str,
    ) -> None:
        """Start a server from an image, its own when None is named.

        ``password`` is on the config drive that a rescued server has for
        itself, if it has one at all.

        Raises: UnsupportedRescueImage, InstanceNotRescuable.
        """
        begin.check(context, row, transitions.RESCUE)
        self._act(
            context,
            row,
            transitions.RESCUE,
            arguments={"image": self._rescue_image(context, row, image_ref)},
            updates={"sealed": injection.seal(password, ())}
            if row["config_drive"]
            else None,
        )

    def _rescue_image(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        image_ref: str | None,
    ) -> Row:
        if image_ref is None:
            if not row["image_ref"]:
                raise exception.InstanceNotRescuable(
                    instance_id=row["uuid"],
                    reason="it has no image; name one to start it from.",
                )
            return {**row["image_meta"], "id": row["image_ref"]}
        try:
            image = self._images.get(context, image_ref)
        except exception.ImageNotFound as error:
            raise exception.UnsupportedRescueImage(image=image_ref) from error
        create.check_bootable(image)
        return create.image_meta(image)

    def unrescue(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Start a rescued server from its own disk again."""
        self._act(context, row, transitions.UNRESCUE)

    def pause(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Stop a server's processors."""
        self._act(context, row, transitions.PAUSE)

    def unpause(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Let a paused server go on."""
        self._act(context, row, transitions.UNPAUSE)

    def start(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Start a server that is off."""
        self._act(context, row, transitions.START)

    def stop(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Shut a server down, by force when it does not obey."""
        self._act(context, row, transitions.STOP)

    def reboot(
        self, context: RequestContext, row: Mapping[str, Any], kind: str
    ) -> None:
        """Reboot a server; ``kind`` is SOFT or HARD."""
        self._act(
            context,
            row,
            transitions.HARD_REBOOT
            if kind == "HARD"
            else transitions.SOFT_REBOOT,
        )

    def suspend(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Save a server's memory and stop it."""
        self._act(context, row, transitions.SUSPEND)

    def resume(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Let a suspended server go on."""
        self._act(context, row, transitions.RESUME)

    def trigger_crash_dump(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Make a server's kernel dump itself."""
        self._act(context, row, transitions.TRIGGER_CRASH_DUMP)

    def set_admin_password(
        self, context: RequestContext, row: Mapping[str, Any], password: str
    ) -> None:
        """Change a password inside a server; returns when it is done.

        Raises: PasswordNotSupported, PasswordNotSet, NotSupported,
        MessagingUnavailable.
        """
        self._act(context, row, transitions.CHANGE_PASSWORD, password=password)

    def inject_network_info(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Only check that it may be asked: no driver has a use for it.

        Raises: InstanceIsLocked, InstanceNotReady.
        """
        begin.check_lock(context, row)
        _host_of(row)

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

    def shelve(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Make an image of a server and take its guest away.

        Raises: Forbidden and others of the image service.
        """
        name = f"{row['display_name']}-shelved"
        image = self._describe(context, row, name, "snapshot", {})
        marks = row["system_metadata"]
        self._act(
            context,
            row,
            transitions.SHELVE,
            {"former_image_id": shelved.image_id(marks)},
            {"system_metadata": {**marks, shelved.IMAGE_ID: image.id}},
            image=image,
        )

    def shelve_offload(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Take a shelved server off its host."""
        self._act(context, row, transitions.SHELVE_OFFLOAD)

    def unshelve(
        self, context: RequestContext, row: Mapping[str, Any], wishes: Wishes
    ) -> None:
        """Make a guest of a shelved server again.

        Raises: UnshelveInstanceInvalidState, UnshelveHostNotInAZ,
        InvalidInput.
        """
        wanted = transitions.UNSHELVE
        begin.check(context, row, wanted)
        spec = unshelving.request_spec(row, wishes)
        arguments = {"host": wishes.host} if wishes.host else None
        self._act(context, row, wanted, arguments, {"request_spec": spec})

    def snapshot(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        name: str,
        properties: Mapping[str, str],
    ) -> str:
        """Make an image of a server; the image's id.

        Raises: Forbidden and others of the image service.
        """
        image = self._describe(context, row, name, "snapshot", properties)
        self._act(context, row, transitions.SNAPSHOT, image=image)
        return image.id

    def backup(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        name: str,
        backup_type: str,
        rotation: int,
        properties: Mapping[str, str],
    ) -> str:
        """Make an image of a server and keep ``rotation`` of its kind.

        Raises: InvalidInput for a server without an image; Forbidden and
        others of the image service.
        """
        if not row["image_ref"]:
            raise exception.InvalidInput(
                reason="Backup is not supported for volume-backed instances."
            )
        image = self._describe(
            context,
            row,
            name,
            "backup",
            {"backup_type": backup_type, **properties},
        )
        arguments = {"backup_type": backup_type, "rotation": rotation}
        self._act(context, row, transitions.BACKUP, arguments, image=image)
        return image.id

    def _describe(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        name: str,
        image_type: str,
        properties: Mapping[str, str],
    ) -> ServerImage:
        return server_image.describe(
            context,
            row,
            name,
            image_type,
            CONF.non_inheritable_image_properties,
            properties,
        )

    def resize(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        flavor_ref: str,
        disk_config: str | None = None,
    ) -> None:
        """Give a server another flavor, to be confirmed or reverted.

        ``disk_config``: AUTO or MANUAL; None leaves it as it is. Raises:
        AutoDiskConfigDisabledByImage, Invalid, CannotResizeToSameFlavor,
        CannotResizeDisk, FlavorTooSmall, OverQuota.
        """
        begin.check(context, row, transitions.RESIZE)
        _host_of(row)
        new = resize.new_flavor(context, row, flavor_ref)
        flavors = {"old_flavor": resize.with_id(row), "new_flavor": new}
        self._act(
            context,
            row,
            transitions.RESIZE,
            flavors,
            resize.disk_config(row, disk_config),
            resize.reserve(row, new),
        )

    def migrate(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        host: str | None = None,
    ) -> None:
        """Move a server with its disks while it is off.

        Raises: Invalid, CannotMigrateToSameHost.
        """
        begin.check(context, row, transitions.MIGRATE)
        _host_of(row)
        if host is not None:
            resize.check_host(row, host)
        flavor = resize.with_id(row)
        self._act(
            context,
            row,
            transitions.MIGRATE,
            {"old_flavor": flavor, "new_flavor": flavor, "host": host},
        )

    def confirm_resize(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Let a resized server's earlier disks go.

        Raises: MigrationNotFoundByStatus.
        """
        wanted = transitions.CONFIRM_RESIZE
        begin.check(context, row, wanted)
        more = resize.ending(row, "confirming")
        self._act(context, row, wanted, **more)

    def revert_resize(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Let a resized server be what it was.

        Raises: MigrationNotFoundByStatus, OverQuota.
        """
        wanted = transitions.REVERT_RESIZE
        begin.check(context, row, wanted)
        more = resize.ending(row, "reverting")
        self._act(context, row, wanted, **more)

    def _act(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        wanted: Transition,
        arguments: Mapping[str, Any] | None = None,
        updates: Mapping[str, Any] | None = None,
        also: Callable[[Any, Row], None] | None = None,
        image: ServerImage | None = None,
        **message: Any,
    ) -> None:
        """Accept an operation and tell who is to run it.

        ``image``: is made before anybody is told, and ``image_id`` among the
        arguments; ``message``: what goes with the message and is not kept.
        Raises: InstanceIsLocked, InstanceInvalidState, InstanceNotReady.
        """
        begin.check(context, row, wanted)
        host = None
        if wanted.target is Target.HOST:
            host = _host_of(row)
        if image is not None:
            arguments = {**(arguments or {}), "image_id": image.id}
        action_id = begin.begin(context, row, wanted, arguments, updates, also)
        if image is not None:
            self._make(context, row, wanted, action_id, image)
        before = (row["vm_state"], row["task_state"])
        notices.changed(context, row["uuid"], before)
        if host is None:
            getattr(self._conductor, wanted.rpc_method)(context, action_id)
            return
        getattr(self._compute, wanted.rpc_method)(
            context, host, action_id, row["uuid"], **message
        )

    def _make(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        wanted: Transition,
        action_id: int,
        image: ServerImage,
    ) -> None:
        """Make the image of an accepted action, or take the action back.

        Raises: Conflict when the action has ended meanwhile.
        """
        try:
            image.make(context, self._images)
        except Exception as error:
            # Whatever it was: without an image there is nothing to do.
            begin.withdraw(row, wanted, action_id, str(error))
            with contextlib.suppress(exception.NovaLiteException):
                image.unmake(context, self._images)
            raise
        if begin.has_failed(action_id):
            # A delete came, or the service was slower than the sweep.
            image.unmake(context, self._images)
            raise exception.Conflict(
                f"The {wanted.action} of instance {row['uuid']} was given up "
                "before its image was made."
            )

    def get_console_output(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        length: int | None = None,
    ) -> str:
        """The last ``length`` lines of the console, all when None.

        Raises: InstanceNotReady, ConsoleNotAvailable, MessagingUnavailable.
        """
        return self._compute.get_console_output(
            context,
            _host_of(row),
            row["uuid"],
            -1 if length is None else length,
        )

    def get_diagnostics(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the hypervisor tells of the guest, in its own form.

        Raises: InstanceNotReady, InstanceInvalidState, MessagingUnavailable.
        """
        return self._compute.get_diagnostics(
            context, _host_of(row), row["uuid"]
        )

    def get_instance_diagnostics(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> InstanceDiagnostics:
        """The same in the form that all hypervisors share.

        Raises: InstanceNotReady, InstanceInvalidState, MessagingUnavailable.
        """
        return self._compute.get_instance_diagnostics(
            context, _host_of(row), row["uuid"]
        )

    def external_instance_event(
        self,
        context: RequestContext,
        events: Mapping[str, list[InstanceExternalEvent]],
    ) -> None:
        """Tell each host what other services say of its servers."""
        for host, those in events.items():
            self._compute.external_instance_event(context, host, those)


def _host_of(row: Mapping[str, Any]) -> str:
    """Raises: InstanceNotReady for a server that has no host yet."""
    if not row["host"]:
        raise exception.InstanceNotReady(instance_id=row["uuid"])
    return str(row["host"])


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
        if idle and shelved.image_id(found["system_metadata"]) is None:
            deletion.bury_instance(session, uuid, deleted_by=row.name)
            return None, None
        return host, queued
