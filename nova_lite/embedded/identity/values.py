# SPDX-License-Identifier: Apache-2.0
"""The values of the identity service: scopes, logins, what a token says."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token is for: a project, a domain, or neither."""

    project_id: str | None = None
    domain_id: str | None = None

    @property
    def target_id(self) -> str | None:
        """The id that the roles were given on."""
        return self.project_id or self.domain_id


UNSCOPED = Scope()


@dataclass(frozen=True, slots=True)
class Login:
    """A user who proved who they are, and how.

    ``password_hash`` is the one that was matched: a password changed since
    then makes the login void. ``expires_at`` and ``parent_audit_id`` are set
    when another token was the proof.
    """

    user_id: str
    method: str
    methods: tuple[str, ...]
    password_hash: str | None = None
    application_credential_id: str | None = None
    parent_digest: str | None = None
    expires_at: datetime.datetime | None = None
    parent_audit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a token says. ``roles`` is ((id, name), ...), implied ones too."""

    digest: str
    user_id: str
    user_name: str
    user_domain_id: str
    user_domain_name: str
    project_id: str | None
    project_name: str | None
    project_domain_id: str | None
    project_domain_name: str | None
    domain_id: str | None
    domain_name: str | None
    roles: tuple[tuple[str, str], ...]
    methods: tuple[str, ...]
    audit_ids: tuple[str, ...]
    issued_at: datetime.datetime
    expires_at: datetime.datetime
    application_credential_id: str | None

    @property
    def role_names(self) -> list[str]:
        """The names that policy rules ask for."""
        return [name for _, name in self.roles]

    @property
    def is_admin(self) -> bool:
        """Whether this token may change users, projects and roles."""
        return "admin" in self.role_names


def new_id() -> str:
    """A new id, in the form of Keystone's."""
    return uuid.uuid4().hex


def digest_of(token: str) -> str:
    """The key of a token's row."""
    return hashlib.sha256(token.encode()).hexdigest()


def expand_roles(
    given: Iterable[str], implications: Iterable[tuple[str, str]]
) -> set[str]:
    """Add to role ids those that they imply, directly or not."""
    implied: dict[str, set[str]] = {}
    for prior, then in implications:
        implied.setdefault(prior, set()).add(then)
    found: set[str] = set()
    waiting = list(given)
    while waiting:
        role_id = waiting.pop()
        if role_id not in found:
            found.add(role_id)
            waiting.extend(implied.get(role_id, ()))
    return found


def identity_of(row: Any) -> Identity:
    """What a row of ``repository.token_row`` says."""
    return Identity(
        digest=row.digest,
        user_id=row.user_id,
        user_name=row.user_name,
        user_domain_id=row.user_domain_id,
        user_domain_name=row.user_domain_name,
        project_id=row.project_id,
        project_name=row.project_name,
        project_domain_id=row.project_domain_id,
        project_domain_name=row.project_domain_name,
        domain_id=row.domain_id,
        domain_name=row.domain_name,
        roles=tuple((role_id, name) for role_id, name in row.roles),
        methods=tuple(row.methods),
        audit_ids=tuple(row.audit_ids),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        application_credential_id=row.application_credential_id,
    )
