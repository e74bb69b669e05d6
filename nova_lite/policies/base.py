# SPDX-License-Identifier: Apache-2.0
"""The rules that the others are made of: roles, and whose project it is."""

from __future__ import annotations

from collections.abc import Sequence

from oslo_policy import policy

ANY = ""
ADMIN = "rule:context_is_admin"
SERVICE_OR_ADMIN = "rule:service_or_admin"
PROJECT_MANAGER_OR_ADMIN = "rule:project_manager_or_admin"
PROJECT_MEMBER_OR_ADMIN = "rule:project_member_or_admin"
PROJECT_READER_OR_ADMIN = "rule:project_reader_or_admin"
OWNER_USER = f"({ADMIN}) or user_id:%(user_id)s"

_PREFIX = "os_compute_api:"

# (description, check) of each building block.
_BLOCKS = {
    "context_is_admin": ("An administrator of the cloud.", "role:admin"),
    "admin_api": ("The older name of an administrator.", "is_admin:True"),
    "admin_or_owner": (
        "The older rule for an owner.",
        "is_admin:True or project_id:%(project_id)s",
    ),
    "service_api": ("Another service of the cloud.", "role:service"),
    "project_manager_api": (
        "A manager of the project.",
        "role:manager and project_id:%(project_id)s",
    ),
    "project_member_api": (
        "A member of the project.",
        "role:member and project_id:%(project_id)s",
    ),
    "project_reader_api": (
        "Somebody who may read in the project.",
        "role:reader and project_id:%(project_id)s",
    ),
    "service_or_admin": (
        "Another service of the cloud, or an administrator.",
        "rule:service_api or rule:context_is_admin",
    ),
    "project_manager_or_admin": (
        "A manager of the project, or an administrator.",
        "rule:project_manager_api or rule:context_is_admin",
    ),
    "project_member_or_admin": (
        "A member of the project, or an administrator.",
        "rule:project_member_api or rule:context_is_admin",
    ),
    "project_reader_or_admin": (
        "Somebody who may read in the project, or an administrator.",
        "rule:project_reader_api or rule:context_is_admin",
    ),
}

RULES = [
    policy.RuleDefault(name, check, description=description)
    for name, (description, check) in _BLOCKS.items()
]


def rule(
    name: str,
    check: str,
    description: str,
    *operations: tuple[str, str],
) -> policy.DocumentedRuleDefault:
    """A rule of the API: ``operations`` are (method, path) pairs.

    A name that begins with "compute:" is upstream's whole name already.
    """
    return policy.DocumentedRuleDefault(
        name=name if name.startswith("compute:") else _PREFIX + name,
        check_str=check,
        description=description,
        operations=_operations(operations),
        scope_types=["project"],
    )


def _operations(
    pairs: Sequence[tuple[str, str]],
) -> list[policy.Operation]:
    return [{"method": method, "path": path} for method, path in pairs]
