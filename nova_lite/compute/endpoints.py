# SPDX-License-Identifier: Apache-2.0
"""The messages that name an action of the journal, each for its operation.

The base of nova-lite-compute's manager. A message returns at once; the
operation runs in a pool, so that a long one holds no RPC worker.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import concurrency, exception, manager, rpc
from nova_lite.compute import ports
from nova_lite.compute.info_cache import InfoCache
from nova_lite.compute.instance_events import InstanceEvents
from nova_lite.compute.locks import InstanceLocks
from nova_lite.compute.operations.crash_dump import TriggerCrashDump
from nova_lite.compute.operations.interfaces import (
    AttachInterface,
    DetachInterface,
)
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
from nova_lite.compute.plugging import Plugging
from nova_lite.compute.resource_tracker import ResourceTracker
from nova_lite.compute.virtapi import ComputeVirtAPI
from nova_lite.conductor import api as conductor_api
from nova_lite.conductor.running import Running
from nova_lite.context import RequestContext
from nova_lite.image import api as image_api
from nova_lite.network import api as network_api
from nova_lite.operation import HostServices, Operation
from nova_lite.virt import loader

LOG = logging.getLogger(__name__)
CONF = cfg.CONF


class OperationEndpoints(manager.Manager):
    """Runs operations with what this host has for them."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        conductor_api.use_conductor()
        self._conductor = conductor_api.ComputeTaskAPI()
        self._images = image_api.load(CONF.glance.driver)
        self._network = network_api.load(CONF.neutron.driver)
        self.instance_events = InstanceEvents()
        self._plugging = Plugging(
            self.instance_events,
            self._network,
            CONF.vif_plugging_timeout,
            CONF.vif_plugging_is_fatal,
        )
        self.driver = loader.load_driver(
            CONF.compute_driver,
            ComputeVirtAPI(self._images, self._plugging, self._network),
        )
        self.locks = InstanceLocks()
        self.running = Running()
        self.info_cache = InfoCache(host, self._network, self.locks)
        self.tracker = ResourceTracker(host, self.driver)
        self.leftovers = ports.Leftovers(
            host, self._network, Path(CONF.instances_path) / "making-ports"
        )
        self._operations = concurrency.pool(CONF.compute.operation_threads)
        self._builds = concurrency.pool(CONF.compute.max_concurrent_builds)
        self._snapshots = concurrency.pool(
            CONF.max_concurrent_snapshots or CONF.compute.operation_threads
        )

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

    @rpc.expected_exceptions(exception.NovaLiteException)
    def attach_interface(
        self,
        context: RequestContext,
        action: int,
        instance: str,
        wait: bool,
    ) -> dict[str, Any] | None:
        """Give a guest one more interface; ``wait``: the caller does."""
        if not wait:
            self._run(AttachInterface, context, action, instance)
            return None
        operation = AttachInterface(context, action, instance, self._services)
        self.running.add([action])
        self._work(operation)
        if operation.error is not None:
            raise operation.error
        if operation.made is None:
            raise exception.InterfaceAttachFailed(instance_uuid=instance)
        return operation.made.to_dict()

    def detach_interface(
        self, context: RequestContext, action: int, instance: str
    ) -> None:
        """Take an interface from a guest."""
        self._run(DetachInterface, context, action, instance)

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
            network=self._network,
            info_cache=self.info_cache,
            plugging=self._plugging,
            leftovers=self.leftovers,
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
            self._ended(operation)

    def _ended(self, operation: Operation) -> None:
        """Called when one has ended, well or not."""
