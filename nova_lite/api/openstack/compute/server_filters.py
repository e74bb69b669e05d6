# SPDX-License-Identifier: Apache-2.0
"""From the query of GET /servers to an InstanceQuery.

Who may filter by what, and what upstream does with odd values: here; the
SQL is in db/repositories/instance_query.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oslo_utils import strutils

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute import status
from nova_lite.api.openstack.compute.schemas.server_list import (
    LIST,
    NO_FILTERS,
    SORTED_BY,
    TAG_FILTERS,
)
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Value
from nova_lite.compute import vm_states
from nova_lite.compute.request import InstanceQuery
from nova_lite.policies import servers as policies

# Filters that everybody has, by the version that gave them.
_EVERYBODY = frozenset(
    {
        "all_tenants",
        "changes-since",
        "flavor",
        "image",
        "ip",
        "name",
        "reservation_id",
        "status",
    }
)
_V2_5 = _EVERYBODY | {"ip6"}
_V2_26 = _V2_5 | frozenset(TAG_FILTERS)
_V2_66 = _V2_26 | {"changes-before"}
_V2_73 = _V2_66 | {"locked"}
_V2_83 = _V2_73 | {
    "availability_zone",
    "config_drive",
    "created_at",
    "key_name",
    "launched_at",
    "power_state",
    "progress",
    "task_state",
    "terminated_at",
    "user_id",
    "vm_state",
}
_ALLOWED: Value[frozenset[str]] = (
    Value(_EVERYBODY)
    .since("2.5", _V2_5)
    .since("2.26", _V2_26)
    .since("2.66", _V2_66)
    .since("2.73", _V2_73)
    .since("2.83", _V2_83)
)
_UNKNOWN_STATUS_IS_ERROR = Value(False).since("2.38", True)
_ADMIN_SORT_KEYS = frozenset({"host", "node"})

_REGEXES = {
    "name": "display_name",
    "display_name": "display_name",
    "description": "display_description",
    "display_description": "display_description",
    "hostname": "hostname",
    "access_ip_v4": "access_ip_v4",
    "access_ip_v6": "access_ip_v6",
    # Found anywhere in the column, as upstream does for what is no id.
    "availability_zone": "availability_zone",
    "key_name": "key_name",
    "locked_by": "locked_by",
    "node": "node",
    "reservation_id": "reservation_id",
    "root_device_name": "root_device_name",
}
_EQUAL = {
    "host": "host",
    "image": "image_ref",
    "image_ref": "image_ref",
    "task_state": "task_state",
    "user_id": "user_id",
    "uuid": "uuid",
    "vm_state": "vm_state",
    "flavor": "flavor_id",
}
_NUMBERS = frozenset({"launch_index", "power_state", "progress"})
_BOOLEANS = frozenset({"config_drive", "locked"})
_TIMES = frozenset({"created_at", "launched_at", "terminated_at"})
_ADDRESSES = {"ip": 4, "ip6": 6}


def query_of(
    request: Request, limit: int, marker: str | None, all_rule: str
) -> InstanceQuery:
    """What the query of this request asks of the database.

    Raises: ValidationError, PolicyNotAuthorized, Forbidden.
    """
    wanted = _allowed(request)
    project_id = _project(request, wanted, all_rule)
    filters, regexes = _columns(wanted)
    deleted = _deleted(request, wanted)
    if "status" in wanted:
        deleted = _by_status(request, filters, deleted)
    since = _time(wanted, "changes-since")
    before = _time(wanted, "changes-before")
    if since and before and since > before:
        raise exception.ValidationError(
            detail="The value of changes-since must be less than or equal "
            "to changes-before."
        )
    return InstanceQuery(
        project_id=project_id,
        filters=filters,
        regexes=regexes,
        tags=_tags(wanted),
        addresses={
            version: wanted[name]
            for name, version in _ADDRESSES.items()
            if wanted.get(name)
        },
        changes_since=since,
        changes_before=before,
        deleted=deleted,
        soft_deleted=_soft_deleted(wanted, filters),
        sort=_sort(request),
        limit=limit,
        marker=marker,
    )


def _allowed(request: Request) -> dict[str, str]:
    """The filters of this query that this user may use, last value each.

    What this version does not know is passed over.
    Raises: ValidationError.
    """
    known = LIST.at(request.version)["properties"]
    wanted = {
        name: values[-1]
        for name, values in request.query.items()
        if name in known or name.startswith("_")
    }
    if policy.allows(request.context, policies.ALLOW_ALL_FILTERS):
        for name in wanted:
            if name in NO_FILTERS or name.startswith("_"):
                raise exception.ValidationError(
                    detail=f"Invalid filter field: {name[:60]}."
                )
        return wanted
    names = _ALLOWED.at(request.version)
    project = {"project_id", "tenant_id"} if "all_tenants" in wanted else set()
    return {k: v for k, v in wanted.items() if k in names | project}


def _project(
    request: Request, wanted: Mapping[str, str], all_rule: str
) -> str | None:
    """The one project to look in, or None for all."""
    everywhere = "all_tenants" in wanted and (
        not wanted["all_tenants"] or common.as_bool(wanted["all_tenants"])
    )
    if not everywhere:
        # As upstream: without all_tenants another project is passed over.
        return request.context.project_id or ""
    policy.authorize(request.context, all_rule)
    return wanted.get("project_id") or wanted.get("tenant_id") or None


def _columns(
    wanted: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, str]]:
    filters: dict[str, Any] = {}
    regexes: dict[str, str] = {}
    for name, value in wanted.items():
        if name in _REGEXES:
            if value:
                regexes[_REGEXES[name]] = value
        elif name in _EQUAL:
            none = name == "task_state" and value.lower() in ("none", "")
            filters[_EQUAL[name]] = None if none else value
        elif name in _NUMBERS:
            filters[name] = _number(name, value)
        elif name in _BOOLEANS:
            filters[name] = common.as_bool(value)
        elif name in _TIMES:
            filters[name] = common.parse_time(value)
    return filters, regexes


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.lstrip("-").isdigit() and len(text) < 10):
        raise exception.ValidationError(
            detail=f"{name} must be a whole number, not '{text[:40]}'."
        )
    return int(text)


def _deleted(request: Request, wanted: Mapping[str, str]) -> bool | None:
    if "deleted" in wanted:
        return strutils.bool_from_string(wanted["deleted"])
    # Who asks for changes wants to know of deletions too.
    changes = {"changes-since", "changes-before"}
    return False if changes.isdisjoint(wanted) else None


def _soft_deleted(
    wanted: Mapping[str, str], filters: Mapping[str, Any]
) -> bool | None:
    """Whether soft-deleted servers are asked for, or else None."""
    if "soft_deleted" in wanted:
        return strutils.bool_from_string(wanted["soft_deleted"])
    # Who names their state means them.
    states = filters.get("vm_state", ())
    return True if vm_states.SOFT_DELETED in states else None


def _by_status(
    request: Request, filters: dict[str, Any], deleted: bool | None
) -> bool | None:
    """Add the states of the asked statuses; returns ``deleted``."""
    vms, tasks = status.states_of(request.query["status"])
    if not vms and _UNKNOWN_STATUS_IS_ERROR.at(request.version):
        raise exception.ValidationError(detail="Invalid filter status")
    if not vms:
        filters["uuid"] = []
        return deleted
    filters["vm_state"] = sorted(vms)
    if tasks:
        filters["task_state"] = sorted(t for t in tasks if t is not None)
    if vms != {vm_states.DELETED}:
        return deleted
    if not request.context.is_admin:
        raise exception.Forbidden(
            "Only administrators may list deleted instances"
        )
    return True


def _tags(wanted: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        name: wanted[name].split(",") for name in TAG_FILTERS if name in wanted
    }


def _time(wanted: Mapping[str, str], name: str) -> Any:
    return common.parse_time(wanted[name]) if wanted.get(name) else None


def _sort(request: Request) -> list[tuple[str, str]]:
    keys = request.query.get("sort_key", [])
    directions = request.query.get("sort_dir", [])
    if len(directions) > max(len(keys), 1):
        raise exception.ValidationError(
            detail="There are more sort_dir than sort_key parameters."
        )
    forbidden = _ADMIN_SORT_KEYS.intersection(keys)
    if forbidden and not request.context.is_admin:
        raise exception.Forbidden(
            "Only administrators can sort servers by "
            + ", ".join(sorted(forbidden))
        )
    # What has no direction of its own takes the first one.
    default = directions[0] if directions else "desc"
    sorted_by = SORTED_BY.at(request.version)
    pairs = []
    for place, key in enumerate(keys):
        direction = directions[place] if place < len(directions) else default
        if key in sorted_by:
            pairs.append((key, direction))
    if not pairs:
        pairs = [("created_at", default)]
    return [*pairs, ("id", pairs[-1][1])]
