# SPDX-License-Identifier: Apache-2.0
"""Policy of servers."""

from __future__ import annotations

from nova_lite.policies.base import (
    ADMIN,
    PROJECT_MEMBER_OR_ADMIN,
    PROJECT_READER_OR_ADMIN,
    rule,
)

BASE = "os_compute_api:servers:"
_SERVERS = "/servers"
_DETAIL = "/servers/detail"
_SERVER = "/servers/{server_id}"

INDEX = BASE + "index"
DETAIL = BASE + "detail"
INDEX_ALL = BASE + "index:get_all_tenants"
DETAIL_ALL = BASE + "detail:get_all_tenants"
ALLOW_ALL_FILTERS = BASE + "allow_all_filters"
SHOW = BASE + "show"
SHOW_FLAVOR_EXTRA_SPECS = BASE + "show:flavor-extra-specs"
HOST_STATUS = BASE + "show:host_status"
HOST_STATUS_UNKNOWN = BASE + "show:host_status:unknown-only"
CREATE = BASE + "create"
CREATE_FORCED_HOST = BASE + "create:forced_host"
ATTACH_NETWORK = BASE + "create:attach_network"
REQUESTED_DESTINATION = "compute:servers:create:requested_destination"
UPDATE = BASE + "update"
DELETE = BASE + "delete"
REBUILD = BASE + "rebuild"
START = BASE + "start"
STOP = BASE + "stop"
REBOOT = BASE + "reboot"
TRIGGER_CRASH_DUMP = BASE + "trigger_crash_dump"
RESIZE = BASE + "resize"
CONFIRM_RESIZE = BASE + "confirm_resize"
REVERT_RESIZE = BASE + "revert_resize"
EXTENDED = "os_compute_api:os-extended-server-attributes"

RULES = [
    rule(
        "servers:index",
        PROJECT_READER_OR_ADMIN,
        "List servers.",
        ("GET", _SERVERS),
    ),
    rule(
        "servers:detail",
        PROJECT_READER_OR_ADMIN,
        "List servers with their details.",
        ("GET", _DETAIL),
    ),
    rule(
        "servers:index:get_all_tenants",
        ADMIN,
        "List servers of all projects.",
        ("GET", _SERVERS),
    ),
    rule(
        "servers:detail:get_all_tenants",
        ADMIN,
        "List servers of all projects with their details.",
        ("GET", _DETAIL),
    ),
    rule(
        "servers:allow_all_filters",
        ADMIN,
        "Filter servers by everything.",
        ("GET", _SERVERS),
        ("GET", _DETAIL),
    ),
    rule(
        "servers:show",
        PROJECT_READER_OR_ADMIN,
        "Show a server.",
        ("GET", _SERVER),
    ),
    rule(
        "servers:show:flavor-extra-specs",
        PROJECT_READER_OR_ADMIN,
        "See the extra specs of the flavor inside a server.",
        ("GET", _SERVER),
        ("GET", _DETAIL),
        ("PUT", _SERVER),
    ),
    rule(
        "servers:show:host_status",
        ADMIN,
        "See the status of a server's host.",
        ("GET", _SERVER),
        ("GET", _DETAIL),
    ),
    rule(
        "servers:show:host_status:unknown-only",
        ADMIN,
        "See the status of a server's host when it is UNKNOWN.",
        ("GET", _SERVER),
        ("GET", _DETAIL),
    ),
    rule(
        "servers:create",
        PROJECT_MEMBER_OR_ADMIN,
        "Create a server.",
        ("POST", _SERVERS),
    ),
    rule(
        "servers:create:forced_host",
        ADMIN,
        "Create a server on a chosen host, past the scheduler's filters.",
        ("POST", _SERVERS),
    ),
    rule(
        "servers:create:attach_volume",
        PROJECT_MEMBER_OR_ADMIN,
        "Create a server with a volume.",
        ("POST", _SERVERS),
    ),
    rule(
        "servers:create:attach_network",
        PROJECT_MEMBER_OR_ADMIN,
        "Create a server with a network or port.",
        ("POST", _SERVERS),
    ),
    rule(
        "servers:create:trusted_certs",
        PROJECT_MEMBER_OR_ADMIN,
        "Create a server with trusted image certificates.",
        ("POST", _SERVERS),
    ),
    rule(
        "compute:servers:create:requested_destination",
        ADMIN,
        "Create a server on a chosen host or hypervisor.",
        ("POST", _SERVERS),
    ),
    rule(
        "servers:update",
        PROJECT_MEMBER_OR_ADMIN,
        "Change a server's name, description, addresses or host name.",
        ("PUT", _SERVER),
    ),
    rule(
        "servers:delete",
        PROJECT_MEMBER_OR_ADMIN,
        "Delete a server.",
        ("DELETE", _SERVER),
    ),
    rule(
        "servers:rebuild",
        PROJECT_MEMBER_OR_ADMIN,
        "Give a server a new root disk from an image.",
        ("POST", f"{_SERVER}/action (rebuild)"),
    ),
    rule(
        "servers:start",
        PROJECT_MEMBER_OR_ADMIN,
        "Start a server.",
        ("POST", f"{_SERVER}/action (os-start)"),
    ),
    rule(
        "servers:stop",
        PROJECT_MEMBER_OR_ADMIN,
        "Stop a server.",
        ("POST", f"{_SERVER}/action (os-stop)"),
    ),
    rule(
        "servers:reboot",
        PROJECT_MEMBER_OR_ADMIN,
        "Reboot a server.",
        ("POST", f"{_SERVER}/action (reboot)"),
    ),
    rule(
        "servers:trigger_crash_dump",
        PROJECT_MEMBER_OR_ADMIN,
        "Make a server's kernel dump itself.",
        ("POST", f"{_SERVER}/action (trigger_crash_dump)"),
    ),
    rule(
        "servers:resize",
        PROJECT_MEMBER_OR_ADMIN,
        "Resize a server.",
        ("POST", f"{_SERVER}/action (resize)"),
    ),
    rule(
        "servers:confirm_resize",
        PROJECT_MEMBER_OR_ADMIN,
        "Confirm a resize of a server.",
        ("POST", f"{_SERVER}/action (confirmResize)"),
    ),
    rule(
        "servers:revert_resize",
        PROJECT_MEMBER_OR_ADMIN,
        "Revert a resize of a server.",
        ("POST", f"{_SERVER}/action (revertResize)"),
    ),
    rule(
        "os-extended-server-attributes",
        ADMIN,
        "See a server's host and hypervisor.",
        ("GET", _SERVER),
        ("GET", _DETAIL),
        ("PUT", _SERVER),
    ),
]
