# SPDX-License-Identifier: Apache-2.0
"""Every route that upstream has retired is one here, with its last version."""

from __future__ import annotations

import re
from typing import Any

from nova_lite.api.openstack.compute import gone, routes, server_actions
from nova_lite.api.openstack.compute.gone import GoneController
from nova_lite.api.openstack.wsgi import operation_of

# The numbers of upstream's own table.
GONE = 54
CAPPED = {"2.35": 36, "2.38": 6}


def rows() -> list[tuple[str, str, Any]]:
    return [
        (path, verb, endpoint)
        for path, verbs in routes.ROUTES.items()
        for verb, endpoints in verbs.items()
        for endpoint in endpoints
    ] + [
        (path, row.name, row.endpoint)
        for path, actions in server_actions.ACTIONS.items()
        for row in actions
        if not path.startswith("/os-volumes_boot")
    ]


def test_as_many_are_gone_as_upstream_has() -> None:
    found = [row for row in rows() if row[2][0] is GoneController]
    assert len(found) == GONE
    assert {path for path, _, _ in found} >= set(gone.ROUTES)


def test_as_many_are_capped_as_upstream_has() -> None:
    for cap, number in CAPPED.items():
        found = [
            (path, verb)
            for path, verb, (cls, name) in rows()
            if operation_of(getattr(cls, name)).until == cap
        ]
        assert len(found) == number, found


def test_a_gone_path_hides_no_other() -> None:
    # A fixed word stands before the parameter at its place.
    order = list(routes.ROUTES)
    for fixed in order:
        for pattern in order[: order.index(fixed)]:
            made = re.sub(r"{\w+}", "[^/]+", pattern)
            assert not re.fullmatch(made, fixed), (pattern, fixed)
