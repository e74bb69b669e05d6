# SPDX-License-Identifier: Apache-2.0
"""The bootstrap, users and projects of nova-lite-manage.

These are of the embedded identity service; a real Keystone has its own
tools.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.cmd import arguments, tables

CONF = cfg.CONF

# Names of environment variables.

_ADMIN_PASSWORD = "OS_BOOTSTRAP_PASSWORD"  # noqa: S105
_SERVICE_PASSWORD = "OS_BOOTSTRAP_SERVICE_PASSWORD"  # noqa: S105
_USER_PASSWORD = "OS_USER_PASSWORD"  # noqa: S105
_ALL = 10_000


def add(groups: arguments.Groups) -> None:
    """Add these groups of commands to the parser."""
    bootstrap = arguments.command(
        groups,
        "bootstrap",
        _bootstrap,
        "make the first administrator, roles and projects; safe to repeat. "
        f"{_SERVICE_PASSWORD} in the environment sets the password of the "
        "daemons' own user",
    )
    arguments.add_password(bootstrap)
    bootstrap.add_argument(
        "--keep-password",
        action="store_true",
        help="leave the administrator's password if there is one",
    )
    _add_user(groups)
    _add_project(groups)


def _add_user(groups: arguments.Groups) -> None:
    commands = arguments.group(groups, "user", "users of the domain Default")
    arguments.command(commands, "list", _user_list, "list the users")
    create = arguments.command(
        commands, "create", _user_create, "create a user"
    )
    create.add_argument("name")
    create.add_argument("--project", help="where the user gets the role")
    create.add_argument(
        "--role", default="member", help="member, unless given"
    )
    arguments.add_password(create)
    change = arguments.command(
        commands,
        "set-password",
        _user_set_password,
        "give a user another password; ends the user's tokens",
    )
    change.add_argument("name")
    arguments.add_password(change)


def _add_project(groups: arguments.Groups) -> None:
    commands = arguments.group(
        groups, "project", "projects of the domain Default"
    )
    arguments.command(commands, "list", _project_list, "list the projects")
    create = arguments.command(
        commands, "create", _project_create, "create a project"
    )
    create.add_argument("name")
    create.add_argument("--description", default="")


def _bootstrap(args: argparse.Namespace) -> None:
    from nova_lite.embedded.identity import store

    password = None
    if not (args.keep_password and _admin_has_password()):
        password = arguments.read_password(args, _ADMIN_PASSWORD)
    store.bootstrap(password, os.environ.get(_SERVICE_PASSWORD))
    print("Users, roles and projects are there; the administrator is admin.")


def _admin_has_password() -> bool:
    from nova_lite.db import session
    from nova_lite.db.models import identity as models
    from nova_lite.db.repositories import identity as repository

    with session.reader() as reader:
        user = repository.find(reader, models.User, **_named("admin"))
        return user is not None and bool(user.password_hash)


def _named(name: str) -> dict[str, str]:
    from nova_lite.embedded.identity import store

    return {"name": name, "domain_id": store.DEFAULT_DOMAIN}


def _user_list(_args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.models import identity as models
    from nova_lite.db.repositories import identity as repository

    with session.reader() as reader:
        users = repository.search(reader, models.User, {}, limit=_ALL)
        projects = {
            row.id: row.name
            for row in repository.search(
                reader, models.Project, {}, limit=_ALL
            )
        }
        roles = repository.roles(reader)
        held: dict[str, list[str]] = {}
        for given in repository.assignments(reader):
            target = projects.get(given.target_id, given.target_type)
            text = f"{roles[given.role_id]}@{target}"
            held.setdefault(given.user_id, []).append(text)
        rows = [
            (u.id, u.name, u.enabled, " ".join(sorted(held.get(u.id, []))))
            for u in sorted(users, key=lambda user: user.name)
        ]
    print(tables.render(("id", "name", "enabled", "roles"), rows))


def _user_create(args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.models import identity as models
    from nova_lite.db.repositories import identity as repository
    from nova_lite.embedded.identity import values

    hashed = _hash(arguments.read_password(args, _USER_PASSWORD))
    with session.writer() as writer:
        if repository.find(writer, models.User, **_named(args.name)):
            raise exception.Conflict(f"There is a user {args.name} already.")
        user = models.User(
            id=values.new_id(), password_hash=hashed, **_named(args.name)
        )
        writer.add(user)
        writer.flush()
        if args.project:
            project = _find(writer, models.Project, _named(args.project))
            role = _find(writer, models.Role, {"name": args.role})
            repository.assign(writer, user.id, "project", project.id, role.id)
    print(f"Created user {args.name}.")


def _find(session: Any, model: Any, values: dict[str, str]) -> Any:
    from nova_lite.db.repositories import identity as repository

    row = repository.find(session, model, **values)
    if row is None:
        kind = model.__name__.lower()
        raise exception.NotFound(f"There is no {kind} {values['name']}.")
    return row


def _hash(password: str) -> str:
    from nova_lite.embedded.identity.passwords import Passwords

    return Passwords(
        CONF.identity.password_time_cost, CONF.identity.password_memory_kib
    ).hash(password)


def _user_set_password(args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.models import identity as models
    from nova_lite.db.repositories import identity as repository

    hashed = _hash(arguments.read_password(args, _USER_PASSWORD))
    with session.writer() as writer:
        user = _find(writer, models.User, _named(args.name))
        user.password_hash = hashed
        user.failed_logins = 0
        repository.delete_tokens(writer, user_id=user.id)
    print(f"Changed the password of {args.name}.")


def _project_list(_args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.models import identity as models
    from nova_lite.db.repositories import identity as repository

    with session.reader() as reader:
        found = repository.search(reader, models.Project, {}, limit=_ALL)
        rows = [
            (row.id, row.name, row.enabled, row.description)
            for row in sorted(found, key=lambda project: project.name)
        ]
    print(tables.render(("id", "name", "enabled", "description"), rows))


def _project_create(args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.models import identity as models
    from nova_lite.db.repositories import identity as repository
    from nova_lite.embedded.identity import values

    with session.writer() as writer:
        if repository.find(writer, models.Project, **_named(args.name)):
            raise exception.Conflict(
                f"There is a project {args.name} already."
            )
        project = models.Project(
            id=values.new_id(),
            description=args.description,
            **_named(args.name),
        )
        writer.add(project)
    print(f"Created project {args.name}.")
