# SPDX-License-Identifier: Apache-2.0
"""nova-lite-compute: the endpoints, each handed to its operation.

An endpoint returns at once; the operation runs in a pool, so that a long
one holds no RPC worker.
"""

from __future__ import annotations

import datetime
import functools
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import concurrency, exception, manager, rpc
from nova_lite.compute import cache, consoles, diagnostics, reclaim
from nova_lite.compute.events import PowerSync
from nova_lite.compute.instance_events import InstanceEvents
from nova_lite.compute.locks import InstanceLocks
from nova_lite.compute.operations.build import Build
from nova_lite.compute.operations.crash_dump import TriggerCrashDump
from nova_lite.compute.operations.delete import Delete
from nova_lite.compute.operations.password import SetAdminPassword
from nova_lite.compute.operations.pause import Pause, Unpause
from nova_lite.compute.operations.power import Start, Stop
from nova_lite.compute.operations.reboot import HardReboot, SoftReboot
from nova_lite.compute.operations.rebuild import Rebuild
from nova_lite.compute.operations.rescue import Rescue, Unrescue
from nova_lite.compute.operations.resize import Migrate, Resize
from nova_lite.compute.operations.resize_end import (
    ConfirmResize,
    RevertResize,
)
from nova_lite.compute.operations.shelve import Shelve, ShelveOffload
from nova_lite.compute.operations.snapshot import Backup, Snapshot
from nova_lite.compute.operations.soft_delete import Restore, SoftDelete
from nova_lite.compute.operations.suspend import Resume, Suspend
from nova_lite.compute.operations.unshelve import Unshelve
from nova_lite.compute.reconcile import Reconcile
from nova_lite.compute.resource_tracker import ResourceTracker
from nova_lite.compute.revival import Revival
from nova_lite.compute.usage_audit import UsageAudit
from nova_lite.compute.virtapi import ComputeVirtAPI
from nova_lite.conductor import api as conductor_api
from nova_lite.conductor.running import Running
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.image import api as image_api
from nova_lite.objects.console_auth_token import ConsoleConnection
from nova_lite.objects.diagnostics import InstanceDiagnostics
from nova_lite.objects.external_event import InstanceExternalEvent
from nova_lite.objects.instance import Instance
from nova_lite.objects.migration import Migration
from nova_lite.operation import HostServices, Operation
from nova_lite.virt import loader

LOG = logging.getLogger(__name__)
CONF = cfg.CONF


