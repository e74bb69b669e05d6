# SPDX-License-Identifier: Apache-2.0
"""A user's own secrets: the password and the application credentials."""

from __future__ import annotations

import datetime
import secrets
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.db import session
from nova_lite.db.models.base import now
from nova_lite.db.models.identity import ApplicationCredential, User
from nova_lite.db.repositories import identity as repository
from nova_lite.embedded.http import Request, Row
from nova_lite.embedded.identity.api import Api, listing, self_link, when
from nova_lite.embedded.identity.values import Identity, new_id

CONF = cfg.CONF

_LONGEST_TEXT = 16000


class Credentials:
    """Below /v3/users/{user_id}: password, application_credentials."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._max_list: int = CONF.identity.max_list

    def rows(self) -> list[Row]:
        """The URLs of a user's secrets."""
        user = "/v3/users/{user_id}"
        whole = f"{user}/application_credentials"
        one = whole + "/{credential_id}"
        return [
            ("POST", f"{user}/password", self.change_password),
            ("GET", whole, self.index),
            ("POST", whole, self.create),
            ("GET", one, self.show),
            ("DELETE", one, self.delete),
        ]

    def change_password(self, request: Request, user_id: str) -> None:
        """Change one's own password; the old one is the proof.

        Needs no token, so that a user whose token ran out can do it.
        """
        body = request.object("user")
        old, new = body.get("original_password"), body.get("password")
        if not isinstance(old, str) or not isinstance(new, str):
            raise exception.Invalid(
                "'original_password' and 'password' must be strings."
            )
        matched = self._api.authenticator.check_password_of(user_id, old)
        hashed = self._api.store.passwords.hash(new)
        self._api.directory.change_password(user_id, matched, hashed)

    @session.transaction
    def index(self, request: Request, user_id: str) -> dict[str, Any]:
        """List a user's application credentials."""
        self._api.admin_or_self(
            request, "list_application_credentials", user_id
        )
        filters = {"user_id": user_id}
        if "name" in request.GET:
            filters["name"] = request.GET["name"]
        with session.reader() as db:
            rows = repository.search(
                db, ApplicationCredential, filters, limit=self._max_list
            )
            names = repository.roles(db)
        return listing(
            request,
            "application_credentials",
            [_view(request, row, names) for row in rows],
        )

    @session.transaction
    def show(
        self, request: Request, user_id: str, credential_id: str
    ) -> dict[str, Any]:
        """Show one, without its secret."""
        self._api.admin_or_self(request, "get_application_credential", user_id)
        with session.reader() as db:
            row = _owned(db, user_id, credential_id)
            names = repository.roles(db)
        return {"application_credential": _view(request, row, names)}

    def create(
        self, request: Request, user_id: str
    ) -> tuple[int, dict[str, Any]]:
        """Make one for the project and (some of) the roles of the token.

        The only answer that tells the secret.
        """
        caller = self._allowed_to_change(request, user_id)
        if caller.project_id is None:
            raise exception.Invalid(
                "An application credential is made with a token for a project."
            )
        body = request.object("application_credential")
        values = _values(body)
        roles = _roles(body, caller)
        secret = body.get("secret") or secrets.token_urlsafe(48)
        if not isinstance(secret, str):
            raise exception.Invalid("'secret' must be a string.")
        row = ApplicationCredential(
            id=new_id(),
            user_id=user_id,
            project_id=caller.project_id,
            secret_hash=self._api.store.passwords.hash(secret),
            role_ids=[role_id for role_id, _ in roles],
            **values,
        )
        self._insert(row, caller)
        shown = _view(request, row, dict(roles))
        shown["secret"] = secret
        return 201, {"application_credential": shown}

    @session.transaction
    def _insert(self, row: ApplicationCredential, caller: Identity) -> None:
        with session.writer() as db:
            repository.lock(db, User, row.user_id)
            # Under the lock: the roles may have been taken away since.
            if repository.token_row(db, caller.digest) is None:
                raise exception.Unauthorized()
            repository.add(db, row)

    @session.transaction
    def delete(
        self, request: Request, user_id: str, credential_id: str
    ) -> None:
        """Remove one; its tokens go with it."""
        self._allowed_to_change(request, user_id, or_admin=True)
        with session.writer() as db:
            row = _owned(db, user_id, credential_id)
            repository.delete_application_credentials(db, id=row.id)

    def _allowed_to_change(
        self, request: Request, user_id: str, *, or_admin: bool = False
    ) -> Identity:
        caller = self._api.caller(request)
        if caller.user_id != user_id and not (or_admin and caller.is_admin):
            raise exception.Forbidden(
                "Application credentials are changed by their own user."
            )
        if (
            caller.application_credential_id is not None
            and not self._is_unrestricted(caller.application_credential_id)
        ):
            raise exception.Forbidden(
                "A restricted application credential cannot change "
                "application credentials."
            )
        return caller

    @session.transaction
    def _is_unrestricted(self, credential_id: str) -> bool:
        with session.reader() as db:
            found = db.get(ApplicationCredential, credential_id)
        return found is not None and found.unrestricted


