# SPDX-License-Identifier: Apache-2.0
"""Policy of flavors, their extra specs and their access."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_READER_OR_ADMIN, rule

CREATE = "os_compute_api:os-flavor-manage:create"
UPDATE = "os_compute_api:os-flavor-manage:update"
DELETE = "os_compute_api:os-flavor-manage:delete"
ACCESS = "os_compute_api:os-flavor-access"
ADD_ACCESS = "os_compute_api:os-flavor-access:add_tenant_access"
REMOVE_ACCESS = "os_compute_api:os-flavor-access:remove_tenant_access"
SPECS_INDEX = "os_compute_api:os-flavor-extra-specs:index"
SPECS_SHOW = "os_compute_api:os-flavor-extra-specs:show"
SPECS_CREATE = "os_compute_api:os-flavor-extra-specs:create"
SPECS_UPDATE = "os_compute_api:os-flavor-extra-specs:update"
SPECS_DELETE = "os_compute_api:os-flavor-extra-specs:delete"

_FLAVOR = "/flavors/{flavor_id}"
_SPECS = "/flavors/{flavor_id}/os-extra_specs"
_SPEC = "/flavors/{flavor_id}/os-extra_specs/{key}"

RULES = [
    rule(
        "os-flavor-manage:create",
        ADMIN,
        "Create a flavor.",
        ("POST", "/flavors"),
    ),
    rule(
        "os-flavor-manage:update",
        ADMIN,
        "Change a flavor's description.",
        ("PUT", _FLAVOR),
    ),
    rule(
        "os-flavor-manage:delete",
        ADMIN,
        "Delete a flavor.",
        ("DELETE", _FLAVOR),
    ),
    rule(
        "os-flavor-access",
        ADMIN,
        "List the projects that may use a private flavor.",
        ("GET", "/flavors/{flavor_id}/os-flavor-access"),
    ),
    rule(
        "os-flavor-access:add_tenant_access",
        ADMIN,
        "Let a project use a private flavor.",
        ("POST", _FLAVOR + "/action (addTenantAccess)"),
    ),
    rule(
        "os-flavor-access:remove_tenant_access",
        ADMIN,
        "Let a project no longer use a private flavor.",
        ("POST", _FLAVOR + "/action (removeTenantAccess)"),
    ),
    rule(
        "os-flavor-extra-specs:index",
        PROJECT_READER_OR_ADMIN,
        "List a flavor's extra specs.",
        ("GET", _SPECS),
        ("GET", _FLAVOR),
    ),
    rule(
        "os-flavor-extra-specs:show",
        PROJECT_READER_OR_ADMIN,
        "Show one extra spec.",
        ("GET", _SPEC),
    ),
    rule(
        "os-flavor-extra-specs:create",
        ADMIN,
        "Set extra specs.",
        ("POST", _SPECS),
    ),
    rule(
        "os-flavor-extra-specs:update",
        ADMIN,
        "Change one extra spec.",
        ("PUT", _SPEC),
    ),
    rule(
        "os-flavor-extra-specs:delete",
        ADMIN,
        "Remove an extra spec.",
        ("DELETE", _SPEC),
    ),
]
