# SPDX-License-Identifier: Apache-2.0
"""What the network service tells of servers that nobody waits for.

Lives in nova-lite-compute; each piece of news is a job of the manager's pool.
"""

from __future__ import annotations

from oslo_log import log as logging

from nova_lite import concurrency, exception
from nova_lite.compute.info_cache import InfoCache
from nova_lite.compute.locks import InstanceLocks
from nova_lite.compute.operations import specs
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.network import model
from nova_lite.objects.external_event import InstanceExternalEvent
from nova_lite.objects.instance import Instance
from nova_lite.virt.driver import ComputeDriver

LOG = logging.getLogger(__name__)

CHANGED = "network-changed"
VIF_DELETED = "network-vif-deleted"


class NetworkNews:
    """Keeps guests and what is known of them as the service has it."""

    def __init__(
        self,
        host: str,
        driver: ComputeDriver,
        locks: InstanceLocks,
        cache: InfoCache,
        pool: concurrency.Executor,
    ) -> None:
        self._host = host
        self._driver = driver
        self._locks = locks
        self._cache = cache
        self._pool = pool

    def take(self, event: InstanceExternalEvent) -> bool:
        """Whether an event is such news; it is seen to then."""
        if event.name == CHANGED:
            self._cache.suspect([event.instance_uuid])
            self._read(event.instance_uuid)
        elif event.name == VIF_DELETED and event.tag:
            self._pool.submit(self._deleted, event.instance_uuid, event.tag)
        else:
            return False
        return True

    def after_operation(self, uuid: str) -> None:
        """Read anew what could not be while the server was locked."""
        if self._cache.is_suspect(uuid):
            self._read(uuid)

    def _read(self, uuid: str) -> None:
        self._pool.submit(self._cache.refresh, get_admin_context(), uuid)

    def _deleted(self, uuid: str, port_id: str) -> None:
        """Take an interface from a guest whose port somebody has deleted."""
        context = get_admin_context()
        with self._locks.hold(uuid):
            try:
                self._take_away(context, uuid, port_id)
            except exception.NovaLiteException as error:
                # With its next start the guest has it no more.
                LOG.warning(
                    "Interface %s of %s stays: %s", port_id, uuid, error
                )

    def _take_away(
        self, context: RequestContext, uuid: str, port_id: str
    ) -> None:
        instance = Instance.get_by_uuid(context, uuid)
        info = model.load(instance.network_info)
        gone = [vif for vif in info if vif.id == port_id]
        if not gone or instance.host != self._host or instance.deleted:
            return
        left = model.dump([vif for vif in info if vif.id != port_id])
        if Instance.set_network_info(
            context, uuid, self._host, {"network_info": left}
        ):
            self._cache.wrote(uuid, left)
        self._driver.detach_interface(specs.guest_spec(instance), gone[0])
        LOG.info("Interface %s of %s was deleted", port_id, uuid)
