# SPDX-License-Identifier: Apache-2.0
"""The os-hypervisors resource, by number or (2.53) by uuid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common, formats
from nova_lite.api.openstack.compute.schemas import hypervisors as schemas
from nova_lite.api.openstack.compute.views import hypervisors as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Fields
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import service_query
from nova_lite.policies import hypervisors as policies

Row = Mapping[str, Any]


class HypervisorsController(common.Controller):
    """/os-hypervisors and what is below it."""

    @operation(
        query=schemas.INDEX,
        errors=(404,),
        answer={"hypervisors": [views.BRIEF]},
    )
    def index(self, request: Request) -> dict[str, Any]:
        """List hypervisors: id, name, state and status."""
        policy.authorize(request.context, policies.LIST)
        return self._list(request, views.BRIEF, "os-hypervisors")

    @operation(
        query=schemas.INDEX,
        errors=(404,),
        answer={"hypervisors": [views.DETAIL]},
    )
    def detail(self, request: Request) -> dict[str, Any]:
        """List hypervisors with everything."""
        policy.authorize(request.context, policies.LIST_DETAIL)
        return self._list(request, views.DETAIL, "os-hypervisors/detail")

    def _list(
        self, request: Request, fields: Fields, path: str
    ) -> dict[str, Any]:
        version = request.version
        limit, marker, pattern = self.settings.max_limit, None, None
        paged = views.PAGED.at(version)
        if paged:
            limit, marker = common.page_of(request, self.settings.max_limit)
        if views.BY_UUID.at(version):
            pattern = request.one("hypervisor_hostname_pattern")
            _check_paging(request, pattern, marker)
        rows = common.read(
            service_query.nodes, pattern, limit if paged else None, marker
        )
        if pattern is not None and not rows:
            raise _no_match(pattern)
        view = self._view(request, rows)
        body: dict[str, Any] = {
            "hypervisors": [
                fields.show(version, row, view)
                for row in rows
                if row["host"] in view.services
            ]
        }
        key = "uuid" if views.BY_UUID.at(version) else "id"
        body |= common.next_page(
            request,
            self.settings,
            "hypervisors_links",
            path,
            limit,
            rows,
            # A pattern gives all at once.
            str(rows[-1][key]) if rows and paged and pattern is None else None,
        )
        return body

    def _view(
        self,
        request: Request,
        rows: Sequence[Row],
        *,
        servers: bool | None = None,
    ) -> views.View:
        if servers is None:
            servers = views.BY_UUID.at(request.version) and common.as_bool(
                request.one("with_servers") or "false"
            )
        services = common.read(
            service_query.services, binary=service_query.COMPUTE
        )
        hosts = [row["host"] for row in rows]
        return views.View(
            {row["host"]: row for row in services},
            self.settings.service_down_time_s,
            common.read(service_query.servers_by_host, hosts)
            if servers
            else None,
            views.EMPTY_SERVERS_SHOWN.at(request.version),
        )

    @operation(query=schemas.SHOW, answer={"hypervisor": views.DETAIL})
    def show(self, request: Request, hypervisor_id: str) -> dict[str, Any]:
        """Show a hypervisor."""
        policy.authorize(request.context, policies.SHOW)
        row = _find(request, hypervisor_id)
        view = self._view(request, [row])
        _check_service(view, row, hypervisor_id)
        return {"hypervisor": views.DETAIL.show(request.version, row, view)}

    @operation(until="2.87", query=schemas.EMPTY)
    def uptime(self, request: Request, hypervisor_id: str) -> dict[str, Any]:
        """Show for how long a hypervisor has been up."""
        policy.authorize(request.context, policies.UPTIME)
        row = _find(request, hypervisor_id)
        view = self._view(request, [row], servers=False)
        _check_service(view, row, hypervisor_id)
        shown = views.BRIEF.show(request.version, row, view)
        if shown["state"] != "up":
            raise exception.ComputeServiceUnavailable(host=row["host"])
        return {"hypervisor": {**shown, "uptime": row["uptime"]}}

    @operation(until="2.87", query=schemas.EMPTY)
    def statistics(self, request: Request) -> dict[str, Any]:
        """Show the sums over all hypervisors."""
        policy.authorize(request.context, policies.STATISTICS)
        rows = common.read(service_query.nodes)
        view = self._view(request, rows, servers=False)
        return {"hypervisor_statistics": views.statistics(rows, view)}

    @operation(until="2.52", query=schemas.EMPTY)
    def search(self, request: Request, hypervisor_id: str) -> dict[str, Any]:
        """Find hypervisors by a part of their name."""
        policy.authorize(request.context, policies.SEARCH)
        return self._matching(request, hypervisor_id, servers=False)

    @operation(until="2.52", query=schemas.EMPTY)
    def servers(self, request: Request, hypervisor_id: str) -> dict[str, Any]:
        """List the servers of the hypervisors of a part of a name."""
        policy.authorize(request.context, policies.SERVERS)
        return self._matching(request, hypervisor_id, servers=True)

    def _matching(
        self, request: Request, pattern: str, *, servers: bool
    ) -> dict[str, Any]:
        rows = common.read(service_query.nodes, pattern)
        if not rows:
            raise _no_match(pattern)
        view = self._view(request, rows, servers=servers)
        return {
            "hypervisors": [
                views.BRIEF.show(request.version, row, view)
                for row in rows
                if row["host"] in view.services
            ]
        }


def _check_paging(
    request: Request, pattern: str | None, marker: str | None
) -> None:
    if marker is not None and not formats.is_uuid(marker):
        raise exception.Invalid(f"Invalid uuid {marker[:60]}")
    if pattern is not None and ("limit" in request.query or marker):
        raise exception.Invalid(
            "Paging and hypervisor_hostname_pattern do not go together."
        )


def _no_match(pattern: str) -> exception.NotFound:
    return exception.NotFound(
        f"No hypervisor matching '{pattern[:255]}' could be found."
    )


def _find(request: Request, key: str) -> dict[str, Any]:
    """A hypervisor by the id that its version knows it by."""
    by_uuid = views.BY_UUID.at(request.version)
    is_number = key.isascii() and key.isdigit()
    if by_uuid and not formats.is_uuid(key):
        raise exception.Invalid(f"Invalid uuid {key[:60]}")
    try:
        if not by_uuid and not is_number:
            raise exception.NotFound()
        return common.read(service_query.node, key)
    except exception.NotFound:
        raise _not_found(key) from None


def _check_service(view: views.View, row: Row, key: str) -> None:
    """Raises: NotFound for what only a deleted service left behind."""
    if row["host"] not in view.services:
        raise _not_found(key)


def _not_found(key: str) -> exception.NotFound:
    return exception.NotFound(
        f"Hypervisor with ID '{key[:60]}' could not be found."
    )