def _owned(db: Any, user_id: str, credential_id: str) -> ApplicationCredential:
    row = repository.find(
        db, ApplicationCredential, id=credential_id, user_id=user_id
    )
    if row is None:
        raise exception.NotFound(
            f"Could not find application credential: {credential_id[:64]}."
        )
    return row


def _values(body: dict[str, Any]) -> dict[str, Any]:
    name = body.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 255:
        raise exception.Invalid("'name' must have 1 to 255 characters.")
    description = body.get("description") or ""
    if not isinstance(description, str) or len(description) > _LONGEST_TEXT:
        raise exception.Invalid(
            f"'description' must be a string of at most {_LONGEST_TEXT} "
            "characters."
        )
    unrestricted = body.get("unrestricted") or False
    if not isinstance(unrestricted, bool):
        raise exception.Invalid("'unrestricted' must be true or false.")
    if body.get("access_rules"):
        raise exception.Invalid("Access rules are not known here.")
    return {
        "name": name,
        "description": description,
        "unrestricted": unrestricted,
        "expires_at": _expiry(body.get("expires_at")),
    }


def _expiry(text: Any) -> datetime.datetime | None:
    if text is None:
        return None
    try:
        found = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise exception.Invalid(
            "'expires_at' must be a time like 2030-01-31T12:00:00."
        ) from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=datetime.UTC)
    if found <= now():
        raise exception.Invalid("'expires_at' is in the past.")
    return found


def _roles(
    body: dict[str, Any], caller: Identity
) -> tuple[tuple[str, str], ...]:
    """The roles asked for, which the caller must have; all by default."""
    asked = body.get("roles")
    if not asked:
        return caller.roles
    if not isinstance(asked, list):
        raise exception.Invalid("'roles' must be a list.")
    found = []
    for item in asked:
        reference = item if isinstance(item, dict) else {}
        matching = [
            (role_id, name)
            for role_id, name in caller.roles
            if reference.get("id") == role_id or reference.get("name") == name
        ]
        if not matching:
            raise exception.Invalid(
                "'roles' must name roles, by id or name, that your token has."
            )
        found += matching
    return tuple(dict.fromkeys(found))


def _view(
    request: Request, row: ApplicationCredential, names: dict[str, str]
) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "user_id": row.user_id,
        "project_id": row.project_id,
        "expires_at": when(row.expires_at),
        "unrestricted": row.unrestricted,
        "roles": [
            {"id": role_id, "name": names[role_id], "domain_id": None}
            for role_id in row.role_ids
            if role_id in names
        ],
        "links": self_link(
            request, "users", row.user_id, "application_credentials", row.id
        ),
    }
