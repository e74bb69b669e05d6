# SPDX-License-Identifier: Apache-2.0
"""Warms the image caches of an aggregate's hosts, a few hosts at a time.

Called by ComputeTaskManager; each host is a job of a small pool, for as long
as its download takes. Nothing is kept of it: an image that was not fetched
is fetched by the first server that needs it.
"""

from __future__ import annotations

from collections.abc import Sequence

from oslo_log import log as logging

from nova_lite import concurrency, exception
from nova_lite.compute import rpcapi
from nova_lite.context import RequestContext
from nova_lite.db.repositories import aggregate as aggregates

LOG = logging.getLogger(__name__)


class CacheImages:
    """Asks hosts to fetch images; ``width`` of them at a time."""

    def __init__(
        self, compute: rpcapi.ComputeAPI, width: int, down_time_s: int
    ) -> None:
        self._compute = compute
        self._down_time_s = down_time_s
        self._pool = concurrency.pool(width)

    def execute(
        self, context: RequestContext, aggregate: int, images: Sequence[str]
    ) -> None:
        """Begin with every host that is up and enabled, and return."""
        hosts = aggregates.working_hosts(aggregate, self._down_time_s)
        LOG.info(
            "%d images for %d hosts of aggregate %d",
            len(images),
            len(hosts),
            aggregate,
        )
        for host in hosts:
            self._pool.submit(self._ask, context, host, list(images))

    def _ask(
        self, context: RequestContext, host: str, images: list[str]
    ) -> None:
        try:
            done = self._compute.cache_images(context, host, images)
        except exception.NovaLiteException as error:
            LOG.warning("Host %s did not cache images: %s", host, error)
        else:
            LOG.info("Image cache of %s: %s", host, done)
