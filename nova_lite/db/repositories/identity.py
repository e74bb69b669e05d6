# SPDX-License-Identifier: Apache-2.0
"""Statements of the embedded identity service.

Every function takes a session and is a part of its caller's transaction.
Called by embedded/identity in nova-lite-api and nova-lite-manage.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from oslo_db import exception as db_exc
from sqlalchemy import orm

from nova_lite import exception
from nova_lite.db.models.identity import (
    ApplicationCredential,
    Assignment,
    Domain,
    ImpliedRole,
    Project,
    Role,
    Token,
    User,
)

M = TypeVar("M", Domain, Project, User, Role, ApplicationCredential)

_COMPARISONS = ("contains", "startswith", "endswith")


def get(session: orm.Session, model: type[M], row_id: str) -> M:
    """Return the row. Raises: NotFound."""
    row = session.get(model, row_id)
    if row is None:
        raise exception.NotFound(
            f"Could not find {_name(model)}: {row_id[:64]}."
        )
    return row


def lock(session: orm.Session, model: type[M], row_id: str) -> M | None:
    """Return the row as it is now, held until the transaction ends."""
    return session.get(
        model, row_id, with_for_update=True, populate_existing=True
    )


def find(session: orm.Session, model: type[M], **values: Any) -> M | None:
    """Return the one row that has these values, or None."""
    return session.execute(
        sa.select(model).filter_by(**values)
    ).scalar_one_or_none()


def add(session: orm.Session, row: Any) -> None:
    """Insert a row, now.

    Raises: Conflict when its name is taken; NotFound when what it belongs
    to is gone.
    """
    session.add(row)
    flush(session, row)


def flush(session: orm.Session, row: Any) -> None:
    """Send the changes of ``row``, now. Raises: as ``add``."""
    name = getattr(row, "name", "")
    try:
        session.flush()
    except db_exc.DBDuplicateEntry as error:
        raise exception.Conflict(
            f"There is a {_name(type(row))} named '{name}' already."
        ) from error
    except db_exc.DBReferenceError as error:
        raise exception.NotFound(
            f"What the {_name(type(row))} '{name}' belongs to was not found."
        ) from error


def search(
    session: orm.Session,
    model: type[M],
    filters: Mapping[str, Any],
    *,
    limit: int,
    marker: str | None = None,
    ids: Collection[str] | None = None,
) -> Sequence[M]:
    """List rows by id, those after ``marker``.

    A filter is ``column`` or ``column__contains`` (startswith, endswith;
    with an i before it whatever the case). ``ids`` bounds the answer.
    """
    query = sa.select(model).order_by(model.id).limit(limit)
    for name, value in filters.items():
        column, _, comparison = name.partition("__")
        query = query.where(
            _compare(getattr(model, column), comparison, value)
        )
    if ids is not None:
        query = query.where(model.id.in_(ids))
    if marker is not None:
        query = query.where(model.id > marker)
    return session.execute(query).scalars().all()


def _compare(column: Any, comparison: str, value: Any) -> Any:
    if not comparison:
        return column == value
    if comparison.startswith("i"):
        column, comparison = sa.func.lower(column), comparison[1:]
        value = value.lower()
    if comparison not in _COMPARISONS:
        raise exception.Invalid(f"There is no filter named {comparison[:40]}.")
    return getattr(column, comparison)(value, autoescape=True)


def _name(model: type[Any]) -> str:
    if model is ApplicationCredential:
        return "application credential"
    return model.__name__.lower()


# --- users -------------------------------------------------------------------


def find_user(
    session: orm.Session,
    *,
    user_id: str | None = None,
    name: str | None = None,
    domain_id: str | None = None,
    domain_name: str | None = None,
) -> User | None:
    """Return the enabled user of an enabled domain, by id or by name."""
    query = (
        sa.select(User)
        .join(Domain, Domain.id == User.domain_id)
        .where(User.enabled.is_(True), Domain.enabled.is_(True))
    )
    if user_id is not None:
        query = query.where(User.id == user_id)
    else:
        query = query.where(User.name == name)
        if domain_id is not None:
            query = query.where(Domain.id == domain_id)
        else:
            query = query.where(Domain.name == domain_name)
    return session.execute(query).scalar_one_or_none()


def count_failure(
    session: orm.Session,
    user_id: str,
    at: datetime.datetime,
    forget_before: datetime.datetime,
) -> None:
    """Note a wrong password; failures of long ago no longer count.

    An unknown ``user_id`` costs the same statement, and so the same time.
    """
    session.execute(
        sa.update(User)
        .where(User.id == user_id)
        .values(
            failed_logins=sa.case(
                (User.failed_at < forget_before, 1),
                else_=User.failed_logins + 1,
            ),
            failed_at=at,
        )
        .execution_options(synchronize_session=False)
    )


# --- projects ----------------------------------------------------------------


def find_project(
    session: orm.Session,
    *,
    project_id: str | None = None,
    name: str | None = None,
    domain_id: str | None = None,
    domain_name: str | None = None,
) -> Project | None:
    """Return the enabled project of an enabled domain, by id or by name."""
    query = (
        sa.select(Project)
        .join(Domain, Domain.id == Project.domain_id)
        .where(Project.enabled.is_(True), Domain.enabled.is_(True))
    )
    if project_id is not None:
        query = query.where(Project.id == project_id)
    else:
        query = query.where(Project.name == name)
        if domain_id is not None:
            query = query.where(Domain.id == domain_id)
        else:
            query = query.where(Domain.name == domain_name)
    return session.execute(query).scalar_one_or_none()


# --- roles and assignments ---------------------------------------------------


def holders(session: orm.Session, role_ids: Collection[str]) -> list[str]:
    """Return the ids of the users who were given one of the roles."""
    return list(
        session.execute(
            sa.select(Assignment.user_id)
            .where(Assignment.role_id.in_(role_ids))
            .distinct()
            .order_by(Assignment.user_id)
        ).scalars()
    )


def implications(session: orm.Session) -> list[tuple[str, str]]:
    """Return every (prior role id, implied role id)."""
    rows = session.execute(
        sa.select(ImpliedRole.prior_id, ImpliedRole.implied_id)
    )
    return [(prior, implied) for prior, implied in rows]


def imply(session: orm.Session, prior_id: str, implied_id: str) -> None:
    """Make one role imply another, if it does not yet."""
    if session.get(ImpliedRole, (prior_id, implied_id)) is None:
        session.add(ImpliedRole(prior_id=prior_id, implied_id=implied_id))


def roles(session: orm.Session) -> dict[str, str]:
    """Return the names of all roles by id."""
    rows = session.execute(sa.select(Role.id, Role.name))
    return {row.id: row.name for row in rows}


def assignments(session: orm.Session, **values: str) -> Sequence[Assignment]:
    """List assignments with these column values, in the key's order."""
    return (
        session.execute(
            sa.select(Assignment)
            .filter_by(**values)
            .order_by(
                Assignment.user_id, Assignment.target_id, Assignment.role_id
            )
        )
        .scalars()
        .all()
    )


