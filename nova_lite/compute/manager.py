# SPDX-License-Identifier: Apache-2.0
"""nova-lite-compute: its life, what it is asked, and what it looks after.

Servers come and go here; what is done to those that are there stands in the
base, OperationEndpoints.
"""

from __future__ import annotations

import datetime
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception, manager, rpc
from nova_lite.compute import cache, consoles, diagnostics, reclaim
from nova_lite.compute.endpoints import OperationEndpoints
from nova_lite.compute.events import PowerSync
from nova_lite.compute.network_news import NetworkNews
from nova_lite.compute.operations.build import Build
from nova_lite.compute.operations.delete import Delete
from nova_lite.compute.reconcile import Reconcile
from nova_lite.compute.revival import Revival
from nova_lite.compute.usage_audit import UsageAudit
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.objects.console_auth_token import ConsoleConnection
from nova_lite.objects.diagnostics import InstanceDiagnostics
from nova_lite.objects.external_event import InstanceExternalEvent
from nova_lite.objects.instance import Instance
from nova_lite.objects.migration import Migration
from nova_lite.operation import Operation

LOG = logging.getLogger(__name__)
CONF = cfg.CONF


class ComputeManager(OperationEndpoints):
    """What nova-lite-compute does when told."""

    target = rpc.Target(version="1.4")
    service_name = "compute"

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self._power = PowerSync(host, self.driver, self.locks)
        self._audit = UsageAudit(host, CONF.instance_usage_audit_period)
        self._revival = Revival(
            host,
            self.driver,
            CONF.instances_path,
            CONF.resume_guests_state_on_host_boot,
        )
        self._news = NetworkNews(
            host, self.driver, self.locks, self.info_cache, self._operations
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
        self.info_cache.suspect(
            [
                row["uuid"]
                for row in Instance.list_on_host(context, self.host)
                if row["networked"]
            ]
        )
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

    def _ended(self, operation: Operation) -> None:
        """See to what was told of the server meanwhile."""
        self._news.after_operation(operation.instance_uuid)
        self._power.after_operation(
            operation.instance_uuid,
            isinstance(operation, Delete),
            self.stop_instance,
        )

    # --- servers come and go ---

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

    # --- questions and messages that no action stands behind ---

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
            if not self._news.take(event):
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

    # --- periodic ---

    @manager.periodic(spacing=CONF.compute.update_resources_interval)
    def update_available_resource(self, context: RequestContext) -> None:
        """Report what this host has."""
        self.tracker.update_available_resource(context)

    @manager.periodic(
        spacing=CONF.heal_instance_info_cache_interval or -1,
        run_immediately=True,
    )
    def heal_instance_info_cache(self, context: RequestContext) -> None:
        """Read the interfaces of a server anew that may be known wrong."""
        # A service that does not answer holds no other task up.
        self._operations.submit(self.leftovers.look, context)
        self._operations.submit(self.info_cache.heal, context)

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
