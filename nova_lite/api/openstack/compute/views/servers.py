# SPDX-License-Identifier: Apache-2.0
"""How servers are shown: one row of a table per field.

The view takes rows of the database as dicts; what is the same for all
servers of an answer (links' base, policy, faults, hosts) is found once.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nova_lite import policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.common import Settings
from nova_lite.api.openstack.compute import status
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import (
    OMIT,
    Field,
    Fields,
    Value,
    exists,
)
from nova_lite.db.repositories import (
    instance_query,
    server_group,
    service_query,
    tag,
)
from nova_lite.policies import flavors as flavor_policies
from nova_lite.policies import servers as policies

Row = Mapping[str, Any]

_WITH_PROGRESS = frozenset(
    {"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"}
)
_WITH_FAULT = frozenset({"ERROR", "DELETED"})
# Empty: the server has no host.
_HOST_STATES = frozenset({"UP", "DOWN", "UNKNOWN", "MAINTENANCE", ""})


def host_id(row: Row) -> str:
    """The host as a tenant may know it: the same id is the same host."""
    return hashed_host(row["host"], row["project_id"])


def hashed_host(host: str | None, project_id: str | None) -> str:
    """The hash of a project and a host; empty without a host."""
    if not host:
        return ""
    return hashlib.sha224(f"{project_id or ''}{host}".encode()).hexdigest()


class View:
    """What the getters need beside the row, for one answer."""

    def __init__(
        self, request: Request, settings: Settings, rows: Sequence[Row]
    ) -> None:
        self.request = request
        self.settings = settings
        self.version = request.version
        self._rows = rows
        self._base = common.base_url(request, settings)
        self._bookmark = common.bookmark_url(request, settings)

    def links(self, row: Row) -> list[dict[str, str]]:
        """The links of one server."""
        path = f"servers/{row['uuid']}"
        return [
            {"rel": "self", "href": f"{self._base}/{path}"},
            {"rel": "bookmark", "href": f"{self._bookmark}/{path}"},
        ]

    def bookmark(self, collection: str, ident: str) -> list[dict[str, str]]:
        """The one link of something that a server was made of."""
        base = self._bookmark
        if collection == "images" and self.settings.glance_link_prefix:
            base = self.settings.glance_link_prefix.rstrip("/")
        return [{"rel": "bookmark", "href": f"{base}/{collection}/{ident}"}]

    def may(self, rule: str) -> bool:
        """Whether policy lets this user see a part of the view."""
        return policy.allows(self.request.context, rule)

    @functools.cached_property
    def extended(self) -> bool:
        """Whether host and hypervisor may be seen."""
        return self.may(policies.EXTENDED)

    @functools.cached_property
    def extra_specs(self) -> bool:
        """Whether the flavor's extra specs may be seen."""
        return self.may(flavor_policies.SPECS_INDEX)

    @functools.cached_property
    def faults(self) -> dict[str, dict[str, Any]]:
        """The latest faults of the servers that show one."""
        uuids = [r["uuid"] for r in self._rows if _status(r) in _WITH_FAULT]
        return common.read(instance_query.faults, uuids) if uuids else {}

    @functools.cached_property
    def tags(self) -> dict[str, list[str]]:
        """The tags of the servers that have some."""
        return common.read(
            tag.of_instances, [row["uuid"] for row in self._rows]
        )

    @functools.cached_property
    def host_states(self) -> dict[str, str]:
        """host -> UP, DOWN, UNKNOWN or MAINTENANCE."""
        services = common.read(
            service_query.services, binary=service_query.COMPUTE
        )
        return {row["host"]: self._host_state(row) for row in services}

    def _host_state(self, service: Row) -> str:
        if service["forced_down"]:
            return "DOWN"
        if service["disabled"]:
            return "MAINTENANCE"
        up = service_query.is_up(service, self.settings.service_down_time_s)
        return "UP" if up else "UNKNOWN"

    @functools.cached_property
    def shown_host_states(self) -> frozenset[str]:
        """Which host states this user may see."""
        if self.may(policies.HOST_STATUS):
            return _HOST_STATES
        if self.may(policies.HOST_STATUS_UNKNOWN):
            return frozenset({"UNKNOWN"})
        return frozenset()

    def brief(self, row: Row) -> dict[str, Any]:
        """As in GET /servers."""
        return {
            "id": row["uuid"],
            "name": row["display_name"],
            "links": self.links(row),
        }

    def full(self, row: Row) -> dict[str, Any]:
        """As in GET /servers/detail."""
        return FULL.show(self.version, row, self)

    def shown(self, row: Row) -> dict[str, Any]:
        """As in GET /servers/{id}, which has a little more."""
        return {**self.full(row), **ONLY_SHOW.show(self.version, row, self)}

    def updated(self, row: Row) -> dict[str, Any]:
        """As in the answer of PUT: less, before 2.75."""
        hidden = _NOT_IN_UPDATE.at(self.version)
        return {k: v for k, v in self.shown(row).items() if k not in hidden}

    def list_(self, limit: int, *, detail: bool) -> dict[str, Any]:
        """A page, with the link to the next."""
        show = self.full if detail else self.brief
        body: dict[str, Any] = {"servers": [show(row) for row in self._rows]}
        links = common.links_of_page(
            self.request,
            self.settings,
            "servers/detail" if detail else "servers",
            limit,
            self._rows,
            self._rows[-1]["uuid"] if self._rows else None,
        )
        if links:
            body["servers_links"] = links
        return body