class ComputeManager(manager.Manager):
    """What nova-lite-compute does when told."""

    target = rpc.Target(version="1.3")
    service_name = "compute"

    def __init__(self, host: str) -> None:
        super().__init__(host)
        conductor_api.use_conductor()
        self._conductor = conductor_api.ComputeTaskAPI()
        self._images = image_api.load(CONF.glance.driver)
        self.driver = loader.load_driver(
            CONF.compute_driver, ComputeVirtAPI(self._images)
        )
        self.locks = InstanceLocks()
        self.running = Running()
        self.instance_events = InstanceEvents()
        self.tracker = ResourceTracker(host, self.driver)
        self._operations = concurrency.pool(CONF.compute.operation_threads)
        self._builds = concurrency.pool(CONF.compute.max_concurrent_builds)
        self._snapshots = concurrency.pool(
            CONF.max_concurrent_snapshots or CONF.compute.operation_threads
        )
        self._power = PowerSync(host, self.driver, self.locks)
        self._audit = UsageAudit(host, CONF.instance_usage_audit_period)
        self._revival = Revival(
            host,
            self.driver,
            CONF.instances_path,
            CONF.resume_guests_state_on_host_boot,
        )
        self._reclaim = reclaim.Reclaim(host, self.driver, self.locks)
        self._reconcile = Reconcile(
            host, self.driver, self.locks, self.tracker
        )

    # --- the life of the daemon ---

    def init_host(self) -> None:
        self.driver.init_host(self.host)
        if CONF.workarounds.handle_virt_lifecycle_events:
            self._power.listen(self.stop_instance)

    def post_start_hook(self) -> None:
        """Set right what happened while this daemon was away, then work."""
        context = get_admin_context()
        self.tracker.update_available_resource(context)
        self._reconcile.look(context)
        self._revival.look(context, self.hard_reboot_instance)
        self._power.look(context, self.stop_instance)
        self._conductor.sweep(context)

    def drain(self, timeout_s: float) -> None:
        if not self.running.wait_empty(timeout_s):
            LOG.warning(
                "Stopping with operations in hand; their journal keeps them"
            )

    def cleanup_host(self) -> None:
        self.driver.cleanup_host()

    def running_actions(self) -> list[int]:
        return self.running.ids()

    # --- messages ---

    def build_and_run_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Run a build that the journal has for this host."""
        self._run(Build, context, action, instance, self._builds)

    def terminate_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Run a delete that the journal has for this host."""
        self.instance_events.clear(instance)
        self._run(Delete, context, action, instance)

    def pause_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Stop a guest's processors."""
        self._run(Pause, context, action, instance)

    def unpause_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Let a paused guest go on."""
        self._run(Unpause, context, action, instance)

    def start_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Start a guest that is off."""
        self._run(Start, context, action, instance)

    def stop_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Shut a guest down."""
        self._run(Stop, context, action, instance)

    def soft_reboot_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Let a guest reboot itself."""
        self._run(SoftReboot, context, action, instance)

    def hard_reboot_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Reboot a guest by force."""
        self._run(HardReboot, context, action, instance)

    def suspend_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Save a guest's memory and stop it."""
        self._run(Suspend, context, action, instance)

    def resume_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Let a suspended guest go on."""
        self._run(Resume, context, action, instance)

    def snapshot_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Make an image of a guest's disk."""
        self._run(Snapshot, context, action, instance, self._snapshots)

    def backup_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Make an image of a guest's disk, remove the oldest such."""
        self._run(Backup, context, action, instance, self._snapshots)

    def shelve_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Keep a guest as an image."""
        self._run(Shelve, context, action, instance, self._snapshots)

    def shelve_offload_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Remove the guest of a shelved server."""
        self._run(ShelveOffload, context, action, instance)

    def unshelve_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Make a guest of a server's image."""
        self._run(Unshelve, context, action, instance, self._builds)

    def trigger_crash_dump(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Make a guest's kernel dump itself."""
        self._run(TriggerCrashDump, context, action, instance)

    def rebuild_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Give a guest a new root disk."""
        self._run(Rebuild, context, action, instance, self._builds)

    def rescue_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Start a guest from another disk."""
        self._run(Rescue, context, action, instance)

    def unrescue_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Start a guest from its own disk again."""
        self._run(Unrescue, context, action, instance)

    def soft_delete_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Stop a guest and keep it for a while."""
        self._run(SoftDelete, context, action, instance)

    def restore_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Start a guest whose server is taken back from deletion."""
        self._run(Restore, context, action, instance)

    @rpc.expected_exceptions(exception.Conflict, exception.NotSupported)
    def set_admin_password(
        self,
        context: RequestContext,
        action: int,
        instance: str,
        password: str,
    ) -> None:
        """Change a password in a guest; the caller waits for it."""
        operation = SetAdminPassword(
            context, action, instance, self._services, password
        )
        self.running.add([action])
        self._work(operation)
        if operation.error is not None:
            raise operation.error

    def resize_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Give a guest another flavor, on this host."""
        self._run(Resize, context, action, instance)

    def migrate_instance(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Move a guest's disks, on this host."""
        self._run(Migrate, context, action, instance)

    def confirm_resize(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Remove what a guest had before its resize."""
        self._run(ConfirmResize, context, action, instance)

    def revert_resize(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Let a guest be what it was before its resize."""
        self._run(RevertResize, context, action, instance)

    def get_console_output(
        self, context: RequestContext, instance: str, length: int
    ) -> str:
        """The last ``length`` lines of the console; -1 means all."""
        raw = self.driver.get_console_output(instance, _CONSOLE_BYTES)
        text = raw.decode("utf-8", "replace")
        if length == 0:
            return ""
        if length > 0:
            text = "\n".join(text.split("\n")[-length:])
        return text

    @rpc.expected_exceptions(*consoles.REFUSALS)
    def get_vnc_console(
        self, context: RequestContext, instance: str
    ) -> ConsoleConnection:
        """Where a guest's screen is."""
        return consoles.vnc(self.driver, instance)

    @rpc.expected_exceptions(*consoles.REFUSALS)
    def get_serial_console(
        self, context: RequestContext, instance: str
    ) -> ConsoleConnection:
        """Where a guest's first serial port is."""
        return consoles.serial(self.driver, instance)

    def validate_console_port(
        self,
        context: RequestContext,
        instance: str,
        port: int,
        console_type: str,
    ) -> bool:
        """Whether a guest's console is still at this port."""
        return consoles.is_at(self.driver, instance, port, console_type)

    @rpc.expected_exceptions(exception.InstanceInvalidState)
    def get_diagnostics(
        self, context: RequestContext, instance: str
    ) -> dict[str, Any]:
        """What the hypervisor tells of a running guest, in its own form."""
        return diagnostics.free_form(self.driver, instance)

    @rpc.expected_exceptions(exception.InstanceInvalidState)
    def get_instance_diagnostics(
        self, context: RequestContext, instance: str
    ) -> InstanceDiagnostics:
        """The same in the form that all hypervisors share."""
        return diagnostics.standard(self.driver, instance)

    def external_instance_event(
        self, context: RequestContext, events: list[InstanceExternalEvent]
    ) -> None:
        """Give events of other services to the operations that wait."""
        for event in events:
            self.instance_events.deliver(event)

    def cache_images(
        self, context: RequestContext, images: list[str]
    ) -> dict[str, str]:
        """Fetch images before a server needs them; what became of each."""
        return cache.cache_images(self._images, self.driver, images)

    def set_host_enabled(self, context: RequestContext, enabled: bool) -> str:
        """Let the hypervisor take new guests, or none."""
        return self.driver.set_host_enabled(enabled)

    def host_maintenance_mode(
        self, context: RequestContext, mode: bool
    ) -> str:
        """Begin or end the hypervisor's own maintenance mode."""
        return self.driver.host_maintenance_mode(mode)

    def host_power_action(self, context: RequestContext, action: str) -> str:
        """Start, stop or restart the host itself."""
        return self.driver.host_power_action(action)

    @functools.cached_property
    def _services(self) -> HostServices:
        """Made with the first message: the incarnation is known then."""
        return HostServices(
            host=self.host,
            worker=self.incarnation,
            locks=self.locks,
            driver=self.driver,
            tracker=self.tracker,
            images=self._images,
            conductor=self._conductor,
            instance_events=self.instance_events,
        )

    def _run(
        self,
        kind: type[Operation],
        context: RequestContext,
        action: int,
        instance: str,
        pool: concurrency.Executor | None = None,
    ) -> None:
        """Run an operation in a pool, unless it is in hand already."""
        if not self.running.add([action]):
            LOG.debug("Action %s is in hand already", action)
            return
        operation = kind(context, action, instance, self._services)
        (pool or self._operations).submit(self._work, operation)

    def _work(self, operation: Operation) -> None:
        """Run an operation that is marked as running."""
        try:
            operation.run()
        except Exception:
            # The claim or the end could not be written for a reason
            # other than an outage: the heartbeat gives the row back.
            LOG.exception("Action %s broke off", operation.action_id)
        finally:
            self.running.remove([operation.action_id])
            self._power.after_operation(
                operation.instance_uuid,
                isinstance(operation, Delete),
                self.stop_instance,
            )

    # --- periodic ---

    @manager.periodic(spacing=CONF.compute.update_resources_interval)
    def update_available_resource(self, context: RequestContext) -> None:
        """Report what this host has."""
        self.tracker.update_available_resource(context)

    @manager.periodic(spacing=min(60, CONF.resize_confirm_window or 60))
    def confirm_old_resizes(self, context: RequestContext) -> None:
        """Confirm what nobody has confirmed or reverted in time."""
        window_s = CONF.resize_confirm_window
        if window_s:
            for action, instance in Migration.confirm_overdue(
                context, self.host, window_s
            ):
                self.confirm_resize(context, action, instance)

    @manager.periodic(spacing=60, run_immediately=True)
    def instance_usage_audit(self, context: RequestContext) -> None:
        """Count what ran on this host, once for each period."""
        if CONF.instance_usage_audit:
            self._audit.look(context, datetime.datetime.now(datetime.UTC))

    @manager.periodic(spacing=CONF.sync_power_state_interval)
    def sync_power_states(self, context: RequestContext) -> None:
        """Compare the guests' power states with the database."""
        self._power.look(context, self.stop_instance)

    @manager.periodic(
        spacing=reclaim.spacing_s(CONF.reclaim_instance_interval)
    )
    def reclaim_queued_deletes(self, context: RequestContext) -> None:
        """Delete what was soft-deleted long enough ago."""
        self._reclaim.look(
            context, CONF.reclaim_instance_interval, self.terminate_instance
        )

    @manager.periodic(spacing=CONF.image_cache.manager_interval)
    def run_image_cache_manager(self, context: RequestContext) -> None:
        """Remove images that this host's guests need no more."""
        if CONF.image_cache.remove_unused_base_images:
            self.driver.manage_image_cache(
                CONF.image_cache.remove_unused_original_minimum_age_seconds
            )

    @manager.periodic(spacing=CONF.shelved_poll_interval)
    def poll_shelved_instances(self, context: RequestContext) -> None:
        """Take servers off this host that were shelved long ago."""
        if CONF.shelved_offload_time > 0:
            for one in Instance.begin_offloads(
                context, self.host, CONF.shelved_offload_time
            ):
                self.shelve_offload_instance(
                    context, one["id"], one["instance_uuid"]
                )

    @manager.periodic(spacing=CONF.compute.reconcile_interval)
    def reconcile(self, context: RequestContext) -> None:
        """Compare the hypervisor and the disk with the database."""
        try:
            self._reconcile.look(context)
        except exception.HypervisorUnavailable as error:
            LOG.warning("Cannot reconcile: %s", error)


# What fits into one answer; the API reference promises no more.
_CONSOLE_BYTES = 100 * 1024
