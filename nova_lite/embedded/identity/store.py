# SPDX-License-Identifier: Apache-2.0
"""Tokens: issued, validated, revoked; and the first users.

``Store`` is made once in a process: by the embedded identity application and
by ``EmbeddedAuth``, both in nova-lite-api. ``bootstrap`` is called by
nova-lite-manage. A token is random and means its row in ``identity_tokens``:
what revokes a token removes the row, so it holds at once in every process.
"""

from __future__ import annotations

import datetime
import itertools
import secrets
import threading
import time
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.db import session
from nova_lite.db.models.base import now
from nova_lite.db.models.identity import (
    ApplicationCredential,
    Domain,
    Project,
    Role,
    Token,
    User,
)
from nova_lite.db.repositories import identity as repository
from nova_lite.embedded.identity.passwords import Passwords
from nova_lite.embedded.identity.values import (
    Identity,
    Login,
    Scope,
    digest_of,
    expand_roles,
    identity_of,
    new_id,
)

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

DEFAULT_DOMAIN = "default"
SERVICE_USER = "nova-lite"
# Each role has those to its right as well.
ROLE_CHAIN = ("admin", "manager", "member", "reader")
ROLES = (*ROLE_CHAIN, "service")

_PURGE_EVERY_S = 300.0
_LONGEST_TOKEN = 255


class Store:
    """Issues, validates and revokes tokens."""

    def __init__(self) -> None:
        self.passwords = Passwords(
            CONF.identity.password_time_cost,
            CONF.identity.password_memory_kib,
        )
        self._lifetime = datetime.timedelta(
            seconds=CONF.identity.token_expiration
        )
        self._purge_lock = threading.Lock()
        self._purge_at = time.monotonic() + _PURGE_EVERY_S

    @session.transaction
    def validate(self, token: str) -> Identity:
        """Return what the token says: one statement, no cache.

        Raises: Unauthorized for one that is unknown, expired or revoked.
        """
        if len(token) > _LONGEST_TOKEN:
            raise exception.Unauthorized()
        with session.reader() as db:
            row = repository.token_row(db, digest_of(token))
        if row is None or row.expires_at <= now():
            raise exception.Unauthorized()
        return identity_of(row)

    def issue(self, login: Login, scope: Scope) -> tuple[str, Identity]:
        """Return a new token for a proven user, and what it says.

        Raises: Unauthorized when the user has no role on the scope.
        """
        self._purge_sometimes()
        token = secrets.token_urlsafe(32)
        return token, self._insert(digest_of(token), login, scope)

    @session.transaction
    def _insert(self, digest: str, login: Login, scope: Scope) -> Identity:
        with session.writer() as db:
            # The lock orders this with whatever takes the user's rights
            # away: that either is seen here or removes the new row.
            user = repository.lock(db, User, login.user_id)
            if user is None or not _still_proven(db, user, login):
                raise exception.Unauthorized()
            roles = _roles_on(db, login, scope)
            if scope.target_id is not None and not roles:
                raise exception.Unauthorized()
            issued_at = now()
            audit_ids = [secrets.token_urlsafe(16)]
            if login.parent_audit_id:
                audit_ids.append(login.parent_audit_id)
            db.add(
                Token(
                    digest=digest,
                    user_id=user.id,
                    project_id=scope.project_id,
                    domain_id=scope.domain_id,
                    application_credential_id=(
                        login.application_credential_id
                    ),
                    methods=list(login.methods),
                    roles=roles,
                    audit_ids=audit_ids,
                    issued_at=issued_at,
                    expires_at=login.expires_at or issued_at + self._lifetime,
                )
            )
            db.flush()
            row = repository.token_row(db, digest)
            if row is None:
                # The user, the project or a domain is disabled.
                raise exception.Unauthorized()
        return identity_of(row)

    def earliest_expiry(
        self, other: datetime.datetime | None
    ) -> datetime.datetime:
        """When a token issued now ends, and not after ``other``."""
        usual = now() + self._lifetime
        return min(usual, other) if other else usual

    @session.transaction
    def project_exists(self, project_id: str) -> bool:
        """Whether there is a project of this id."""
        with session.reader() as db:
            return repository.find(db, Project, id=project_id) is not None

    @session.transaction
    def has_role(self, user_id: str, scope: Scope) -> bool:
        """Whether the user has any role there."""
        with session.reader() as db:
            return bool(
                repository.assignments(
                    db, user_id=user_id, target_id=scope.target_id or ""
                )
            )

    @session.transaction
    def revoke(self, token: str) -> None:
        """Make a token worthless at once, in every process."""
        with session.writer() as db:
            repository.delete_tokens(db, digest=digest_of(token))

    def _purge_sometimes(self) -> None:
        with self._purge_lock:
            if time.monotonic() < self._purge_at:
                return
            self._purge_at = time.monotonic() + _PURGE_EVERY_S
        purged = self.purge()
        LOG.debug("%d expired tokens purged", purged)

    @session.transaction
    def purge(self) -> int:
        """Remove expired tokens; return how many there were."""
        with session.writer() as db:
            return repository.purge_tokens(db, now())