def assign(
    session: orm.Session,
    user_id: str,
    target_type: str,
    target_id: str,
    role_id: str,
) -> None:
    """Give a role, if it is not given yet."""
    key = (user_id, target_id, role_id)
    if session.get(Assignment, key) is None:
        session.add(
            Assignment(
                user_id=user_id,
                target_id=target_id,
                role_id=role_id,
                target_type=target_type,
            )
        )


def delete_assignments(session: orm.Session, **values: str) -> int:
    """Take away the assignments with these values; return how many."""
    return _delete(session, Assignment, **values)


# --- application credentials and tokens --------------------------------------


def delete_application_credentials(session: orm.Session, **values: str) -> int:
    """Remove those with these values, and with them their tokens."""
    return _delete(session, ApplicationCredential, **values)


def _token_query() -> sa.Select[Any]:
    user_domain = orm.aliased(Domain)
    project_domain = orm.aliased(Domain)
    return (
        sa.select(
            *Token.__table__.columns,
            User.name.label("user_name"),
            User.domain_id.label("user_domain_id"),
            user_domain.name.label("user_domain_name"),
            Project.name.label("project_name"),
            Project.domain_id.label("project_domain_id"),
            project_domain.name.label("project_domain_name"),
            Domain.name.label("domain_name"),
        )
        .join(User, User.id == Token.user_id)
        .join(user_domain, user_domain.id == User.domain_id)
        .outerjoin(Project, Project.id == Token.project_id)
        .outerjoin(project_domain, project_domain.id == Project.domain_id)
        .outerjoin(Domain, Domain.id == Token.domain_id)
        .where(
            Token.digest == sa.bindparam("digest"),
            User.enabled.is_(True),
            user_domain.enabled.is_(True),
            sa.or_(Token.project_id.is_(None), Project.enabled.is_(True)),
            sa.or_(
                Token.project_id.is_(None), project_domain.enabled.is_(True)
            ),
            sa.or_(Token.domain_id.is_(None), Domain.enabled.is_(True)),
        )
    )


# Every request runs it: made once.
_TOKEN = _token_query()


def token_row(session: orm.Session, digest: str) -> Any:
    """Return what a token says, with names, or None: one statement.

    None as well when its user, project or a domain of theirs is disabled.
    """
    return session.execute(_TOKEN, {"digest": digest}).one_or_none()


def delete_tokens(session: orm.Session, **values: str) -> int:
    """Revoke the tokens with these column values; return how many."""
    return _delete(session, Token, **values)


def delete_domain_tokens(session: orm.Session, domain_id: str) -> None:
    """Revoke every token of the domain's users, projects and itself."""
    users = sa.select(User.id).where(User.domain_id == domain_id)
    projects = sa.select(Project.id).where(Project.domain_id == domain_id)
    session.execute(
        sa.delete(Token)
        .where(
            sa.or_(
                Token.user_id.in_(users),
                Token.project_id.in_(projects),
                Token.domain_id == domain_id,
            )
        )
        .execution_options(synchronize_session=False)
    )


def delete_domain_assignments(session: orm.Session, domain_id: str) -> None:
    """Take away every role on the domain and on its projects."""
    projects = sa.select(Project.id).where(Project.domain_id == domain_id)
    session.execute(
        sa.delete(Assignment)
        .where(
            sa.or_(
                Assignment.target_id.in_(projects),
                Assignment.target_id == domain_id,
            )
        )
        .execution_options(synchronize_session=False)
    )


def purge_tokens(session: orm.Session, before: datetime.datetime) -> int:
    """Remove tokens that expired before a moment; return how many."""
    result: Any = session.execute(
        sa.delete(Token)
        .where(Token.expires_at < before)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)


def _delete(session: orm.Session, model: Any, **values: str) -> int:
    query = sa.delete(model)
    for name, value in values.items():
        query = query.where(getattr(model, name) == value)
    result: Any = session.execute(
        query.execution_options(synchronize_session=False)
    )
    return int(result.rowcount)
