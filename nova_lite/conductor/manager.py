# SPDX-License-Identifier: Apache-2.0
"""nova-lite-conductor: the database's proxy, and the director of tasks."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import baserpc, concurrency, exception, manager, rpc
from nova_lite.compute import rpcapi as compute_rpcapi
from nova_lite.conductor import rpcapi, unfinished_images
from nova_lite.conductor.running import Running
from nova_lite.conductor.sweep import Silence, Sweep
from nova_lite.conductor.tasks import (
    build,
    cache_images,
    delete,
    migrate,
    rebuild,
    soft_delete,
    unshelve,
)
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.db.repositories import console_auth_token, network_agent
from nova_lite.image import api as image_api
from nova_lite.netd import rpcapi as netd_rpcapi
from nova_lite.network import api as network_api
from nova_lite.objects import base
from nova_lite.scheduler.client import query

LOG = logging.getLogger(__name__)
CONF = cfg.CONF


class ConductorManager(manager.Manager):
    """Runs object methods for daemons without a database."""

    target = rpc.Target(version="1.0")
    service_name = "conductor"

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.compute_task = ComputeTaskManager(host)
        self._netd = netd_rpcapi.NetdAPI()
        self.additional_endpoints.append(self.compute_task)

    def object_class_action_versions(
        self,
        context: RequestContext,
        objname: str,
        objmethod: str,
        object_versions: Mapping[str, str],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        """Run a remotable class method."""
        objclass = base.NovaObject.obj_class_from_name(
            objname, object_versions[objname]
        )
        method = _remotable(objclass, objmethod)
        return method(context, *args, **kwargs)

    def object_action(
        self,
        context: RequestContext,
        objinst: Any,
        objmethod: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> tuple[dict[str, Any], Any]:
        """Run a remotable method; what it changed, and its result."""
        result = _remotable(objinst, objmethod)(*args, **kwargs)
        changed = objinst.obj_what_changed()
        updates = {
            name: objinst.fields[name].to_primitive(
                objinst, name, getattr(objinst, name)
            )
            for name in changed
        }
        updates["obj_what_changed"] = sorted(changed)
        return updates, result

    @manager.periodic(spacing=CONF.conductor.token_cleanup_interval)
    def remove_expired_console_tokens(self, context: RequestContext) -> None:
        """Forget the tokens that open nothing any more."""
        removed = console_auth_token.remove_expired()
        if removed:
            LOG.debug("%d console tokens were too old", removed)

    @manager.periodic(spacing=CONF.service_down_time)
    def place_routers(self, context: RequestContext) -> None:
        """Move routers whose agent has died to one that lives."""
        concerned = network_agent.place_orphans(CONF.service_down_time)
        for host in sorted(concerned):
            self._netd.refresh(context, host)

    def post_start_hook(self) -> None:
        self.compute_task.start(self.incarnation)

    def drain(self, timeout_s: float) -> None:
        self.compute_task.stop(timeout_s)

    def running_actions(self) -> list[int]:
        return self.compute_task.running.ids()


def _remotable(owner: Any, name: str) -> Any:
    method = getattr(owner, name, None)
    if not getattr(method, "remotable", False):
        raise exception.Internal(reason=f"{name} may not be called remotely")
    return method


class ComputeTaskManager:
    """Endpoints in the namespace compute_task: thin, the tasks do it."""

    target = rpc.Target(namespace="compute_task", version="1.2")

    def __init__(self, host: str) -> None:
        self.host = host
        self.running = Running()
        self._pool = concurrency.pool(CONF.conductor.build_concurrency)
        self._compute = compute_rpcapi.ComputeAPI()
        self._scheduler = query.SchedulerQueryClient()
        self._images = image_api.load(CONF.glance.driver)
        self._network = network_api.load(CONF.neutron.driver)
        self._worker = ""
        self._sweep: Sweep | None = None
        self._cache_images = cache_images.CacheImages(
            self._compute,
            CONF.image_cache.precache_concurrency,
            CONF.service_down_time,
        )
        self._silence = Silence(*_patience_s(), self._ping)

    def start(self, worker: str) -> None:
        """Begin to sweep, as this incarnation."""
        self._worker = worker
        self._sweep = Sweep(
            self._compute,
            self,
            self._silence,
            [functools.partial(unfinished_images.remove, self._images)],
        )
        self._silence.start()
        self._sweep.start(CONF.conductor.sweep_interval)

    def _ping(self) -> None:
        baserpc.BaseAPI(rpcapi.TOPIC).ping(
            get_admin_context(), server=self.host, timeout_s=2
        )

    def stop(self, timeout_s: float) -> None:
        """Stop sweeping; wait for running tasks."""
        self._silence.stop()
        if self._sweep is not None:
            self._sweep.stop()
        self.running.wait_empty(timeout_s)

    def build_instances(
        self, context: RequestContext, actions: list[int]
    ) -> None:
        """Schedule queued builds and send them to their hosts."""
        task = build.BuildInstances(
            self._worker,
            self.host,
            self._scheduler,
            self._compute,
            self._silence.counts,
        )
        self._run(actions, task.execute, self.delete_instance)

    def unshelve_instance(self, context: RequestContext, action: int) -> None:
        """Find a host for a shelved server, and send it there."""
        task = unshelve.UnshelveInstance(
            self._worker,
            self.host,
            self._scheduler,
            self._compute,
            self._silence.counts,
        )
        self._run([action], task.execute, self.delete_instance)

    def delete_instance(self, context: RequestContext, action: int) -> None:
        """Delete a server that is on no host, or on one that is down."""
        task = delete.DeleteInstance(
            self._worker, self.host, self._images, self._network
        )
        self._run([action], task.execute, None)

    def migrate_server(self, context: RequestContext, action: int) -> None:
        """Find room for a resize or migration, and send it to its host."""
        task = migrate.MigrateServer(
            self._worker,
            self.host,
            self._scheduler,
            self._compute,
            self._silence.counts,
        )
        self._run([action], task.execute, None)

    def rebuild_instance(self, context: RequestContext, action: int) -> None:
        """Check a rebuild with another image, and send it to its host."""
        task = rebuild.RebuildInstance(
            self._worker, self.host, self._scheduler, self._compute
        )
        self._run([action], task.execute, None)

    def _soft_delete_instance(
        self, context: RequestContext, action: int
    ) -> None:
        """End a soft delete whose host is down."""
        task = soft_delete.SoftDeleteInstance(self._worker, self.host)
        self._run([action], task.execute, None)

    def run_task(
        self, context: RequestContext, operation: str, action: int
    ) -> None:
        """Do conductor's part of an operation; for the sweep, not sent."""
        tasks = {
            "delete": self.delete_instance,
            "migrate": self.migrate_server,
            "rebuild": self.rebuild_instance,
            "resize": self.migrate_server,
            "unshelve": self.unshelve_instance,
            "soft_delete": self._soft_delete_instance,
        }
        tasks[operation](context, action)

    def cache_images(
        self, context: RequestContext, aggregate: int, images: list[str]
    ) -> None:
        """Have the hosts of an aggregate fetch images into their caches."""
        self._cache_images.execute(context, aggregate, images)

    def sweep(self, context: RequestContext) -> None:
        """Look through the journal now."""
        if self._sweep is not None:
            self._sweep.wake()

    def _run(self, actions: list[int], execute: Any, then: Any) -> None:
        mine = self.running.add(actions)
        if not mine:
            return

        def work() -> None:
            follow_ups: list[tuple[RequestContext, int]] = []
            try:
                follow_ups = execute(mine)
            except exception.ServiceUnavailable as error:
                # The rows stay claimed; with the next heartbeat they count
                # as unknown to this process and are queued again.
                LOG.warning("Task interrupted: %s", error)
            except Exception:
                # A fault of ours must not leave the ids marked as running:
                # the sweep tries again and after max_attempts says why.
                LOG.exception("Task failed")
            finally:
                self.running.remove(mine)
            for context, action in follow_ups:
                then(context, action)

        self._pool.submit(work)


# To connect to a broker that is back takes up to 6 s; a heartbeat that is
# sent before a conductor hears is waited for 5 s and lost.
_BACK_AGAIN_S = 12


def _patience_s() -> tuple[float, float]:
    """How long whoever lives may take to say so: after an outage; usually."""
    interval_s: int = CONF.report_interval
    return 2 * interval_s + _BACK_AGAIN_S, interval_s + 2.5
