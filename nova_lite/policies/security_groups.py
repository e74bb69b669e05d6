# SPDX-License-Identifier: Apache-2.0
"""Policy of security groups: those of servers, and the proxy up to 2.35."""

from __future__ import annotations

from nova_lite.policies.base import (
    PROJECT_MEMBER_OR_ADMIN,
    PROJECT_READER_OR_ADMIN,
    rule,
)

BASE = "os_compute_api:os-security-groups:"
GET = BASE + "get"
SHOW = BASE + "show"
CREATE = BASE + "create"
UPDATE = BASE + "update"
DELETE = BASE + "delete"
RULE_CREATE = BASE + "rule:create"
RULE_DELETE = BASE + "rule:delete"
LIST = BASE + "list"
ADD = BASE + "add"
REMOVE = BASE + "remove"

_ACTION = "/servers/{server_id}/action"
_ALL = "/os-security-groups"
_ONE = "/os-security-groups/{security_group_id}"
_RULES = "/os-security-group-rules"

RULES = [
    rule(
        "os-security-groups:get",
        PROJECT_READER_OR_ADMIN,
        "List security groups.",
        ("GET", _ALL),
    ),
    rule(
        "os-security-groups:show",
        PROJECT_READER_OR_ADMIN,
        "Show a security group.",
        ("GET", _ONE),
    ),
    rule(
        "os-security-groups:create",
        PROJECT_MEMBER_OR_ADMIN,
        "Create a security group.",
        ("POST", _ALL),
    ),
    rule(
        "os-security-groups:update",
        PROJECT_MEMBER_OR_ADMIN,
        "Name a security group anew.",
        ("PUT", _ONE),
    ),
    rule(
        "os-security-groups:delete",
        PROJECT_MEMBER_OR_ADMIN,
        "Delete a security group.",
        ("DELETE", _ONE),
    ),
    rule(
        "os-security-groups:rule:create",
        PROJECT_MEMBER_OR_ADMIN,
        "Give a security group a rule.",
        ("POST", _RULES),
    ),
    rule(
        "os-security-groups:rule:delete",
        PROJECT_MEMBER_OR_ADMIN,
        "Take a rule from a security group.",
        ("DELETE", _RULES + "/{rule_id}"),
    ),
    rule(
        "os-security-groups:list",
        PROJECT_READER_OR_ADMIN,
        "List the security groups of a server.",
        ("GET", "/servers/{server_id}/os-security-groups"),
    ),
    rule(
        "os-security-groups:add",
        PROJECT_MEMBER_OR_ADMIN,
        "Put a security group on a server.",
        ("POST", f"{_ACTION} (addSecurityGroup)"),
    ),
    rule(
        "os-security-groups:remove",
        PROJECT_MEMBER_OR_ADMIN,
        "Take a security group off a server.",
        ("POST", f"{_ACTION} (removeSecurityGroup)"),
    ),
]
