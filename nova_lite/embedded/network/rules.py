# SPDX-License-Identifier: Apache-2.0
"""Who may see and change what in the embedded network service.

As Neutron's defaults are: a project sees its own things and what is shared
with all; members of it change them; an administrator may do all. The daemons
of this cloud (role service) count as administrators.
"""

from __future__ import annotations

from nova_lite import context as nova_context
from nova_lite import exception
from nova_lite.db.repositories.network_query import Viewer
from nova_lite.network import errors

_WRITERS = frozenset({"member", "manager", "admin"})
Context = nova_context.RequestContext


def is_admin(context: Context) -> bool:
    """Tell whether everything is allowed."""
    return bool(context.is_admin) or "service" in (context.roles or [])


def viewer(context: Context) -> Viewer:
    """What reads show to this context."""
    return Viewer(context.project_id, is_admin(context))


def check_create(context: Context, action: str, project_id: str) -> None:
    """May something be made for a project?

    ``action``: the policy's name ("create_network").
    Raises: Forbidden for those who only read; BadRequest for a project that
    is not the caller's.
    """
    if is_admin(context):
        return
    if project_id != context.project_id:
        raise errors.InvalidAttribute(
            'Specifying "project_id" or "tenant_id" other than the '
            "authenticated project in request requires admin privileges"
        )
    if not _WRITERS.intersection(context.roles or []):
        raise errors.Forbidden(action=action)


def check_change(
    context: Context,
    action: str,
    owners: tuple[str, ...],
    missing: exception.NotFound,
) -> None:
    """May what is seen be changed or deleted?

    ``owners``: projects whose members may. ``missing`` is said to those who
    are of no such project, as Neutron does.
    Raises: Forbidden, ``missing``.
    """
    if is_admin(context):
        return
    if context.project_id not in owners:
        raise missing
    if not _WRITERS.intersection(context.roles or []):
        raise errors.Forbidden(action=action)


def check_admin(context: Context, action: str) -> None:
    """Raises: Forbidden for everybody but administrators."""
    if not is_admin(context):
        raise errors.Forbidden(action=action)
