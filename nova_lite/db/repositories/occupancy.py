# SPDX-License-Identifier: Apache-2.0
"""Where the members of a server group are, and where its policy lets one go.

Read by the scheduler before a decision and by conductor before it takes an
alternate. A server is where it holds resources, since the claim writes that;
so the next claim sees it at once. A host stands for its provider here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.compute import vm_states
from nova_lite.db import session as db_session
from nova_lite.db.models.instance import Instance
from nova_lite.db.models.provider import Allocation
from nova_lite.db.models.server_group import ServerGroup, ServerGroupMember
from nova_lite.db.repositories import rows

AFFINITY = "affinity"
ANTI_AFFINITY = "anti-affinity"
SOFT_AFFINITY = "soft-affinity"
SOFT_ANTI_AFFINITY = "soft-anti-affinity"

# Task states in which a server's disks are copied, beside its build.
_COPYING = (
    "image_backup",
    "image_snapshot",
    "rebuilding",
    "rescuing",
    "resize_migrating",
    "resize_prep",
    "unshelving",
)
_GROUPS = ServerGroup.__table__
_MEMBERS = ServerGroupMember.__table__


@dataclass(slots=True)
class Group:
    """A server group as it was at a ``generation``.

    ``members`` counts servers by provider id; ``most_per_host`` is that of
    anti-affinity.
    """

    id: int
    policy: str
    most_per_host: int
    generation: int
    members: dict[int, int] = field(default_factory=dict)

    @property
    def is_hard(self) -> bool:
        """Whether the policy forbids hosts."""
        return self.policy in (AFFINITY, ANTI_AFFINITY)

    def add(self, provider_id: int) -> None:
        """Count one more member in."""
        self.members[provider_id] = self.members.get(provider_id, 0) + 1

    def refusal(self, provider_id: int) -> str | None:
        """Why the policy forbids one more member there; None if it may be."""
        here = self.members.get(provider_id, 0)
        if self.policy == AFFINITY and self.members and not here:
            return "the servers of its group are on another host"
        if self.policy == ANTI_AFFINITY and here >= self.most_per_host:
            return (
                "no room for one more server of its group: "
                f"{here} of at most {self.most_per_host}"
            )
        return None


@db_session.transaction
def group(uuid: str) -> Group | None:
    """A group and its members' hosts, in one statement; None: no such."""
    with db_session.reader() as session:
        return _read(session, uuid)


def locked(session: orm.Session, uuid: str, without: str) -> Group | None:
    """The same, while nobody else can claim for it; one member left out.

    The generation moves, so that a claim over the former one fails.
    """
    rows.execute(
        session,
        sa.update(ServerGroup)
        .where(ServerGroup.uuid == uuid)
        .values(generation=ServerGroup.generation + 1),
    )
    return _read(session, uuid, without)


def _read(
    session: orm.Session, uuid: str, without: str | None = None
) -> Group | None:
    statement = (
        sa.select(
            _GROUPS.c.id,
            _GROUPS.c.policy,
            _GROUPS.c.rules,
            _GROUPS.c.generation,
            Allocation.provider_id,
            # A member holds a row of each resource class.
            sa.func.count(_MEMBERS.c.instance_uuid.distinct()),
        )
        .select_from(_GROUPS)
        .outerjoin(_MEMBERS, _MEMBERS.c.group_id == _GROUPS.c.id)
        .outerjoin(
            Allocation,
            sa.and_(
                Allocation.consumer_uuid == _MEMBERS.c.instance_uuid,
                Allocation.consumer_uuid != (without or ""),
            ),
        )
        .where(_GROUPS.c.uuid == uuid)
        .group_by(_GROUPS.c.id, Allocation.provider_id)
    )
    found = session.execute(statement).all()
    if not found:
        return None
    ident, policy, rules, generation = found[0][:4]
    return Group(
        ident,
        policy,
        int(rules.get("max_server_per_host", 1)),
        generation,
        {row[4]: row[5] for row in found if row[4] is not None},
    )


def swap(session: orm.Session, seen: Group) -> bool:
    """Move a group on, unless somebody else did since it was seen."""
    return bool(
        rows.execute(
            session,
            sa.update(ServerGroup)
            .where(
                ServerGroup.id == seen.id,
                ServerGroup.generation == seen.generation,
            )
            .values(generation=seen.generation + 1),
        )
    )


@db_session.transaction
def busy() -> dict[str | None, int]:
    """host -> servers there that are being built, moved or copied."""
    statement = (
        sa.select(Instance.host, sa.func.count())
        .where(
            Instance.deleted == 0,
            Instance.host.is_not(None),
            Instance.task_state.in_(_COPYING)
            | (Instance.vm_state == vm_states.BUILDING),
        )
        .group_by(Instance.host)
    )
    with db_session.reader() as session:
        return {row[0]: row[1] for row in session.execute(statement)}
