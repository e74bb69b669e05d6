# SPDX-License-Identifier: Apache-2.0
"""The flavors resource."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute import extra_specs
from nova_lite.api.openstack.compute.schemas import flavors as schemas
from nova_lite.api.openstack.compute.views.flavors import BRIEF, FULL, View
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Value
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import flavor
from nova_lite.notifications import cloud, messenger
from nova_lite.policies import flavors as policies

_BRIEF = ("flavorid", "name", "description")


class FlavorsController(common.Controller):
    """GET, POST /flavors; GET, PUT, DELETE /flavors/{id}."""

    @operation(query=schemas.INDEX, answer={"flavors": [BRIEF]})
    def index(self, request: Request) -> dict[str, Any]:
        """List flavors: id, name and links."""
        return self._list(request, detail=False)

    @operation(query=schemas.INDEX, answer={"flavors": [FULL]})
    def detail(self, request: Request) -> dict[str, Any]:
        """List flavors with everything."""
        return self._list(request, detail=True)

    def _list(self, request: Request, *, detail: bool) -> dict[str, Any]:
        limit, marker = common.page_of(request, self.settings.max_limit)
        context = request.context
        is_public: bool | None = True
        project_id: str | None = context.project_id or ""
        if context.is_admin:
            is_public = _public_filter(request.one("is_public"))
            # All private ones, too, when these are asked for.
            project_id = context.project_id or "" if is_public else None
        if is_public:
            # The public ones, and those that the project has access to.
            is_public = None
        rows = common.read(
            flavor.list_,
            flavor.FlavorQuery(
                project_id=project_id,
                is_public=is_public,
                disabled=None if context.is_admin else False,
                min_memory_mb=_number(request, "minRam"),
                min_root_gb=_number(request, "minDisk"),
                sort_key=request.one("sort_key") or "flavorid",
                sort_dir=request.one("sort_dir") or "asc",
                limit=limit,
                marker=marker,
            ),
            flavor.COLUMNS if detail else _BRIEF,
        )
        return View(request, self.settings).list_(rows, limit, detail=detail)

    @operation(answer={"flavor": FULL})
    def show(self, request: Request, flavor_id: str) -> dict[str, Any]:
        """Show a flavor."""
        row = find(request, flavor_id)
        return {"flavor": View(request, self.settings).full(row)}

    @operation(body=schemas.CREATE, answer={"flavor": FULL})
    def create(self, request: Request, body: Any) -> dict[str, Any]:
        """Create a flavor."""
        context = request.context
        policy.authorize(context, policies.CREATE)
        asked = body["flavor"]
        is_public = common.as_bool(
            asked.get("os-flavor-access:is_public", True)
        )
        # As upstream: the number 0 is none, the text "0" is one.
        ident = str(asked.get("id") or uuid.uuid4())
        _check_length("id", ident)
        row = common.write(
            flavor.create,
            {
                "flavorid": ident,
                "name": asked["name"],
                "memory_mb": int(asked["ram"]),
                "vcpus": int(asked["vcpus"]),
                "root_gb": int(asked["disk"]),
                "ephemeral_gb": int(asked.get("OS-FLV-EXT-DATA:ephemeral", 0)),
                "swap_mb": int(asked.get("swap", 0)),
                "rxtx_factor": float(asked.get("rxtx_factor", 1.0)),
                "is_public": is_public,
                "description": asked.get("description"),
                "extra_specs": {},
            },
        )
        cloud.flavor(context, "create", row, [])
        return {"flavor": View(request, self.settings).full(row)}

    @operation(
        since="2.55",
        body=schemas.UPDATE,
        errors=(),
        answer={"flavor": FULL},
    )
    def update(
        self, request: Request, flavor_id: str, body: Any
    ) -> dict[str, Any]:
        """Change a flavor's description."""
        policy.authorize(request.context, policies.UPDATE)
        values = {"description": body["flavor"]["description"]}
        common.write(flavor.update, flavor_id, values)
        row = common.read(flavor.get, flavor_id)
        _tell(request, flavor_id)
        return {"flavor": View(request, self.settings).full(row)}

    @operation(status=202, errors=())
    def delete(self, request: Request, flavor_id: str) -> None:
        """Delete a flavor."""
        policy.authorize(request.context, policies.DELETE)
        row = None
        if messenger.enabled():
            row = common.read(flavor.get, flavor_id)
        common.write(flavor.delete, flavor_id)
        if row is not None:
            cloud.flavor(request.context, "delete", row)


