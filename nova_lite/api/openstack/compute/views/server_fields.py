# SPDX-License-Identifier: Apache-2.0
"""The fields of a server: one row of a table each, with its versions.

The rows are those of the database, as dicts; what a getter needs beside
them is the ``Answer``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.views import addresses
from nova_lite.api.openstack.compute.views.columns import column, time_of
from nova_lite.api.openstack.compute.views.server_answer import (
    Answer,
    Row,
    shows_fault,
    status_of,
)
from nova_lite.api.openstack.microversions import MIN
from nova_lite.api.openstack.versioned import OMIT, Field, Fields, Value

_WITH_PROGRESS = frozenset(
    {"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"}
)


def host_id(row: Row) -> str:
    """The host as a tenant may know it: the same id is the same host."""
    return hashed_host(row["host"], row["project_id"])


def hashed_host(host: str | None, project_id: str | None) -> str:
    """The hash of a project and a host; empty without a host."""
    if not host:
        return ""
    return hashlib.sha224(f"{project_id or ''}{host}".encode()).hexdigest()


def _image(row: Row, answer: Answer) -> Any:
    ref = row["image_ref"]
    if not ref:
        return ""
    return {"id": ref, "links": answer.bookmark("images", ref)}


def _flavor_link(row: Row, answer: Answer) -> dict[str, Any]:
    ident = row["flavor"].get("flavorid", "")
    return {"id": ident, "links": answer.bookmark("flavors", ident)}


def _flavor(row: Row, answer: Answer) -> dict[str, Any]:
    flavor = row["flavor"]
    shown = {
        "vcpus": row["vcpus"],
        "ram": row["memory_mb"],
        "disk": row["root_gb"],
        "ephemeral": row["ephemeral_gb"],
        "swap": flavor.get("swap_mb", 0),
        "original_name": flavor.get("name", ""),
    }
    if answer.extra_specs:
        shown["extra_specs"] = flavor.get("extra_specs", {})
    return shown


def _fault(row: Row, answer: Answer) -> Any:
    if not shows_fault(row):
        return OMIT
    fault = answer.faults.get(row["uuid"])
    if fault is None:
        return OMIT
    shown = {
        "code": fault["code"],
        "created": common.isotime(fault["created_at"]),
        "message": fault["message"],
    }
    admin = answer.request.context.is_admin
    if fault["details"] and (admin or fault["code"] != 500):
        shown["details"] = fault["details"]
    return shown


def _progress(row: Row, _answer: Answer) -> Any:
    return row["progress"] if status_of(row) in _WITH_PROGRESS else OMIT


def _zone(row: Row, answer: Answer) -> str:
    zone = row["availability_zone"]
    if zone or not row["host"]:
        return zone or ""
    return answer.settings.default_availability_zone


def _host_status(row: Row, answer: Answer) -> Any:
    if not answer.shown_host_states:
        return OMIT
    host = row["host"]
    state = answer.host_states.get(host, "UNKNOWN") if host else ""
    return state if state in answer.shown_host_states else OMIT


def _security_groups(row: Row, answer: Answer) -> Any:
    return answer.security_groups_of(row) or OMIT


def _extended(get: Callable[[Row], Any]) -> Callable[[Row, Answer], Any]:
    """A field for those who may see the extended attributes."""
    return lambda row, answer: get(row) if answer.extended else OMIT


def _text(name: str) -> Callable[[Row, Answer], Any]:
    return lambda row, _answer: row[name] or ""


def _constant(make: Callable[[], Any]) -> Callable[[Row, Answer], Any]:
    return lambda _row, _answer: make()


_EXT = "OS-EXT-SRV-ATTR:"

FULL = Fields(
    Field("2.1", "id", column("uuid")),
    Field("2.1", "name", column("display_name")),
    Field("2.1", "status", lambda row, _: status_of(row)),
    Field("2.1", "tenant_id", _text("project_id")),
    Field("2.1", "user_id", _text("user_id")),
    Field("2.1", "metadata", column("instance_metadata")),
    Field("2.1", "hostId", lambda row, _: host_id(row)),
    Field("2.1", "image", _image),
    Field("2.1", "flavor", _flavor_link, until="2.46"),
    Field("2.47", "flavor", _flavor),
    Field("2.1", "created", lambda row, _: common.isotime(row["created_at"])),
    Field(
        "2.1",
        "updated",
        lambda row, _: common.isotime(row["updated_at"] or row["created_at"]),
    ),
    Field("2.1", "addresses", lambda row, _: addresses.full(row)),
    Field("2.1", "accessIPv4", _text("access_ip_v4")),
    Field("2.1", "accessIPv6", _text("access_ip_v6")),
    Field("2.1", "links", lambda row, answer: answer.links(row)),
    Field("2.1", "OS-DCF:diskConfig", lambda row, _: disk_config(row)),
    Field("2.1", "fault", _fault),
    Field("2.1", "progress", _progress),
    Field("2.1", "OS-EXT-AZ:availability_zone", _zone),
    Field(
        "2.1",
        "config_drive",
        lambda row, _: "True" if row["config_drive"] else "",
    ),
    Field("2.1", "key_name", column("key_name")),
    Field(
        "2.1",
        "OS-SRV-USG:launched_at",
        time_of("launched_at"),
    ),
    Field(
        "2.1",
        "OS-SRV-USG:terminated_at",
        time_of("terminated_at"),
    ),
    Field("2.1", _EXT + "host", _extended(lambda row: row["host"])),
    Field(
        "2.1",
        _EXT + "instance_name",
        _extended(lambda row: f"instance-{row['uuid']}"),
    ),
    Field(
        "2.1",
        _EXT + "hypervisor_hostname",
        _extended(lambda row: row["node"]),
    ),
    Field(
        "2.3",
        _EXT + "reservation_id",
        _extended(lambda row: row["reservation_id"]),
    ),
    Field(
        "2.3",
        _EXT + "launch_index",
        _extended(lambda row: row["launch_index"]),
    ),
    Field(
        "2.3",
        _EXT + "hostname",
        _extended(lambda row: row["hostname"]),
        until="2.89",
    ),
    # Since it can be chosen, everybody sees it.
    Field("2.90", _EXT + "hostname", column("hostname")),
    Field("2.3", _EXT + "kernel_id", _extended(lambda _row: "")),
    Field("2.3", _EXT + "ramdisk_id", _extended(lambda _row: "")),
    Field(
        "2.3",
        _EXT + "root_device_name",
        _extended(lambda row: row["root_device_name"]),
    ),
    Field("2.3", _EXT + "user_data", _extended(lambda row: row["user_data"])),
    Field("2.1", "OS-EXT-STS:task_state", column("task_state")),
    Field("2.1", "OS-EXT-STS:vm_state", column("vm_state")),
    Field("2.1", "OS-EXT-STS:power_state", column("power_state")),
    Field("2.1", "os-extended-volumes:volumes_attached", _constant(list)),
    Field("2.1", "security_groups", _security_groups),
    Field("2.16", "host_status", _host_status),
    Field("2.9", "locked", column("locked")),
    Field("2.73", "locked_reason", column("locked_reason")),
    Field("2.19", "description", column("display_description")),
    Field("2.26", "tags", lambda row, answer: answer.tags_of(row)),
    Field("2.63", "trusted_image_certificates", _constant(lambda: None)),
    Field(
        "2.96",
        "pinned_availability_zone",
        lambda row, _: row["request_spec"].get("availability_zone"),
    ),
)


# What GET /servers/{id} has more than the list.
SHOWN = Fields(
    *FULL.rows,
    Field("2.71", "server_groups", lambda row, answer: answer.groups(row)),
)

# The columns that these fields read, and who may see a server; beside them
# ``user_data``, where it is shown.
_READ = frozenset(
    {
        "access_ip_v4",
        "access_ip_v6",
        "availability_zone",
        "config_drive",
        "created_at",
        "display_description",
        "display_name",
        "flavor",
        "host",
        "image_ref",
        "instance_metadata",
        "key_name",
        "launched_at",
        "locked",
        "network_info",
        "node",
        "power_state",
        "progress",
        "project_id",
        "system_metadata",
        "task_state",
        "terminated_at",
        "updated_at",
        "user_id",
        "uuid",
        "vm_state",
    }
)
_READ_2_3 = _READ | {
    "hostname",
    "launch_index",
    "reservation_id",
    "root_device_name",
}
_READ_2_47 = _READ_2_3 | {"ephemeral_gb", "memory_mb", "root_gb", "vcpus"}
_READ_2_73 = _READ_2_47 | {"locked_reason"}
COLUMNS: Value[frozenset[str]] = (
    Value(_READ)
    .since("2.3", _READ_2_3)
    .since("2.47", _READ_2_47)
    .since("2.73", _READ_2_73)
    .since("2.96", _READ_2_73 | {"request_spec"})
)

NOT_IN_UPDATE: Value[frozenset[str]] = Value(
    frozenset(
        name
        for name in (row.name for row in FULL.rows)
        if name.startswith(("OS-EXT-", "OS-SRV-USG:", "os-extended-"))
    )
    | {"config_drive", "key_name", "host_status", "security_groups"}
).since("2.75", frozenset())


NOT_IN_REBUILD: Value[frozenset[str]] = (
    Value(NOT_IN_UPDATE.at(MIN))
    .since("2.54", NOT_IN_UPDATE.at(MIN) - {"key_name"})
    # From 2.57 on it is there as "user_data".
    .since("2.75", frozenset({"OS-EXT-SRV-ATTR:user_data"}))
)


def disk_config(row: Row) -> str:
    """AUTO when the guest's partition grows with its disk."""
    auto = row["system_metadata"].get("auto_disk_config")
    return "AUTO" if auto == "True" else "MANUAL"
