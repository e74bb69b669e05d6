# SPDX-License-Identifier: Apache-2.0
"""What the API may do with aggregates.

Called by the controller, in the API process. Each change is one transaction
of the repository; the schedulers are then told to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from oslo_config import cfg

from nova_lite.conductor import api as conductor_api
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import aggregate
from nova_lite.image.api import ImageAPI
from nova_lite.notifications import cloud, messenger
from nova_lite.scheduler.client.query import SchedulerQueryClient

CONF = cfg.CONF
P = ParamSpec("P")
T = TypeVar("T")

Row = dict[str, Any]


class AggregateAPI:
    """Aggregates, their hosts, and the images that these fetch ahead."""

    def __init__(
        self, images: ImageAPI, conductor: conductor_api.ComputeTaskAPI
    ) -> None:
        self._images = images
        self._conductor = conductor
        self._scheduler = SchedulerQueryClient()
        self._default_zone: str = CONF.api.default_availability_zone

    def create(
        self, context: RequestContext, name: str, zone: str | None
    ) -> Row:
        """A new aggregate. Raises: AggregateNameExists."""
        asked: Row = {
            "id": None,
            "uuid": None,
            "name": name,
            "hosts": [],
            "aggregate_metadata": {"availability_zone": zone} if zone else {},
        }
        cloud.aggregate(context, "create", "start", asked)
        row = _write(aggregate.create, name, zone)
        cloud.aggregate(context, "create", "end", row)
        return row

    def update(
        self,
        context: RequestContext,
        ident: int,
        *,
        action: str,
        name: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
    ) -> Row:
        """Rename, or change metadata; see repositories.aggregate.update."""
        what = "update_prop" if name is not None else "update_metadata"
        self._begins(context, ident, what)
        row = _write(
            aggregate.update,
            ident,
            action=action,
            name=name,
            metadata=metadata,
        )
        return self._changed(context, row, what)

    def delete(self, context: RequestContext, ident: int) -> None:
        """Raises: AggregateNotFound, InvalidAggregateAction."""
        row = self._begins(context, ident, "delete")
        _write(aggregate.delete, ident)
        if row is not None:
            cloud.aggregate(context, "delete", "end", row)

    def add_host(self, context: RequestContext, ident: int, host: str) -> Row:
        """Raises: AggregateNotFound, ComputeHostNotFound, Conflict."""
        self._begins(context, ident, "add_host", host=host)
        row = _write(aggregate.add_host, ident, host)
        return self._changed(context, row, "add_host", host=host)

    def remove_host(
        self, context: RequestContext, ident: int, host: str
    ) -> Row:
        """Raises: AggregateNotFound, AggregateHostNotFound, Conflict."""
        self._begins(context, ident, "remove_host", host=host)
        row = _write(aggregate.remove_host, ident, host, self._default_zone)
        return self._changed(context, row, "remove_host", host=host)

    def cache_images(
        self, context: RequestContext, ident: int, image_ids: Sequence[str]
    ) -> None:
        """Have the hosts fetch images that the user can see.

        Raises: AggregateNotFound, ImageNotFound, ImageError.
        """
        _read(aggregate.get, ident)
        for image_id in image_ids:
            self._images.get(context, image_id)
        self._conductor.cache_images(context, ident, image_ids)

    def _begins(
        self, context: RequestContext, ident: int, what: str, **more: Any
    ) -> Row | None:
        """Tell that a change begins; the aggregate, if anybody is told.

        Raises: AggregateNotFound.
        """
        if not messenger.enabled():
            return None
        row = _read(aggregate.get, ident)
        cloud.aggregate(context, what, "start", row, **more)
        return row

    def _changed(
        self, context: RequestContext, row: Row, what: str, **more: Any
    ) -> Row:
        cloud.aggregate(context, what, "end", row, **more)
        self._scheduler.hosts_changed(context)
        return row


@db.transaction
def _write(
    fn: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    with db.writer() as session:
        return fn(session, *args, **kwargs)


@db.transaction
def _read(
    fn: Callable[Concatenate[Any, P], T], *args: P.args, **kwargs: P.kwargs
) -> T:
    with db.reader() as session:
        return fn(session, *args, **kwargs)
