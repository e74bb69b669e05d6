# SPDX-License-Identifier: Apache-2.0
"""Tells of what is no server: flavors, keys, aggregates, groups, services.

Called by nova-lite-api when the change is written. Each function does nothing
while no driver is configured, and never raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite.context import RequestContext
from nova_lite.notifications import messenger, payloads
from nova_lite.notifications.servers import quietly

Row = Mapping[str, Any]


@quietly
def flavor(
    context: RequestContext,
    action: str,
    row: Row,
    projects: Sequence[str] | None = None,
) -> None:
    """flavor.create, .update or .delete; versioned only, as upstream."""
    messenger.send_versioned(
        context, f"flavor.{action}", payloads.flavor(row, projects)
    )


@quietly
def keypair(
    context: RequestContext, action: str, phase: str, row: Row
) -> None:
    """keypair.create, .import or .delete: start and end."""
    messenger.send_legacy(
        context,
        f"keypair.{action}.{phase}",
        {
            "tenant_id": context.project_id,
            "user_id": row["user_id"],
            "key_name": row["name"],
        },
    )
    messenger.send_versioned(
        context, f"keypair.{action}.{phase}", payloads.keypair(row)
    )


@quietly
def aggregate(
    context: RequestContext,
    action: str,
    phase: str,
    row: Row,
    **more: Any,
) -> None:
    """aggregate.create, .add_host and so on: start and end.

    ``more``: what only the legacy form says.
    """
    messenger.send_legacy(
        context,
        f"aggregate.{_LEGACY.get(action, action)}.{phase}",
        {"aggregate_id": row["id"], "name": row["name"], **more},
        publisher=f"aggregate.{row['name']}",
    )
    messenger.send_versioned(
        context, f"aggregate.{action}.{phase}", payloads.aggregate(row)
    )


_LEGACY = {
    "add_host": "addhost",
    "remove_host": "removehost",
    "update_metadata": "updatemetadata",
    "update_prop": "updateprop",
}


@quietly
def server_group(context: RequestContext, action: str, row: Row) -> None:
    """server_group.create, .delete or .add_member."""
    legacy = {"server_group_id": row["uuid"]}
    if action == "create":
        names = ("name", "project_id", "user_id")
        legacy |= {name: row[name] for name in names}
        legacy["policies"] = [row["policy"]]
    messenger.send_legacy(
        context, f"servergroup.{action.replace('_', '')}", legacy
    )
    messenger.send_versioned(
        context, f"server_group.{action}", payloads.server_group(row)
    )


@quietly
def service(context: RequestContext, action: str, row: Row) -> None:
    """service.create, .update or .delete; versioned only, as upstream."""
    payload = payloads.service(row)
    messenger.send_versioned(
        context,
        f"service.{action}",
        payload,
        source=payload["nova_object.data"]["binary"].removeprefix("nova-"),
        host=row["host"],
    )
