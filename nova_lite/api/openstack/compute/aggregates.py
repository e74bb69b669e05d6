# SPDX-License-Identifier: Apache-2.0
"""The os-aggregates resource: sets of hosts, for administrators."""

from __future__ import annotations

from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import aggregates as schemas
from nova_lite.api.openstack.compute.views import aggregates as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import aggregate
from nova_lite.policies import aggregates as policies

_ZONE = aggregate.ZONE


class AggregatesController(common.Controller):
    """/os-aggregates and what is below it."""

    @operation(query=schemas.QUERY, answer={"aggregates": [views.FULL]})
    def index(self, request: Request) -> dict[str, Any]:
        """List the aggregates."""
        policy.authorize(request.context, policies.INDEX)
        rows = common.read(aggregate.list_)
        version = request.version
        return {
            "aggregates": [views.FULL.show(version, row, None) for row in rows]
        }

    @operation(body=schemas.CREATE, answer={"aggregate": views.NEW})
    def create(self, request: Request, body: Any) -> dict[str, Any]:
        """Create an aggregate without hosts."""
        context = request.context
        policy.authorize(context, policies.CREATE)
        asked = body["aggregate"]
        row = self.compute_api.aggregates.create(
            context, asked["name"].strip(), asked.get(_ZONE)
        )
        return {"aggregate": views.NEW.show(request.version, row, None)}

    @operation(query=schemas.QUERY, answer={"aggregate": views.FULL})
    def show(self, request: Request, aggregate_id: str) -> dict[str, Any]:
        """Show an aggregate."""
        policy.authorize(request.context, policies.SHOW)
        row = common.read(aggregate.get, _number(aggregate_id))
        return _shown(request, row)

    @operation(body=schemas.UPDATE, answer={"aggregate": views.FULL})
    def update(
        self, request: Request, aggregate_id: str, body: Any
    ) -> dict[str, Any]:
        """Rename an aggregate, or change its zone."""
        context = request.context
        policy.authorize(context, policies.UPDATE)
        asked = body["aggregate"]
        name = asked.get("name")
        row = self.compute_api.aggregates.update(
            context,
            _number(aggregate_id),
            action="update",
            name=None if name is None else name.strip(),
            metadata={_ZONE: asked[_ZONE]} if _ZONE in asked else None,
        )
        return _shown(request, row)

    @operation()
    def delete(self, request: Request, aggregate_id: str) -> None:
        """Delete an aggregate that has no hosts."""
        policy.authorize(request.context, policies.DELETE)
        self.compute_api.aggregates.delete(
            request.context, _number(aggregate_id)
        )

    @operation(body=schemas.ADD_HOST, answer={"aggregate": views.FULL})
    def add_host(
        self, request: Request, aggregate_id: str, body: Any
    ) -> dict[str, Any]:
        """Add a host."""
        policy.authorize(request.context, policies.ADD_HOST)
        row = self.compute_api.aggregates.add_host(
            request.context, _number(aggregate_id), body["add_host"]["host"]
        )
        return _shown(request, row)

    @operation(body=schemas.REMOVE_HOST, answer={"aggregate": views.FULL})
    def remove_host(
        self, request: Request, aggregate_id: str, body: Any
    ) -> dict[str, Any]:
        """Remove a host."""
        policy.authorize(request.context, policies.REMOVE_HOST)
        row = self.compute_api.aggregates.remove_host(
            request.context,
            _number(aggregate_id),
            body["remove_host"]["host"],
        )
        return _shown(request, row)

    @operation(body=schemas.SET_METADATA, answer={"aggregate": views.FULL})
    def set_metadata(
        self, request: Request, aggregate_id: str, body: Any
    ) -> dict[str, Any]:
        """Set keys of the metadata; a null removes one."""
        policy.authorize(request.context, policies.SET_METADATA)
        row = self.compute_api.aggregates.update(
            request.context,
            _number(aggregate_id),
            action="set_metadata",
            metadata=body["set_metadata"]["metadata"],
        )
        return _shown(request, row)

    @operation(since="2.81", body=schemas.IMAGES, status=202)
    def images(self, request: Request, aggregate_id: str, body: Any) -> None:
        """Have the hosts fetch images before servers need them."""
        policy.authorize(request.context, policies.IMAGES)
        ids = [image["id"] for image in body["cache"]]
        if len(set(ids)) != len(ids):
            raise exception.Invalid("Each image may be named only once.")
        try:
            self.compute_api.aggregates.cache_images(
                request.context, _number(aggregate_id), ids
            )
        except exception.ImageNotFound as error:
            raise exception.Invalid(error.format_message()) from error


def _shown(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    return {"aggregate": views.FULL.show(request.version, row, None)}


def _number(text: str) -> int:
    """An aggregate's id. Raises: Invalid, AggregateNotFound."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise exception.Invalid(
            f"The id of an aggregate is a number, not '{text[:40]}'."
        )
    if digits != text or len(text) > 9:
        # Below zero, or more than a column can hold, is nobody's number.
        raise exception.AggregateNotFound(aggregate_id=text[:40])
    return int(text)
