# SPDX-License-Identifier: Apache-2.0
"""Tables of the embedded identity service.

Used through db/repositories/identity.py, in nova-lite-api (the service) and
nova-lite-manage (bootstrap).
"""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from nova_lite.db.models import base

_ID = sa.String(64)


def _within(table: str) -> Any:
    """An id column that goes when its row of ``table`` goes."""
    return sa.ForeignKey(f"{table}.id", ondelete="CASCADE")


class Domain(base.Timestamped, base.Base):
    """A name space of users and projects."""

    __tablename__ = "identity_domains"

    id: orm.Mapped[str] = orm.mapped_column(_ID, primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(unique=True)
    description: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    enabled: orm.Mapped[bool] = orm.mapped_column(default=True)
    extra: orm.Mapped[dict[str, Any]] = orm.mapped_column(default=dict)


class Project(base.Timestamped, base.Base):
    """What owns servers and images, and what a token is scoped to."""

    __tablename__ = "identity_projects"
    __table_args__ = (
        sa.UniqueConstraint("domain_id", "name"),
        base.Base.__table_args__,
    )

    id: orm.Mapped[str] = orm.mapped_column(_ID, primary_key=True)
    domain_id: orm.Mapped[str] = orm.mapped_column(
        _ID, _within("identity_domains")
    )
    name: orm.Mapped[str]
    description: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    enabled: orm.Mapped[bool] = orm.mapped_column(default=True)
    extra: orm.Mapped[dict[str, Any]] = orm.mapped_column(default=dict)


class User(base.Timestamped, base.Base):
    """Somebody who logs in; ``password_hash`` empty means no password."""

    __tablename__ = "identity_users"
    __table_args__ = (
        sa.UniqueConstraint("domain_id", "name"),
        base.Base.__table_args__,
    )

    id: orm.Mapped[str] = orm.mapped_column(_ID, primary_key=True)
    domain_id: orm.Mapped[str] = orm.mapped_column(
        _ID, _within("identity_domains")
    )
    name: orm.Mapped[str]
    description: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    enabled: orm.Mapped[bool] = orm.mapped_column(default=True)
    default_project_id: orm.Mapped[str | None] = orm.mapped_column(_ID)
    extra: orm.Mapped[dict[str, Any]] = orm.mapped_column(default=dict)
    password_hash: orm.Mapped[str] = orm.mapped_column(default="")
    failed_logins: orm.Mapped[int] = orm.mapped_column(default=0)
    failed_at: orm.Mapped[datetime.datetime | None]
    # A service's user is never locked out: anybody could stop the cloud by
    # guessing at it, and its password is random.
    lockout_exempt: orm.Mapped[bool] = orm.mapped_column(default=False)


class Role(base.Timestamped, base.Base):
    """A name that policy rules ask for."""

    __tablename__ = "identity_roles"

    id: orm.Mapped[str] = orm.mapped_column(_ID, primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(unique=True)
    description: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    extra: orm.Mapped[dict[str, Any]] = orm.mapped_column(default=dict)


class ImpliedRole(base.Base):
    """Who has the prior role has the implied one as well."""

    __tablename__ = "identity_implied_roles"

    prior_id: orm.Mapped[str] = orm.mapped_column(
        _ID, _within("identity_roles"), primary_key=True
    )
    implied_id: orm.Mapped[str] = orm.mapped_column(
        _ID, _within("identity_roles"), primary_key=True
    )


class Assignment(base.Base):
    """A role of a user on a project or a domain (``target_id``)."""

    __tablename__ = "identity_assignments"

    user_id: orm.Mapped[str] = orm.mapped_column(
        _ID, _within("identity_users"), primary_key=True
    )
    target_id: orm.Mapped[str] = orm.mapped_column(
        _ID, primary_key=True, index=True
    )
    role_id: orm.Mapped[str] = orm.mapped_column(
        _ID, _within("identity_roles"), primary_key=True
    )
    # "project" or "domain"
    target_type: orm.Mapped[str] = orm.mapped_column(sa.String(16))


class ApplicationCredential(base.Timestamped, base.Base):
    """A second secret of a user, for one project and some roles."""

    __tablename__ = "identity_application_credentials"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "name"),
        base.Base.__table_args__,
    )

    id: orm.Mapped[str] = orm.mapped_column(_ID, primary_key=True)
    user_id: orm.Mapped[str] = orm.mapped_column(
        _ID, _within("identity_users")
    )
    project_id: orm.Mapped[str] = orm.mapped_column(
        _ID, _within("identity_projects"), index=True
    )
    name: orm.Mapped[str]
    description: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    secret_hash: orm.Mapped[str]
    expires_at: orm.Mapped[datetime.datetime | None]
    unrestricted: orm.Mapped[bool] = orm.mapped_column(default=False)
    role_ids: orm.Mapped[list[Any]] = orm.mapped_column(default=list)


class Token(base.Base):
    """A token that is good until ``expires_at``; no row, no token.

    ``digest`` is the SHA-256 of the token, which itself is kept nowhere.
    ``roles`` is ``[[id, name], ...]`` with the implied ones, as of the issue:
    whatever takes a role away removes the tokens that have it.
    """

    __tablename__ = "identity_tokens"

    digest: orm.Mapped[str] = orm.mapped_column(_ID, primary_key=True)
    user_id: orm.Mapped[str] = orm.mapped_column(
        _ID, _within("identity_users"), index=True
    )
    project_id: orm.Mapped[str | None] = orm.mapped_column(
        _ID, _within("identity_projects"), index=True
    )
    domain_id: orm.Mapped[str | None] = orm.mapped_column(
        _ID, _within("identity_domains"), index=True
    )
    application_credential_id: orm.Mapped[str | None] = orm.mapped_column(
        _ID, _within("identity_application_credentials"), index=True
    )
    methods: orm.Mapped[list[Any]] = orm.mapped_column(default=list)
    roles: orm.Mapped[list[Any]] = orm.mapped_column(default=list)
    audit_ids: orm.Mapped[list[Any]] = orm.mapped_column(default=list)
    issued_at: orm.Mapped[datetime.datetime]
    expires_at: orm.Mapped[datetime.datetime] = orm.mapped_column(index=True)
