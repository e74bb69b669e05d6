# SPDX-License-Identifier: Apache-2.0
"""What other daemons call to have something done by conductor."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging
from oslo_versionedobjects import base as ovo_base

from nova_lite import baserpc, exception
from nova_lite.conductor import rpcapi
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.objects import base

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

_WAIT_MAX_S = 5.0
_ONCE_S = 5


class ComputeTaskAPI:
    """Directs builds and host-less deletes to conductor."""

    def __init__(self) -> None:
        self._rpcapi = rpcapi.ComputeTaskAPI()

    def build_instances(
        self, context: RequestContext, actions: Sequence[int]
    ) -> None:
        """Have these queued builds scheduled and sent to their hosts."""
        self._rpcapi.build_instances(context, actions)

    def delete_instance(self, context: RequestContext, action: int) -> None:
        """Have a server deleted that is on no host."""
        self._rpcapi.delete_instance(context, action)

    def resize_instance(self, context: RequestContext, action: int) -> None:
        """Have room found for a resize, and the resize sent to its host."""
        self._rpcapi.migrate_server(context, action)

    def migrate_instance(self, context: RequestContext, action: int) -> None:
        """The same for a cold migration."""
        self._rpcapi.migrate_server(context, action)

    def rebuild_instance(self, context: RequestContext, action: int) -> None:
        """Have a rebuild with another image checked and sent to its host."""
        self._rpcapi.rebuild_instance(context, action)

    def unshelve_instance(self, context: RequestContext, action: int) -> None:
        """Have a host found for a shelved server that has none."""
        self._rpcapi.unshelve_instance(context, action)

    def cache_images(
        self, context: RequestContext, aggregate: int, images: Sequence[str]
    ) -> None:
        """Have the hosts of an aggregate fetch images. May be lost."""
        self._rpcapi.cache_images(context, aggregate, images)

    def sweep(self, context: RequestContext) -> None:
        """Have the journal looked through now."""
        self._rpcapi.sweep(context)


class ObjectIndirection(ovo_base.VersionedObjectIndirectionAPI):
    """``indirection_api`` of the objects in a process without a database.

    A call that gets no answer is sent again, for ever: the work is at hand
    and its result must not be lost to an outage of broker or conductor.
    Every remotable method can be repeated. Three are not, and not waited for
    long: a heartbeat, since the next one is fresher, the sign-off of a
    process that ends, since conductor may have ended before it, and the use
    of a console's token, for which a user waits.
    """

    _ONCE = frozenset({"report", "leave", "redeem"})

    def __init__(self) -> None:
        self._rpcapi = rpcapi.ConductorAPI()

    def wait_until_ready(self) -> None:
        """Return when a conductor answers; for a daemon that begins."""
        ping = baserpc.BaseAPI(rpcapi.TOPIC).ping
        wait = 0.1
        while True:
            try:
                ping(get_admin_context(), timeout_s=1)
            except exception.MessagingUnavailable:
                LOG.info("Waiting for a conductor")
            else:
                return
            time.sleep(wait)
            wait = min(wait * 2, _WAIT_MAX_S)

    def object_class_action_versions(
        self,
        context: RequestContext,
        objname: str,
        objmethod: str,
        object_versions: Mapping[str, str],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        return self._insist(
            objmethod,
            lambda: self._rpcapi.object_class_action_versions(
                context,
                objname,
                objmethod,
                object_versions,
                args,
                kwargs,
                self._timeout_s(objmethod),
            ),
        )

    def object_action(
        self,
        context: RequestContext,
        objinst: Any,
        objmethod: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> Any:
        return self._insist(
            objmethod,
            lambda: self._rpcapi.object_action(
                context,
                objinst,
                objmethod,
                args,
                kwargs,
                self._timeout_s(objmethod),
            ),
        )

    def _timeout_s(self, objmethod: str) -> int:
        timeout_s: int = CONF.rpc_response_timeout_conductor
        return (
            min(timeout_s, _ONCE_S) if objmethod in self._ONCE else (timeout_s)
        )

    def _insist(self, objmethod: str, send: Callable[[], Any]) -> Any:
        wait = 0.2
        while True:
            try:
                return send()
            except exception.ServiceUnavailable as error:
                if objmethod in self._ONCE:
                    raise
                LOG.warning("%s will be sent again: %s", objmethod, error)
            time.sleep(wait)
            wait = min(wait * 2, _WAIT_MAX_S)


def use_conductor(wait: bool = True) -> None:
    """Make this process's objects reach the database by conductor.

    Returns when there is one, unless it need not ``wait``.
    """
    made = ObjectIndirection()
    if wait:
        made.wait_until_ready()
    base.NovaObject.indirection_api = made
