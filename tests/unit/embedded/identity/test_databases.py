# SPDX-License-Identifier: Apache-2.0
"""The store and the directory on each kind of database server."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from oslo_config import cfg

from nova_lite import conf, exception
from nova_lite.db import models
from nova_lite.db import session as db
from nova_lite.db.models.identity import Domain, Project, Role, User
from nova_lite.db.repositories import identity as repository
from nova_lite.embedded.identity import store as identity_store
from nova_lite.embedded.identity.directory import Directory
from nova_lite.embedded.identity.login import Authenticator
from nova_lite.embedded.identity.store import Store
from nova_lite.embedded.identity.values import Identity

CONF = cfg.CONF


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A bootstrapped store in a fresh database."""
    db.dispose()
    conf.register_opts(CONF)
    CONF([], project="nova_lite", default_config_files=[])
    CONF.set_override("connection", database_url, "database")
    CONF.set_override("password_time_cost", 1, "identity")
    CONF.set_override("password_memory_kib", 64, "identity")
    models.load_all()
    models.Base.metadata.create_all(db.engine())
    identity_store.bootstrap("secret")
    yield Store()
    db.dispose()
    CONF.clear_override("connection", "database")
    CONF.clear_override("password_time_cost", "identity")
    CONF.clear_override("password_memory_kib", "identity")


def log_in(store: Store, name: str) -> tuple[str, Identity]:
    """A token for project admin."""
    domain = {"id": "default"}
    user = {"name": name, "domain": domain, "password": "secret"}
    login, scope = Authenticator(store).authenticate(
        {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": {"name": "admin", "domain": domain}},
        }
    )
    return store.issue(login, scope)


def test_tokens_and_changes_work_on_every_server(store: Store) -> None:
    directory = Directory(store.passwords)
    token, identity = log_in(store, "admin")
    assert store.validate(token) == identity
    assert identity.role_names == ["admin", "manager", "member", "reader"]

    with pytest.raises(exception.Unauthorized):
        log_in(store, "Admin")
    user = directory.create(
        User,
        {"name": "\u00fcser", "domain_id": "default", "password": "secret"},
    )
    with pytest.raises(exception.Conflict):
        directory.create(User, {"name": "\u00fcser", "domain_id": "default"})
    with db.reader() as session:
        (role,) = repository.search(
            session, Role, {"name__istartswith": "MEM"}, limit=9
        )
    assert identity.project_id is not None
    directory.assign("project", identity.project_id, user.id, role.id)
    users, _ = log_in(store, "\u00fcser")
    directory.unassign("project", identity.project_id, user.id, role.id)
    with pytest.raises(exception.Unauthorized):
        store.validate(users)

    directory.assign("project", identity.project_id, user.id, role.id)
    users, _ = log_in(store, "\u00fcser")
    directory.delete(User, user.id)
    with pytest.raises(exception.Unauthorized):
        store.validate(users)

    domain = directory.create(Domain, {"name": "d", "enabled": False})
    directory.create(Project, {"name": "p", "domain_id": domain.id})
    directory.delete(Domain, domain.id)
    store.revoke(token)
    with pytest.raises(exception.Unauthorized):
        store.validate(token)


def test_no_token_outlives_a_role_taken_meanwhile(store: Store) -> None:
    """Logins race with the loss of the role: none may be left over."""
    directory = Directory(store.passwords)
    _, admin = log_in(store, "admin")
    assert admin.project_id is not None
    role_id = {name: row_id for row_id, name in admin.roles}["member"]
    user = directory.create(
        User, {"name": "u", "domain_id": "default", "password": "secret"}
    )
    tokens: list[str] = []

    def log_in_often() -> None:
        for _ in range(200):
            try:
                tokens.append(log_in(store, "u")[0])
            except exception.Unauthorized:
                return

    for _ in range(5):
        directory.assign("project", admin.project_id, user.id, role_id)
        racers = [threading.Thread(target=log_in_often) for _ in range(3)]
        for racer in racers:
            racer.start()
        while not tokens:
            racers[0].join(0.001)
        directory.unassign("project", admin.project_id, user.id, role_id)
        for racer in racers:
            racer.join(30)
        assert tokens
        for token in tokens:
            with pytest.raises(exception.Unauthorized):
                store.validate(token)
        tokens.clear()
