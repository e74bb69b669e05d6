# SPDX-License-Identifier: Apache-2.0
"""Domains, projects, users, roles and assignments, and what changing them
does to tokens.

Each method is one transaction. Whatever takes a right away removes the
tokens that had it in the same transaction; it locks the user's row first,
as the issue of a token does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite import exception
from nova_lite.db import session
from nova_lite.db.models.identity import (
    Domain,
    Project,
    Role,
    User,
)
from nova_lite.db.repositories import identity as repository
from nova_lite.embedded.identity.passwords import Passwords
from nova_lite.embedded.identity.values import expand_roles, new_id

TARGETS: dict[str, Any] = {"project": Project, "domain": Domain}


class Directory:
    """The changes that administrators make."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    def create(self, model: Any, values: Mapping[str, Any]) -> Any:
        """Insert a row with ``values``; return it.

        Raises: Conflict when the name is taken; NotFound for its domain.
        """
        return self._create(model, self._with_hash(values))

    def update(
        self, model: Any, row_id: str, values: Mapping[str, Any]
    ) -> Any:
        """Change the row; return it. Raises: NotFound, Conflict."""
        return self._update(model, row_id, self._with_hash(values))

    def _with_hash(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Replace a password by its hash, outside of any transaction."""
        found = dict(values)
        if "password" in found:
            password = found.pop("password")
            found["password_hash"] = (
                self._passwords.hash(password) if password else ""
            )
        return found

    @session.transaction
    def _create(self, model: Any, values: Mapping[str, Any]) -> Any:
        with session.writer() as db:
            if "domain_id" in values:
                repository.get(db, Domain, values["domain_id"])
            row = model(id=new_id(), **values)
            repository.add(db, row)
        return row

    @session.transaction
    def _update(
        self, model: Any, row_id: str, values: Mapping[str, Any]
    ) -> Any:
        with session.writer() as db:
            row = repository.lock(db, model, row_id)
            if row is None:
                row = repository.get(db, model, row_id)
            extra = {**getattr(row, "extra", {}), **values.get("extra", {})}
            for name, value in values.items():
                setattr(row, name, value)
            row.extra = extra
            if "password_hash" in values:
                row.failed_logins = 0
            repository.flush(db, row)
            if values.get("enabled") is False or "password_hash" in values:
                _revoke(db, model, row_id)
            if model is Role and "name" in values:
                # Tokens carry the role's name.
                _revoke(db, model, row_id)
        return row

    @session.transaction
    def delete(self, model: Any, row_id: str) -> None:
        """Remove the row and all that hangs on it.

        Raises: NotFound; Forbidden for a domain that is still enabled.
        """
        with session.writer() as db:
            row = repository.get(db, model, row_id)
            if model is Domain and row.enabled:
                raise exception.Forbidden(
                    "Disable the domain before it is deleted: all its users "
                    "and projects go with it."
                )
            _revoke(db, model, row_id)
            if model is Domain:
                repository.delete_domain_assignments(db, row_id)
            if model is Project:
                repository.delete_assignments(db, target_id=row_id)
            db.delete(row)

    @session.transaction
    def change_password(
        self, user_id: str, matched_hash: str, password_hash: str
    ) -> None:
        """Set a user's own new password; their tokens go.

        Raises: Unauthorized when the old one was changed meanwhile.
        """
        with session.writer() as db:
            user = repository.lock(db, User, user_id)
            if user is None or user.password_hash != matched_hash:
                raise exception.Unauthorized()
            user.password_hash = password_hash
            user.failed_logins = 0
            repository.delete_tokens(db, user_id=user_id)

    @session.transaction
    def assign(
        self, target_type: str, target_id: str, user_id: str, role_id: str
    ) -> None:
        """Give a user a role. Raises: NotFound for any of the three."""
        with session.writer() as db:
            repository.get(db, TARGETS[target_type], target_id)
            repository.get(db, User, user_id)
            repository.get(db, Role, role_id)
            repository.assign(db, user_id, target_type, target_id, role_id)

    @session.transaction
    def unassign(
        self, target_type: str, target_id: str, user_id: str, role_id: str
    ) -> None:
        """Take a role away, and with it what was issued on its strength.

        Raises: NotFound when it was not given.
        """
        with session.writer() as db:
            repository.lock(db, User, user_id)
            gone = repository.delete_assignments(
                db,
                user_id=user_id,
                target_id=target_id,
                role_id=role_id,
                target_type=target_type,
            )
            if not gone:
                raise exception.NotFound(
                    f"User {user_id} has no role {role_id} on {target_type} "
                    f"{target_id}."
                )
            column = f"{target_type}_id"
            repository.delete_tokens(
                db, user_id=user_id, **{column: target_id}
            )
            if target_type == "project":
                repository.delete_application_credentials(
                    db, user_id=user_id, project_id=target_id
                )

    @session.transaction
    def is_assigned(self, key: Mapping[str, str]) -> bool:
        """Whether an assignment has these column values."""
        with session.reader() as db:
            return bool(repository.assignments(db, **key))

    @session.transaction
    def assignments(
        self, key: Mapping[str, str], *, effective: bool = False
    ) -> list[dict[str, str]]:
        """List assignments; ``effective`` adds the implied roles.

        ``role_id`` in ``key`` filters after the implied ones are added.
        """
        wanted = dict(key)
        role_id = wanted.pop("role_id", None)
        with session.reader() as db:
            rows = repository.assignments(db, **wanted)
            implied = repository.implications(db) if effective else []
        found = [
            {
                "user_id": row.user_id,
                "target_type": row.target_type,
                "target_id": row.target_id,
                "role_id": each,
            }
            for row in rows
            for each in sorted(expand_roles([row.role_id], implied))
        ]
        unique = {tuple(item.values()): item for item in found}
        return [
            item
            for item in unique.values()
            if role_id is None or item["role_id"] == role_id
        ]


def _revoke(db: Any, model: Any, row_id: str) -> None:
    if model is User:
        repository.delete_tokens(db, user_id=row_id)
    elif model is Project:
        repository.delete_tokens(db, project_id=row_id)
    elif model is Domain:
        repository.delete_domain_tokens(db, row_id)
    elif model is Role:
        # Whoever has a role that implies this one has it as well.
        backwards = [(b, a) for a, b in repository.implications(db)]
        role_ids = expand_roles([row_id], backwards)
        for user_id in repository.holders(db, role_ids):
            repository.lock(db, User, user_id)
            repository.delete_tokens(db, user_id=user_id)