def needs_user_data(view: View) -> bool:
    """Whether the view will show user_data, which is large."""
    return exists(view.version, "2.3", None) and view.extended


def _status(row: Row) -> str:
    return status.status(row["vm_state"], row["task_state"])


def _image(row: Row, view: View) -> Any:
    ref = row["image_ref"]
    if not ref:
        return ""
    return {"id": ref, "links": view.bookmark("images", ref)}


def _flavor_link(row: Row, view: View) -> dict[str, Any]:
    ident = row["flavor"].get("flavorid", "")
    return {"id": ident, "links": view.bookmark("flavors", ident)}


def _flavor(row: Row, view: View) -> dict[str, Any]:
    flavor = row["flavor"]
    shown = {
        "vcpus": row["vcpus"],
        "ram": row["memory_mb"],
        "disk": row["root_gb"],
        "ephemeral": row["ephemeral_gb"],
        "swap": flavor.get("swap_mb", 0),
        "original_name": flavor.get("name", ""),
    }
    if view.extra_specs:
        shown["extra_specs"] = flavor.get("extra_specs", {})
    return shown


def _fault(row: Row, view: View) -> Any:
    if _status(row) not in _WITH_FAULT:
        return OMIT
    fault = view.faults.get(row["uuid"])
    if fault is None:
        return OMIT
    shown = {
        "code": fault["code"],
        "created": common.isotime(fault["created_at"]),
        "message": fault["message"],
    }
    admin = view.request.context.is_admin
    if fault["details"] and (admin or fault["code"] != 500):
        shown["details"] = fault["details"]
    return shown


def _progress(row: Row, _view: View) -> Any:
    return row["progress"] if _status(row) in _WITH_PROGRESS else OMIT


def _zone(row: Row, view: View) -> str:
    zone = row["availability_zone"]
    if zone or not row["host"]:
        return zone or ""
    return view.settings.default_availability_zone


def _host_status(row: Row, view: View) -> Any:
    if not view.shown_host_states:
        return OMIT
    host = row["host"]
    state = view.host_states.get(host, "UNKNOWN") if host else ""
    return state if state in view.shown_host_states else OMIT


def _extended(get: Callable[[Row], Any]) -> Callable[[Row, View], Any]:
    """A field for those who may see the extended attributes."""
    return lambda row, view: get(row) if view.extended else OMIT