class FlavorExtraSpecsController(common.Controller):
    """/flavors/{id}/os-extra_specs."""

    @operation()
    def index(self, request: Request, flavor_id: str) -> dict[str, Any]:
        """List the extra specs."""
        policy.authorize(request.context, policies.SPECS_INDEX)
        return {"extra_specs": find(request, flavor_id)["extra_specs"]}

    @operation(body=schemas.CREATE_SPECS)
    def create(
        self, request: Request, flavor_id: str, body: Any
    ) -> dict[str, Any]:
        """Set some extra specs."""
        policy.authorize(request.context, policies.SPECS_CREATE)
        specs = _checked(request, body["extra_specs"])
        common.write(flavor.change_extra_specs, flavor_id, specs)
        _tell(request, flavor_id)
        # As they came; numbers are texts only when they are read.
        return {"extra_specs": body["extra_specs"]}

    @operation()
    def show(
        self, request: Request, flavor_id: str, key: str
    ) -> dict[str, str]:
        """Show one extra spec."""
        policy.authorize(request.context, policies.SPECS_SHOW)
        specs = find(request, flavor_id)["extra_specs"]
        if key not in specs:
            raise exception.FlavorExtraSpecsNotFound(
                flavor_id=flavor_id, extra_specs_key=key
            )
        return {key: specs[key]}

    @operation(body=schemas.UPDATE_SPEC)
    def update(
        self, request: Request, flavor_id: str, key: str, body: Any
    ) -> Any:
        """Set one extra spec."""
        policy.authorize(request.context, policies.SPECS_UPDATE)
        if list(body) != [key]:
            raise exception.ValidationError(
                detail="The key in the body and in the URL are not the same."
            )
        specs = _checked(request, body)
        common.write(flavor.change_extra_specs, flavor_id, specs)
        _tell(request, flavor_id)
        return body

    @operation(errors=())
    def delete(self, request: Request, flavor_id: str, key: str) -> None:
        """Remove one extra spec."""
        policy.authorize(request.context, policies.SPECS_DELETE)
        common.write(flavor.change_extra_specs, flavor_id, {}, key)
        _tell(request, flavor_id)


class FlavorAccessController(common.Controller):
    """/flavors/{id}/os-flavor-access and its two actions."""

    @operation()
    def index(self, request: Request, flavor_id: str) -> dict[str, Any]:
        """List the projects that may use a private flavor."""
        policy.authorize(request.context, policies.ACCESS)
        row = common.read(flavor.get, flavor_id)
        if row["is_public"]:
            raise exception.NotFound(
                "Access list not available for public flavors."
            )
        return _access(row)

    @operation(body=schemas.ADD_ACCESS)
    def add(self, request: Request, flavor_id: str, body: Any) -> Any:
        """Let a project use a flavor."""
        policy.authorize(request.context, policies.ADD_ACCESS)
        tenant = body["addTenantAccess"]["tenant"]
        self.check_project(request, tenant)
        row = common.read(flavor.get, flavor_id)
        if row["is_public"] and _PRIVATE_ONLY.at(request.version):
            raise exception.Conflict("Can not add access to a public flavor.")
        common.write(flavor.add_project, flavor_id, tenant)
        _tell(request, flavor_id)
        return _access(row)

    @operation(body=schemas.REMOVE_ACCESS)
    def remove(self, request: Request, flavor_id: str, body: Any) -> Any:
        """Let a project no longer use a flavor."""
        policy.authorize(request.context, policies.REMOVE_ACCESS)
        row = common.read(flavor.get, flavor_id)
        # The project may be gone by now.
        tenant = body["removeTenantAccess"]["tenant"]
        common.write(flavor.remove_project, flavor_id, tenant)
        _tell(request, flavor_id)
        return _access(row)


def _tell(request: Request, flavor_id: str) -> None:
    """Notify others that something of a flavor has changed."""
    if messenger.enabled():
        row = common.read(flavor.get, flavor_id)
        projects = common.read(flavor.projects, row["id"])
        cloud.flavor(request.context, "update", row, projects)


_PRIVATE_ONLY = Value(False).since("2.7", True)
_LONGEST = 255
_CHECKS_SPECS = Value(False).since("2.86", True)


def _checked(request: Request, specs: Mapping[str, Any]) -> dict[str, str]:
    """Extra specs as texts, checked since 2.86. Raises: ValidationError."""
    texts = {key: str(value) for key, value in specs.items()}
    for key, value in texts.items():
        _check_length(key, value)
    if _CHECKS_SPECS.at(request.version):
        for key, value in texts.items():
            extra_specs.check(key, value)
    return texts


def _check_length(name: str, text: str) -> None:
    """Of a number a schema does not know how long it is as text."""
    if len(text) > _LONGEST:
        raise exception.ValidationError(
            detail=f"{name} has {len(text)} characters, more than {_LONGEST}."
        )


def find(request: Request, flavor_id: str) -> dict[str, Any]:
    """A flavor that this user may know of. Raises: FlavorNotFound."""
    context = request.context
    project_id = None if context.is_admin else context.project_id or ""
    return common.read(flavor.get, flavor_id, project_id)


def _access(row: dict[str, Any]) -> dict[str, Any]:
    projects = common.read(flavor.projects, row["id"])
    return {
        "flavor_access": [
            {"flavor_id": row["flavorid"], "tenant_id": project_id}
            for project_id in projects
        ]
    }


def _public_filter(text: str | None) -> bool | None:
    if text is None:
        return True
    if text.lower() == "none":
        return None
    try:
        return common.as_bool(text)
    except exception.ValidationError:
        raise exception.ValidationError(
            detail=f"Invalid is_public filter [{text}]"
        ) from None


def _number(request: Request, name: str) -> int:
    text = request.one(name) or "0"
    if re.fullmatch("-?[0-9]{1,9}", text) is None:
        raise exception.ValidationError(
            detail=f"Invalid {name} filter [{text}]"
        )
    return int(text)
