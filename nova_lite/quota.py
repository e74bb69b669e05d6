# SPDX-License-Identifier: Apache-2.0
"""Quotas: what a project may use, held against any number of requests.

Called in the API process with the session of the transaction that writes
what uses the quota up. What is in use is counted then and there, under a
lock of the project's, so no two requests count at the same moment and no
count can be wrong. A limit is the user's, else the project's, else the
default class's, else the option's; -1 is none. Where nothing is limited,
nothing is locked or counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.db.repositories import quota as quotas

CONF = cfg.CONF

UNLIMITED = -1
SERVERS = frozenset({"instances", "cores", "ram"})
RESOURCES = (
    "cores",
    "fixed_ips",
    "floating_ips",
    "injected_file_content_bytes",
    "injected_file_path_bytes",
    "injected_files",
    "instances",
    "key_pairs",
    "metadata_items",
    "ram",
    "security_group_rules",
    "security_groups",
    "server_group_members",
    "server_groups",
)
Amounts = Mapping[str, int]
# SQLAlchemy's, which only nova_lite/db names.
Session = Any


@dataclass(frozen=True, slots=True)
class _Bound:
    """A limit, and what is used of it."""

    resource: str
    limit: int
    used: int

    def has_room(self, wanted: int) -> bool:
        return self.used + wanted <= self.limit


# --- limits ----


def options() -> dict[str, int]:
    """The limits of the configuration.

    Those of networks have none: this cloud counts no such thing, but the
    older API shows it.
    """
    quota = CONF.quota
    return {
        "cores": quota.cores,
        "fixed_ips": UNLIMITED,
        "floating_ips": UNLIMITED,
        "injected_file_content_bytes": quota.injected_file_content_bytes,
        "injected_file_path_bytes": quota.injected_file_path_length,
        "injected_files": quota.injected_files,
        "instances": quota.instances,
        "key_pairs": quota.key_pairs,
        "metadata_items": quota.metadata_items,
        "ram": quota.ram,
        "security_group_rules": UNLIMITED,
        "security_groups": UNLIMITED,
        "server_group_members": quota.server_group_members,
        "server_groups": quota.server_groups,
    }


def class_limits(session: Session, name: str) -> dict[str, int]:
    """The limits of a quota class."""
    return {**options(), **quotas.class_limits(session, name)}


def limits(
    session: Session,
    project_id: str,
    user_id: str | None = None,
    resources: Iterable[str] | None = None,
) -> tuple[dict[str, int], dict[str, int]]:
    """All limits of a project, and those of one user of it.

    ``resources``: the only ones whose stored limits are asked for.
    """
    by_class, own, of_user = quotas.limits(
        session, project_id, user_id, resources
    )
    project = {**options(), **by_class, **own}
    return project, {**project, **of_user}


def used(
    session: Session, project_id: str, user_id: str | None = None
) -> dict[str, int]:
    """What a project has of each resource, or one user in it.

    Key pairs and group members are shown as 0, as upstream does: they have
    no sum for a project.
    """
    return {
        **dict.fromkeys(RESOURCES, 0),
        **quotas.used(session, project_id, user_id),
    }


# --- holding them ----


def reserve(
    session: Session,
    project_id: str,
    user_id: str,
    deltas: Amounts,
    *,
    group_id: int | None = None,
) -> None:
    """Let this transaction use up more of some resources.

    Call it before what uses them is written. ``deltas`` may be of several
    resources, those of 0 or less are passed over; ``group_id`` is the server
    group's for server_group_members. Raises: OverQuota.
    """
    fit(session, project_id, user_id, deltas, 1, 1, group_id=group_id)


def fit(
    session: Session,
    project_id: str,
    user_id: str,
    each: Amounts,
    minimum: int,
    maximum: int,
    *,
    group_id: int | None = None,
) -> int:
    """How many, ``minimum`` to ``maximum``, this transaction may write.

    ``each``: what one of them needs. Raises: OverQuota when fewer fit.
    """
    wanted = {name: delta for name, delta in each.items() if delta > 0}
    bounds = _bounds(session, project_id, user_id, wanted, group_id)
    count = min(
        ((b.limit - b.used) // wanted[b.resource] for b in bounds),
        default=maximum,
    )
    if count < minimum:
        least = {name: delta * minimum for name, delta in wanted.items()}
        raise _over(bounds, least)
    return min(count, maximum)


def recheck(
    session: Session, project_id: str, user_id: str, added: Amounts
) -> None:
    """As ``reserve``, after the servers that use it up have been written.

    Raises: OverQuota.
    """
    bounds = _bounds(session, project_id, user_id, added, None)
    before = [
        _Bound(b.resource, b.limit, b.used - added[b.resource]) for b in bounds
    ]
    if not all(bound.has_room(added[bound.resource]) for bound in before):
        raise _over(before, added)


def check(
    session: Session,
    project_id: str,
    user_id: str | None,
    resource: str,
    value: int,
) -> None:
    """Hold one thing's own size against a limit, as metadata_items is.

    Raises: LimitExceeded.
    """
    _, found = limits(session, project_id, user_id, [resource])
    if 0 <= found[resource] < value:
        raise exception.LimitExceeded(
            resource=resource.replace("_", " "), allowed=found[resource]
        )


def _bounds(
    session: Session,
    project_id: str,
    user_id: str,
    wanted: Amounts,
    group_id: int | None,
) -> list[_Bound]:
    of_project, of_user = limits(session, project_id, user_id, wanted)
    limited = {
        name for name in wanted if of_project[name] >= 0 or of_user[name] >= 0
    }
    if not limited:
        return []
    # A user's key pairs are the same in every project.
    shared = limited <= {"key_pairs"}
    quotas.lock(session, f"user/{user_id}" if shared else project_id)
    by_project, by_user = _count(
        session, project_id, user_id, limited, group_id
    )
    return [
        _Bound(name, limit[name], count)
        for limit, counts in ((of_project, by_project), (of_user, by_user))
        for name, count in counts.items()
        if name in limited and limit[name] >= 0
    ]


def _count(
    session: Session,
    project_id: str,
    user_id: str,
    names: set[str],
    group_id: int | None,
) -> tuple[dict[str, int], dict[str, int]]:
    """What the project and what the user has: a statement for each kind."""
    by_project: dict[str, int] = {}
    by_user: dict[str, int] = {}
    counters = []
    if names & SERVERS:
        counters.append(quotas.servers)
    if "server_groups" in names:
        counters.append(quotas.server_groups)
    for counter in counters:
        project, user = counter(session, project_id, user_id)
        by_project.update(project)
        by_user.update(user)
    if "key_pairs" in names:
        by_user["key_pairs"] = quotas.key_pairs(session, user_id)
    if "server_group_members" in names:
        assert group_id is not None
        by_user["server_group_members"] = quotas.group_members(
            session, group_id, user_id
        )
    return by_project, by_user


def _over(bounds: Iterable[_Bound], wanted: Amounts) -> exception.OverQuota:
    """The error that names what has no room, each resource once."""
    overs: dict[str, _Bound] = {}
    for bound in bounds:
        if not bound.has_room(wanted[bound.resource]):
            overs[bound.resource] = bound
    names = sorted(overs)

    def joined(values: Iterable[int | str]) -> str:
        return ", ".join(str(value) for value in values)

    return exception.OverQuota(
        overs=joined(names),
        requested=joined(wanted[name] for name in names),
        used=joined(overs[name].used for name in names),
        allowed=joined(overs[name].limit for name in names),
    )


# --- changing them ----


def update(
    session: Session,
    project_id: str,
    user_id: str | None,
    values: Amounts,
    *,
    force: bool = False,
) -> None:
    """Set limits of a project, or of one user of it.

    Not by ``force``, a limit lies above what is in use, and a user's below
    what the project's other users leave. Raises: InvalidQuota.
    """
    quotas.lock(session, project_id)
    if not force:
        _check_settable(session, project_id, user_id, values)
    quotas.set_limits(session, project_id, user_id or "", dict(values))


def update_class(session: Session, name: str, values: Amounts) -> None:
    """Set limits of a quota class."""
    # Cut to what the column takes: two long names may wait for each other.
    quotas.lock(session, f"class/{name}")
    quotas.set_class_limits(session, name, dict(values))


def _check_settable(
    session: Session,
    project_id: str,
    user_id: str | None,
    values: Amounts,
) -> None:
    of_project, _ = limits(session, project_id)
    in_use = used(session, project_id, user_id)
    given = quotas.limits_of_users(session, project_id)
    for name, value in values.items():
        others = [
            limit
            for user, resource, limit in given
            if resource == name and user != user_id
        ]
        # Who is unlimited takes nothing from the others.
        counted = 0 if UNLIMITED in others else sum(others)
        least, most = in_use[name], UNLIMITED
        if not user_id:
            least = max(least, counted)
        elif of_project[name] != UNLIMITED and UNLIMITED not in others:
            most = of_project[name] - counted
        _check_between(name, value, least, most)


def _check_between(name: str, value: int, least: int, most: int) -> None:
    if value != UNLIMITED and value < least:
        raise exception.InvalidQuota(
            reason=f"Quota limit {value} for {name} must be greater than or "
            f"equal to already used and reserved {least}."
        )
    if most != UNLIMITED and not 0 <= value <= most:
        raise exception.InvalidQuota(
            reason=f"Quota limit {value} for {name} must be less than or "
            f"equal to {most}."
        )
