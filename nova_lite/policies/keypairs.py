# SPDX-License-Identifier: Apache-2.0
"""Policy of key pairs, which belong to a user and not to a project."""

from __future__ import annotations

from nova_lite.policies.base import OWNER_USER, rule

BASE = "os_compute_api:os-keypairs:"
INDEX = BASE + "index"
SHOW = BASE + "show"
CREATE = BASE + "create"
DELETE = BASE + "delete"

_ALL = "/os-keypairs"
_ONE = "/os-keypairs/{keypair_name}"

RULES = [
    rule("os-keypairs:index", OWNER_USER, "List key pairs.", ("GET", _ALL)),
    rule("os-keypairs:show", OWNER_USER, "Show a key pair.", ("GET", _ONE)),
    rule(
        "os-keypairs:create",
        OWNER_USER,
        "Create or import a key pair.",
        ("POST", _ALL),
    ),
    rule(
        "os-keypairs:delete",
        OWNER_USER,
        "Delete a key pair.",
        ("DELETE", _ONE),
    ),
]