def _column(name: str) -> Callable[[Row, View], Any]:
    return lambda row, _view: row[name]


def _text(name: str) -> Callable[[Row, View], Any]:
    return lambda row, _view: row[name] or ""


def _constant(make: Callable[[], Any]) -> Callable[[Row, View], Any]:
    return lambda _row, _view: make()


_EXT = "OS-EXT-SRV-ATTR:"

FULL = Fields(
    Field("2.1", "id", _column("uuid")),
    Field("2.1", "name", _column("display_name")),
    Field("2.1", "status", lambda row, _: _status(row)),
    Field("2.1", "tenant_id", _text("project_id")),
    Field("2.1", "user_id", _text("user_id")),
    Field("2.1", "metadata", _column("instance_metadata")),
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
    Field("2.1", "addresses", _constant(dict)),
    Field("2.1", "accessIPv4", _text("access_ip_v4")),
    Field("2.1", "accessIPv6", _text("access_ip_v6")),
    Field("2.1", "links", lambda row, view: view.links(row)),
    Field("2.1", "OS-DCF:diskConfig", lambda row, _: disk_config(row)),
    Field("2.1", "fault", _fault),
    Field("2.1", "progress", _progress),
    Field("2.1", "OS-EXT-AZ:availability_zone", _zone),
    Field(
        "2.1",
        "config_drive",
        lambda row, _: "True" if row["config_drive"] else "",
    ),
    Field("2.1", "key_name", _column("key_name")),
    Field(
        "2.1",
        "OS-SRV-USG:launched_at",
        lambda row, _: common.microtime(row["launched_at"]),
    ),
    Field(
        "2.1",
        "OS-SRV-USG:terminated_at",
        lambda row, _: common.microtime(row["terminated_at"]),
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
    Field("2.90", _EXT + "hostname", _column("hostname")),
    Field("2.3", _EXT + "kernel_id", _extended(lambda _row: "")),
    Field("2.3", _EXT + "ramdisk_id", _extended(lambda _row: "")),
    Field(
        "2.3",
        _EXT + "root_device_name",
        _extended(lambda row: row["root_device_name"]),
    ),
    Field("2.3", _EXT + "user_data", _extended(lambda row: row["user_data"])),
    Field("2.1", "OS-EXT-STS:task_state", _column("task_state")),
    Field("2.1", "OS-EXT-STS:vm_state", _column("vm_state")),
    Field("2.1", "OS-EXT-STS:power_state", _column("power_state")),
    Field("2.1", "os-extended-volumes:volumes_attached", _constant(list)),
    Field("2.16", "host_status", _host_status),
    Field("2.9", "locked", _column("locked")),
    Field("2.73", "locked_reason", _column("locked_reason")),
    Field("2.19", "description", _column("display_description")),
    Field("2.26", "tags", lambda row, view: view.tags.get(row["uuid"], [])),
    Field("2.63", "trusted_image_certificates", _constant(lambda: None)),
    Field(
        "2.96",
        "pinned_availability_zone",
        lambda row, _: row["request_spec"].get("availability_zone"),
    ),
)


def _groups(row: Row, _view: View) -> list[str]:
    """The server's group, if any; one SELECT, for one server at a time."""
    group = common.read(server_group.of_instance, row["uuid"])
    return [group] if group else []


ONLY_SHOW = Fields(Field("2.71", "server_groups", _groups))

_NOT_IN_UPDATE: Value[frozenset[str]] = Value(
    frozenset(
        name
        for name in (row.name for row in FULL.rows)
        if name.startswith(("OS-EXT-", "OS-SRV-USG:", "os-extended-"))
    )
    | {"config_drive", "key_name", "host_status", "security_groups"}
).since("2.75", frozenset())


def disk_config(row: Row) -> str:
    """AUTO when the guest's partition grows with its disk."""
    auto = row["system_metadata"].get("auto_disk_config")
    return "AUTO" if auto == "True" else "MANUAL"
