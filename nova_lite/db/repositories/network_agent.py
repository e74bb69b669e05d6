# SPDX-License-Identifier: Apache-2.0
"""The agents of the embedded network service, and what they carry.

Called by conductor (objects.network_state, the periodic pass) and by the
embedded service. An agent lives as long as its heartbeat in ``services`` is
young; a router lives on one of them.
"""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite.db import session as db
from nova_lite.db.models import network as models
from nova_lite.db.models.base import now
from nova_lite.db.models.service import Service
from nova_lite.db.repositories import rows

BINARY = "nova-lite-netd"
GATEWAY = "network:router_gateway"
INTERFACE = "network:router_interface"
DHCP = "network:dhcp"
LEGS = (GATEWAY, INTERFACE)

_AGENTS = models.NetworkAgent.__table__
_SERVICES = Service.__table__
_ROUTERS = models.Router.__table__
_PORTS = models.Port.__table__
_NETWORKS = models.Network.__table__


def register(host: str, values: Mapping[str, Any]) -> None:
    """Record a host's agent: ``tunnel_ip`` and ``configurations``."""
    try:
        _register(host, values)
    except db_exc.DBDuplicateEntry:
        # Another conductor wrote the row of the same agent just now.
        _register(host, values)


@db.transaction
def _register(host: str, values: Mapping[str, Any]) -> None:
    kept = {
        "tunnel_ip": values.get("tunnel_ip") or "",
        "configurations": dict(values.get("configurations") or {}),
    }
    with db.writer() as session:
        if rows.execute(
            session,
            sa.update(models.NetworkAgent)
            .where(_AGENTS.c.host == host)
            .values(kept),
        ):
            return
        session.add(
            models.NetworkAgent(host=host, id=str(uuid.uuid4()), **kept)
        )


def forget(session: orm.Session, host: str) -> None:
    """Remove a host's agent for good, with the ports that were its own.

    Its routers go to another agent at the next look.
    """
    rows.execute(
        session,
        sa.delete(models.Port).where(
            _PORTS.c.host == host, _PORTS.c.device_owner == DHCP
        ),
    )
    rows.execute(
        session,
        sa.delete(models.NetworkAgent).where(_AGENTS.c.host == host),
    )


@db.transaction
def report_ports(host: str, statuses: Mapping[str, str]) -> None:
    """Write ports' statuses, of those that are still bound to the host."""
    by_status = defaultdict[str, list[str]](list)
    for port_id, status in statuses.items():
        by_status[status].append(port_id)
    if not by_status:
        return
    with db.writer() as session:
        for status in sorted(by_status):
            rows.execute(
                session,
                sa.update(models.Port)
                .where(
                    _PORTS.c.id.in_(sorted(by_status[status])),
                    _PORTS.c.host == host,
                    _PORTS.c.status != status,
                )
                .values(status=status, revision=_PORTS.c.revision + 1),
            )


def agents(session: orm.Session) -> list[dict[str, Any]]:
    """Agents by host, with what ``services`` knows of each."""
    found = session.execute(
        sa.select(
            _AGENTS,
            _SERVICES.c.last_seen_at,
            _SERVICES.c.forced_down,
            _SERVICES.c.disabled,
            _SERVICES.c.availability_zone,
            _SERVICES.c.created_at.label("started_at"),
        )
        .outerjoin(_SERVICES, _runs())
        .order_by(_AGENTS.c.host)
    )
    return [dict(row) for row in found.mappings()]


def update(
    session: orm.Session,
    host: str,
    disabled: bool | None = None,
    **values: Any,
) -> None:
    """Change what is noted of a host's agent, or what its service may do."""
    if values:
        rows.execute(
            session,
            sa.update(models.NetworkAgent)
            .where(_AGENTS.c.host == host)
            .values(values),
        )
    if disabled is not None:
        rows.execute(
            session,
            sa.update(Service)
            .where(_SERVICES.c.host == host, _SERVICES.c.binary == BINARY)
            .values(disabled=disabled, disabled_reason=None),
        )


def is_live(row: Mapping[str, Any], down_time_s: float) -> bool:
    """Whether an agent's heartbeat is young enough."""
    seen: datetime.datetime | None = row["last_seen_at"]
    if seen is None or row["forced_down"]:
        return False
    return (now() - seen).total_seconds() <= down_time_s


def can_wire(
    session: orm.Session,
    host: str,
    down_time_s: float,
    physical: str | None = None,
) -> bool | None:
    """Whether a host's agent lives; None where there never was one.

    ``physical``: of the network that it is to wire, which it has to reach.
    """
    found = (
        session.execute(
            sa.select(
                _AGENTS.c.configurations,
                _SERVICES.c.last_seen_at,
                _SERVICES.c.forced_down,
            )
            .outerjoin(_SERVICES, _runs())
            .where(_AGENTS.c.host == host)
        )
        .mappings()
        .first()
    )
    if found is None:
        return None
    reached = found["configurations"].get("physical_networks", ())
    lives = is_live(dict(found), down_time_s)
    return lives and (physical is None or physical in reached)


