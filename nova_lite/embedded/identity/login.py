# SPDX-License-Identifier: Apache-2.0
"""From the body of POST /v3/auth/tokens to a proven user and a scope.

Whatever is wrong with a user, a secret or a scope is the same 401 after the
same work, so that nobody learns which names exist.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.db import session
from nova_lite.db.models.base import now
from nova_lite.db.models.identity import (
    ApplicationCredential,
    Domain,
    User,
)
from nova_lite.db.repositories import identity as repository
from nova_lite.embedded.identity.store import Store
from nova_lite.embedded.identity.values import UNSCOPED, Login, Scope

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

_METHODS = ("password", "token", "application_credential")


@dataclass(frozen=True, slots=True)
class _Known:
    """The user as read before the secret is compared."""

    id: str
    password_hash: str
    locked: bool
    failed: bool
    default_project_id: str | None


class Authenticator:
    """Checks the proofs that a login may show."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._attempts: int = CONF.identity.lockout_failure_attempts
        self._locked_for = datetime.timedelta(
            seconds=CONF.identity.lockout_duration
        )

    def authenticate(self, auth: dict[str, Any]) -> tuple[Login, Scope]:
        """Return who the body's ``auth`` object proves, and for what.

        Raises: Invalid for a body of another form; Unauthorized.
        """
        identity = _part(auth, "identity")
        methods = identity.get("methods")
        if not isinstance(methods, list) or len(methods) != 1:
            raise exception.Invalid(
                "auth.identity.methods must name exactly one method."
            )
        if methods[0] not in _METHODS:
            raise exception.Unauthorized()
        proof = _part(identity, methods[0])
        if methods[0] == "password":
            return self._by_password(proof, auth)
        if methods[0] == "token":
            return self._by_token(proof, auth)
        return self._by_application_credential(proof, auth)

    def _by_password(
        self, proof: dict[str, Any], auth: dict[str, Any]
    ) -> tuple[Login, Scope]:
        user = _part(proof, "user")
        password = _text(user, "password")
        known = self._find_user(_reference(user))
        if not self.check_password(known, password):
            raise exception.Unauthorized()
        assert known is not None
        kept = known.password_hash
        if self._store.passwords.is_outdated(kept):
            kept = self._replace_hash(known, password)
        login = Login(known.id, "password", ("password",), kept)
        return login, self._scope(auth, known.default_project_id, login)

    def check_password_of(self, user_id: str, password: str) -> str:
        """Return the matched hash of a user. Raises: Unauthorized."""
        known = self._find_user({"user_id": user_id})
        if not self.check_password(known, password):
            raise exception.Unauthorized()
        assert known is not None
        return known.password_hash

    def check_password(self, known: _Known | None, password: str) -> bool:
        """Compare; count a failure; forget failures after a success."""
        kept = known.password_hash if known else None
        good = self._store.passwords.matches(kept, password)
        if known is not None and known.locked:
            LOG.info("User %s is locked out", known.id)
            return False
        if not good:
            self._count_failure(known.id if known else "")
        elif known is not None and known.failed:
            self._forget_failures(known.id)
        return good

    @session.transaction
    def _find_user(self, reference: dict[str, str]) -> _Known | None:
        with session.reader() as db:
            user = repository.find_user(db, **reference)
        if user is None:
            return None
        return _Known(
            user.id,
            user.password_hash,
            self._is_locked(user),
            user.failed_logins > 0,
            user.default_project_id,
        )

    def _is_locked(self, user: User) -> bool:
        return (
            not user.lockout_exempt
            and 0 < self._attempts <= user.failed_logins
            and user.failed_at is not None
            and user.failed_at > now() - self._locked_for
        )

    @session.transaction
    def _count_failure(self, user_id: str) -> None:
        at = now()
        with session.writer() as db:
            repository.count_failure(db, user_id, at, at - self._locked_for)

    @session.transaction
    def _forget_failures(self, user_id: str) -> None:
        with session.writer() as db:
            user = repository.lock(db, User, user_id)
            if user is not None:
                user.failed_logins = 0
                user.failed_at = None

    def _replace_hash(self, known: _Known, password: str) -> str:
        hashed = self._store.passwords.hash(password)
        self._save_hash(known, hashed)
        return hashed

    @session.transaction
    def _save_hash(self, known: _Known, hashed: str) -> None:
        with session.writer() as db:
            user = repository.lock(db, User, known.id)
            # Changed meanwhile: the login will find it so and fail.
            if user is not None and user.password_hash == known.password_hash:
                user.password_hash = hashed

    def _by_token(
        self, proof: dict[str, Any], auth: dict[str, Any]
    ) -> tuple[Login, Scope]:
        parent = self._store.validate(_text(proof, "id"))
        if parent.application_credential_id is not None:
            raise exception.Forbidden(
                "A token of an application credential cannot be exchanged "
                "for another one."
            )
        login = Login(
            parent.user_id,
            "token",
            tuple(dict.fromkeys((*parent.methods, "token"))),
            parent_digest=parent.digest,
            # Else a token could be renewed for ever.
            expires_at=parent.expires_at,
            parent_audit_id=parent.audit_ids[-1],
        )
        return login, self._scope(auth, None, login)

    def _by_application_credential(
        self, proof: dict[str, Any], auth: dict[str, Any]
    ) -> tuple[Login, Scope]:
        secret = _text(proof, "secret")
        found = self._find_credential(proof)
        kept = found.secret_hash if found else None
        if not self._store.passwords.matches(kept, secret):
            raise exception.Unauthorized()
        assert found is not None
        scope = Scope(project_id=found.project_id)
        if "scope" in auth and self._scope_asked(auth) != scope:
            raise exception.Unauthorized()
        expires_at = found.expires_at
        login = Login(
            found.user_id,
            "application_credential",
            ("application_credential",),
            application_credential_id=found.id,
            expires_at=self._store.earliest_expiry(expires_at),
        )
        return login, scope

    @session.transaction
    def _find_credential(
        self, proof: dict[str, Any]
    ) -> ApplicationCredential | None:
        with session.reader() as db:
            if "id" in proof:
                found = db.get(ApplicationCredential, _text(proof, "id"))
            else:
                reference = _reference(_part(proof, "user"))
                user = repository.find_user(db, **reference)
                found = repository.find(
                    db,
                    ApplicationCredential,
                    user_id=user.id if user else "",
                    name=_text(proof, "name"),
                )
        if found and found.expires_at and found.expires_at <= now():
            return None
        return found

    def _scope(
        self,
        auth: dict[str, Any],
        default_project_id: str | None,
        login: Login,
    ) -> Scope:
        if "scope" in auth:
            return self._scope_asked(auth)
        if default_project_id is not None:
            preferred = Scope(project_id=default_project_id)
            if self._store.has_role(login.user_id, preferred):
                return preferred
        return UNSCOPED

    @session.transaction
    def _scope_asked(self, auth: dict[str, Any]) -> Scope:
        asked = auth["scope"]
        if asked in ("unscoped", {"unscoped": {}}):
            return UNSCOPED
        if not isinstance(asked, dict):
            raise exception.Invalid("auth.scope must be a JSON object.")
        with session.reader() as db:
            if "project" in asked:
                part = _part(asked, "project")
                project = repository.find_project(
                    db, **_reference(part, "project_id")
                )
                if project is not None:
                    return Scope(project_id=project.id)
            elif "domain" in asked:
                part = _part(asked, "domain")
                key = "id" if "id" in part else "name"
                domain = repository.find(
                    db, Domain, enabled=True, **{key: _text(part, key)}
                )
                if domain is not None:
                    return Scope(domain_id=domain.id)
        raise exception.Unauthorized()


def _part(whole: dict[str, Any], key: str) -> dict[str, Any]:
    found = whole.get(key)
    if not isinstance(found, dict):
        raise exception.Invalid(f"'{key}' must be there and be an object.")
    return found


def _text(whole: dict[str, Any], key: str) -> str:
    found = whole.get(key)
    if not isinstance(found, str):
        raise exception.Invalid(f"'{key}' must be there and be a string.")
    return found


def _reference(
    part: dict[str, Any], id_key: str = "user_id"
) -> dict[str, str]:
    """What finds a user or project: its id, or its name and its domain."""
    if "id" in part:
        return {id_key: _text(part, "id")}
    domain = _part(part, "domain")
    key = "id" if "id" in domain else "name"
    return {"name": _text(part, "name"), f"domain_{key}": _text(domain, key)}
