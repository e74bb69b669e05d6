# SPDX-License-Identifier: Apache-2.0
"""The os-services resource: the daemons, by number or (2.53) by uuid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common, formats
from nova_lite.api.openstack.compute import binaries
from nova_lite.api.openstack.compute.schemas import services as schemas
from nova_lite.api.openstack.compute.views import services as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Value
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import service_query
from nova_lite.policies import services as policies

_CAN_FORCE_DOWN = Value(False).since("2.11", True)


class ServicesController(common.Controller):
    """/os-services and /os-services/{service_id}."""

    @operation(query=schemas.INDEX, answer={"services": [views.SERVICE]})
    def index(self, request: Request) -> dict[str, Any]:
        """List the services."""
        policy.authorize(request.context, policies.LIST)
        rows = common.read(
            service_query.services,
            request.one("host") or None,
            binaries.own(request.one("binary") or "") or None,
        )
        return {"services": [self._show(request, row) for row in rows]}

    def _show(
        self, request: Request, row: Mapping[str, Any]
    ) -> dict[str, Any]:
        return views.SERVICE.show(request.version, row, self.settings)

    @operation(until="2.52", body=schemas.UPDATE_NAMED)
    def update_named(
        self, request: Request, service_id: str, body: Any
    ) -> dict[str, Any]:
        """Enable, disable or force down the service of a host and binary."""
        policy.authorize(request.context, policies.UPDATE)
        verb = service_id
        shown = {"host": body["host"], "binary": body["binary"]}
        values: dict[str, Any]
        if verb == "enable":
            values = {"disabled": False, "disabled_reason": None}
            shown["status"] = "enabled"
        elif verb in ("disable", "disable-log-reason"):
            reason = None
            if verb == "disable-log-reason":
                reason = body.get("disabled_reason")
                if not reason:
                    raise exception.Invalid("Missing disabled reason field")
            values = {"disabled": True, "disabled_reason": reason}
            shown["status"] = "disabled"
            if reason:
                shown["disabled_reason"] = reason
        elif verb == "force-down" and _CAN_FORCE_DOWN.at(request.version):
            if "forced_down" not in body:
                raise exception.Invalid("Missing forced_down field")
            forced = common.as_bool(body["forced_down"])
            values = {"forced_down": forced}
            shown["forced_down"] = forced
        else:
            raise exception.NotFound("Unknown action")
        _check_compute(binaries.own(body["binary"]))
        rows = common.read(
            service_query.services, body["host"], service_query.COMPUTE
        )
        if not rows:
            raise exception.NotFound(
                f"Could not find binary {body['binary']} on host "
                f"{body['host']}."
            )
        self.compute_api.hosts.update_service(
            request.context, rows[0]["id"], values
        )
        return {"service": shown}

    @operation(
        since="2.53",
        body=schemas.UPDATE,
        errors=(),
        answer={"service": views.SERVICE},
    )
    def update(
        self, request: Request, service_id: str, body: Any
    ) -> dict[str, Any]:
        """Enable, disable or force down a compute service."""
        policy.authorize(request.context, policies.UPDATE)
        row = _by_uuid(service_id)
        _check_compute(row["binary"])
        values = _changes(body)
        row = self.compute_api.hosts.update_service(
            request.context, row["id"], values
        )
        return {"service": self._show(request, row)}

    @operation(until="2.52", status=204)
    def delete_numbered(self, request: Request, service_id: str) -> None:
        """Delete a service by its number."""
        policy.authorize(request.context, policies.DELETE)
        digits = service_id.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise exception.Invalid(
                f"The service id must be a number, not '{service_id[:40]}'."
            )
        row = common.read(service_query.service, service_id)
        self.compute_api.hosts.delete_service(request.context, row)

    @operation(since="2.53", status=204)
    def delete(self, request: Request, service_id: str) -> None:
        """Delete a service by its uuid."""
        policy.authorize(request.context, policies.DELETE)
        self.compute_api.hosts.delete_service(
            request.context, _by_uuid(service_id)
        )


def _check_compute(binary: str) -> None:
    if binary != service_query.COMPUTE:
        raise exception.Invalid(
            f"Updating a {binaries.shown(binary)} service is not supported. "
            f"Only {binaries.shown(service_query.COMPUTE)} services can be "
            "updated."
        )


def _by_uuid(service_id: str) -> dict[str, Any]:
    if not formats.is_uuid(service_id):
        raise exception.Invalid(f"Invalid uuid {service_id[:60]}")
    return common.read(service_query.service, service_id)


def _changes(body: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "status" in body:
        disabled = body["status"] == "disabled"
        reason = body.get("disabled_reason")
        if reason and not disabled:
            raise exception.Invalid(
                "Specifying disabled_reason requires the status 'disabled'."
            )
        values["disabled"] = disabled
        values["disabled_reason"] = reason
    if "forced_down" in body:
        values["forced_down"] = common.as_bool(body["forced_down"])
    if not values:
        raise exception.Invalid(
            "No updates were requested. Fields 'status' or 'forced_down' "
            "should be specified."
        )
    return values