def _runs() -> Any:
    return sa.and_(
        _SERVICES.c.host == _AGENTS.c.host, _SERVICES.c.binary == BINARY
    )


# --- which host a router lives on --------------------------------------------


@db.transaction
def place_orphans(down_time_s: float) -> set[str]:
    """Move routers without a living agent to one; the hosts concerned."""
    with db.reader() as session:
        known = sa.select(_ROUTERS.c.id, _ROUTERS.c.host)
        routers = list(session.execute(known))
        if not routers:
            return set()
        live, enabled = _live(session, down_time_s)
    lost = [row.id for row in routers if row.host not in live]
    if not lost or not enabled:
        return set()
    with db.writer() as session:
        return place(session, lost, down_time_s)


def place(
    session: orm.Session, router_ids: Collection[str], down_time_s: float
) -> set[str]:
    """Let each of some routers live where it can; the hosts concerned.

    One that is well where it is stays, with an agent that is disabled too.
    One that no agent can carry stays with a dead agent, which may come back,
    and leaves one that is unfit.
    """
    live, enabled = _live(session, down_time_s)
    needs = _needs(session, router_ids)
    load = _load(session)
    concerned = set[str]()
    found = session.execute(
        sa.select(_ROUTERS.c.id, _ROUTERS.c.host)
        .where(_ROUTERS.c.id.in_(router_ids))
        .order_by(_ROUTERS.c.id)
    )
    for router_id, host in list(found):
        if host in live and needs[router_id] <= live[host]:
            continue
        fit = [name for name in enabled if needs[router_id] <= live[name]]
        if not fit and host not in live:
            continue
        best = min(fit, key=lambda name: (load[name], name), default="")
        if _move(session, router_id, host, best):
            load[best] += 1
            concerned.update((host, best))
    return concerned - {""}


def _live(
    session: orm.Session, down_time_s: float
) -> tuple[dict[str, set[str]], list[str]]:
    """Hosts whose agent lives and carries routers: physical networks.

    With those of them that may be given more.
    """
    found = [
        row
        for row in agents(session)
        if is_live(row, down_time_s) and row["configurations"].get("l3", True)
    ]
    live = {
        row["host"]: set(row["configurations"].get("physical_networks", ()))
        for row in found
    }
    return live, [row["host"] for row in found if not row["disabled"]]


def _needs(
    session: orm.Session, router_ids: Collection[str]
) -> dict[str, set[str]]:
    """The physical networks that each router has a leg in."""
    found = session.execute(
        sa.select(_PORTS.c.device_id, _NETWORKS.c.segment)
        .join(_NETWORKS, _NETWORKS.c.id == _PORTS.c.network_id)
        .where(
            _PORTS.c.device_id.in_(router_ids),
            _PORTS.c.device_owner.in_(LEGS),
            _NETWORKS.c.segment.startswith("flat:"),
        )
    )
    needs = defaultdict[str, set[str]](set)
    for router_id, segment in found:
        needs[router_id].add(segment.removeprefix("flat:"))
    return needs


def _load(session: orm.Session) -> defaultdict[str, int]:
    """How many routers each host has."""
    found = session.execute(
        sa.select(_ROUTERS.c.host, sa.func.count())
        .where(_ROUTERS.c.host != "")
        .group_by(_ROUTERS.c.host)
    )
    counts = defaultdict[str, int](int)
    for host, count in found:
        counts[host] = count
    return counts


def _move(session: orm.Session, router_id: str, old: str, new: str) -> bool:
    """Bind a router and its ports to another host; False when too late."""
    if not rows.execute(
        session,
        sa.update(models.Router)
        .where(_ROUTERS.c.id == router_id, _ROUTERS.c.host == old)
        .values(host=new),
    ):
        return False
    bind_legs(session, [router_id], new)
    return True


def bind_legs(
    session: orm.Session, router_ids: Sequence[str], host: str
) -> None:
    """Bind routers' ports to the host that the routers live on."""
    rows.execute(
        session,
        sa.update(models.Port)
        .where(
            _PORTS.c.device_id.in_(router_ids),
            _PORTS.c.device_owner.in_(LEGS),
            _PORTS.c.host != host,
        )
        .values(
            host=host,
            vif_type="tap" if host else "unbound",
            status="DOWN",
            revision=_PORTS.c.revision + 1,
        ),
    )