def _still_proven(db: Any, user: User, login: Login) -> bool:
    """Whether what the login was proven with holds under the lock."""
    if login.parent_digest is not None:
        return db.get(Token, login.parent_digest) is not None
    if login.application_credential_id is not None:
        found = db.get(ApplicationCredential, login.application_credential_id)
        return found is not None
    return user.password_hash == login.password_hash


def _roles_on(db: Any, login: Login, scope: Scope) -> list[list[str]]:
    if scope.target_id is None:
        return []
    given = {
        row.role_id
        for row in repository.assignments(
            db, user_id=login.user_id, target_id=scope.target_id
        )
    }
    held = expand_roles(given, repository.implications(db))
    if login.application_credential_id is not None:
        found = db.get(ApplicationCredential, login.application_credential_id)
        held &= set(found.role_ids)
        held = expand_roles(held, repository.implications(db))
    names = repository.roles(db)
    return sorted(
        ([role_id, names[role_id]] for role_id in held), key=lambda r: r[1]
    )


def bootstrap(
    password: str | None,
    service_password: str | None = None,
    service_user: str = SERVICE_USER,
) -> None:
    """Make what a cloud begins with; a second run changes nothing more.

    The domain ``default``; the roles admin, manager, member, reader (each
    implies the next) and service; the projects ``admin`` and ``service``;
    the user ``admin`` with the role admin on project admin and on the
    domain; the user ``nova-lite`` with the roles admin and service on
    project service, for the daemons ([service_user] in their configuration),
    which gets ``service_password``, or no password when that is None and it
    is new. A user who is there with another password gets this one (and
    loses the tokens of the old one); None leaves the password as it is.
    """
    passwords = Passwords(
        CONF.identity.password_time_cost, CONF.identity.password_memory_kib
    )
    _bootstrap(
        _hash_unless_kept(passwords, "admin", password),
        service_user,
        _hash_unless_kept(passwords, service_user, service_password),
    )


@session.transaction
def _hash_unless_kept(
    passwords: Passwords, name: str, password: str | None
) -> str | None:
    """The hash to set, or None when the user has that password already."""
    if password is None:
        return None
    with session.reader() as db:
        user = repository.find(db, User, name=name, domain_id=DEFAULT_DOMAIN)
    if user is not None and passwords.matches(user.password_hash, password):
        return None
    return passwords.hash(password)


@session.transaction
def _bootstrap(
    admin_hash: str | None, service_user: str, service_hash: str | None
) -> None:
    with session.writer() as db:
        if db.get(Domain, DEFAULT_DOMAIN) is None:
            db.add(Domain(id=DEFAULT_DOMAIN, name="Default"))
            db.flush()
        roles = {name: _ensure(db, Role, name=name).id for name in ROLES}
        for prior, implied in itertools.pairwise(ROLE_CHAIN):
            repository.imply(db, roles[prior], roles[implied])
        in_domain = {"domain_id": DEFAULT_DOMAIN}
        admins = _ensure(db, Project, name="admin", **in_domain)
        services = _ensure(db, Project, name="service", **in_domain)
        admin = _ensure(db, User, name="admin", **in_domain)
        service = _ensure(db, User, name=service_user, **in_domain)
        service.lockout_exempt = True
        for user, hashed in ((admin, admin_hash), (service, service_hash)):
            if hashed is not None:
                user.password_hash = hashed
                user.failed_logins = 0
                repository.delete_tokens(db, user_id=user.id)
        role_id = roles["admin"]
        repository.assign(db, admin.id, "project", admins.id, role_id)
        repository.assign(db, admin.id, "domain", DEFAULT_DOMAIN, role_id)
        repository.assign(db, service.id, "project", services.id, role_id)
        repository.assign(
            db, service.id, "project", services.id, roles["service"]
        )


def _ensure(db: Any, model: Any, **values: str) -> Any:
    row = repository.find(db, model, **values)
    if row is None:
        row = model(id=new_id(), **values)
        db.add(row)
        db.flush()
    return row
