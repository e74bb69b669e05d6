# SPDX-License-Identifier: Apache-2.0
"""What may be asked of a live migration that is on its way.

Called by the API's controller. The hosts cannot migrate yet, so whatever
passes the checks ends in 501; the messages to the source host come with the
operation itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from nova_lite import exception
from nova_lite.compute import task_states


def check_state(server: Mapping[str, Any], method: str) -> None:
    """Raises: InstanceInvalidState for a server that is not migrating."""
    if server["task_state"] != task_states.MIGRATING:
        raise exception.InstanceInvalidState(
            method=method,
            instance_uuid=server["uuid"],
            attr="task_state",
            state=server["task_state"],
        )


def abort(migration: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Stop it. Raises: InvalidMigrationState, NotSupported."""
    _check(migration, allowed, "abort live migration")


def force_complete(migration: Mapping[str, Any]) -> None:
    """Let it end now. Raises: InvalidMigrationState, NotSupported."""
    _check(migration, ("running",), "force complete")


def _check(
    migration: Mapping[str, Any], allowed: Collection[str], method: str
) -> None:
    if migration["status"] not in allowed:
        raise exception.InvalidMigrationState(
            migration_id=migration["id"],
            instance_uuid=migration["instance_uuid"],
            state=migration["status"],
            method=method,
        )
    raise exception.NotSupported(
        "The hosts of this cloud cannot migrate servers live."
    )
