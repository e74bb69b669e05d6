# SPDX-License-Identifier: Apache-2.0
"""Statements, one module per aggregate.

A function that takes a session is a part of its caller's transaction; one
that does not is a transaction of its own, retried while the database is
busy or away. Rows go out as dicts.
"""

from __future__ import annotations

from nova_lite.objects import base


def register() -> None:
    """Let the objects of this process reach the database."""
    from nova_lite.db.repositories import (
        compute_node,
        console_auth_token,
        deletion,
        instance,
        instance_facts,
        journal,
        migration,
        network_agent,
        network_state,
        own_actions,
        power_sync,
        reclaim,
        resize,
        service,
        shelved,
        task_log,
    )

    base.set_repositories(
        {
            "compute_node": compute_node,
            "console_auth_token": console_auth_token,
            "deletion": deletion,
            "instance": instance,
            "instance_facts": instance_facts,
            "journal": journal,
            "migration": migration,
            "network_agent": network_agent,
            "network_state": network_state,
            "own_actions": own_actions,
            "power_sync": power_sync,
            "reclaim": reclaim,
            "resize": resize,
            "service": service,
            "shelved": shelved,
            "task_log": task_log,
        }
    )
