# SPDX-License-Identifier: Apache-2.0
"""nova-lite-manage: what an administrator does beside the API.

Works on the database directly, so it runs where [database] is configured,
with or without daemons. Exit status: 0 done, 1 refused or failed (a sentence
says why), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Callable, Sequence

from oslo_config import cfg

from nova_lite import exception
from nova_lite.cmd import arguments, manage_identity, tables
from nova_lite.db.repositories import health

CONF = cfg.CONF

# name, memory_mb, vcpus, root_gb: upstream's old defaults, and two below
# them that an emulated guest can use.
_DEFAULT_FLAVORS = (
    ("m1.nano", 128, 1, 1),
    ("m1.micro", 256, 1, 1),
    ("m1.tiny", 512, 1, 1),
    ("m1.small", 2048, 1, 20),
    ("m1.medium", 4096, 2, 40),
    ("m1.large", 8192, 4, 80),
    ("m1.xlarge", 16384, 8, 160),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    args = _parser().parse_args(argv)
    try:
        arguments.configure(args)
        run: Callable[[argparse.Namespace], None] = args.run
        run(args)
    except exception.NovaLiteException as error:
        return _fail(error.format_message())
    except cfg.Error as error:
        return _fail(f"configuration: {error}")
    except health.ERRORS as error:
        # What follows the first line is the statement with its values.
        reason = str(error).partition("\n")[0]
        return _fail(
            f"the database refused: {reason}. If a table is missing, run: "
            "nova-lite-manage db sync"
        )
    except BrokenPipeError:
        # The reader (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return _fail("interrupted")
    return 0


def _fail(sentence: str) -> int:
    sys.stdout.flush()
    print(f"nova-lite-manage: {sentence}", file=sys.stderr)
    return 1


# --- db ----


def _db_sync(_args: argparse.Namespace) -> None:
    from nova_lite.db import migrations, session

    _protect_sqlite(session.url())
    migrations.sync()
    print(f"The database is at version {migrations.version()}.")


def _protect_sqlite(url: str) -> None:
    """Let nobody else read the file that holds users and tokens."""
    path = url.removeprefix("sqlite:///")
    if path in (url, "", ":memory:"):
        return
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise exception.ConfigurationError(
            reason=f"the SQLite file {path} cannot be used "
            f"({error.strerror}); is state_path right?"
        ) from error


def _db_version(_args: argparse.Namespace) -> None:
    from nova_lite.db import migrations

    print(migrations.version() or "no schema")


def _db_purge(args: argparse.Namespace) -> None:
    from nova_lite.db.repositories import purge

    before = args.before
    if before is None:
        age = datetime.timedelta(days=args.days)
        before = datetime.datetime.now(datetime.UTC) - age
    removed = purge.deleted_servers(before)
    print(tables.render(("table", "rows removed"), sorted(removed.items())))


# --- service ----


def _service_list(_args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.repositories import service_query as query

    with session.reader() as reader:
        found = query.services(reader)
    header = ("id", "binary", "host", "zone", "status", "state", "last seen")
    rows = [
        (
            row["id"],
            row["binary"],
            row["host"],
            row["availability_zone"],
            "disabled" if row["disabled"] else "enabled",
            "up" if query.is_up(row, CONF.service_down_time) else "down",
            row["last_seen_at"],
        )
        for row in found
    ]
    print(tables.render(header, rows))


def _service_delete(args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.repositories import service_query as query

    with session.writer() as writer:
        row = query.service(writer, args.id)
        if query.is_up(row, CONF.service_down_time):
            raise exception.Conflict(
                f"{row['binary']} on {row['host']} is up: stop it first."
            )
        query.delete_service(writer, row)
    print(f"Removed {row['binary']} on {row['host']}.")


# --- flavor ----


def _flavor_list(_args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.repositories import flavor

    with session.reader() as reader:
        found = flavor.list_(reader, flavor.FlavorQuery())
    header = ("id", "name", "memory MiB", "vcpus", "root GiB", "public")
    rows = [
        (
            row["flavorid"],
            row["name"],
            row["memory_mb"],
            row["vcpus"],
            row["root_gb"],
            row["is_public"],
        )
        for row in found
    ]
    print(tables.render(header, rows))


def _flavor_create(args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.repositories import flavor

    values = {
        "flavorid": args.id or args.name,
        "name": args.name,
        "memory_mb": args.memory_mb,
        "vcpus": args.vcpus,
        "root_gb": args.root_gb,
        "is_public": not args.private,
    }
    with session.writer() as writer:
        flavor.create(writer, values)
    print(f"Created flavor {args.name}.")


def _flavor_defaults(_args: argparse.Namespace) -> None:
    from nova_lite.db import session
    from nova_lite.db.repositories import flavor

    with session.writer() as writer:
        known = flavor.list_(writer, flavor.FlavorQuery())
        taken = {row["name"] for row in known}
        taken |= {row["flavorid"] for row in known}
        made = [f for f in _DEFAULT_FLAVORS if f[0] not in taken]
        for name, memory_mb, vcpus, root_gb in made:
            values = {
                "flavorid": name,
                "name": name,
                "memory_mb": memory_mb,
                "vcpus": vcpus,
                "root_gb": root_gb,
            }
            flavor.create(writer, values)
    names = ", ".join(row[0] for row in made) or "none, all are there"
    print(f"Created default flavors: {names}.")


# --- the parser ----


def _date(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser(
        "nova-lite-manage", "What an administrator does beside the API."
    )
    groups = parser.add_subparsers(metavar="GROUP", required=True)
    _add_db(groups)
    _add_service(groups)
    _add_flavor(groups)
    manage_identity.add(groups)
    return parser


def _add_db(groups: arguments.Groups) -> None:
    commands = arguments.group(
        groups, "db", "the database's schema and its size"
    )
    arguments.command(
        commands, "sync", _db_sync, "bring the schema up to date"
    )
    arguments.command(
        commands, "version", _db_version, "print the schema's version"
    )
    purge = arguments.command(
        commands,
        "purge",
        _db_purge,
        "remove what servers deleted long ago left behind",
    )
    when = purge.add_mutually_exclusive_group(required=True)
    when.add_argument(
        "--before", type=_date, metavar="DATE", help="YYYY-MM-DD[THH:MM], UTC"
    )
    when.add_argument("--days", type=_count, metavar="N")


def _add_service(groups: arguments.Groups) -> None:
    commands = arguments.group(groups, "service", "the daemons")
    arguments.command(commands, "list", _service_list, "list the daemons")
    delete = arguments.command(
        commands, "delete", _service_delete, "forget a daemon that is gone"
    )
    delete.add_argument("id", help="number or uuid of the service")


def _add_flavor(groups: arguments.Groups) -> None:
    commands = arguments.group(groups, "flavor", "sizes of servers")
    arguments.command(commands, "list", _flavor_list, "list the flavors")
    arguments.command(
        commands,
        "defaults",
        _flavor_defaults,
        "create m1.nano to m1.xlarge, those that are missing",
    )
    create = arguments.command(
        commands, "create", _flavor_create, "create a flavor"
    )
    create.add_argument("name")
    create.add_argument("--id", help="the name, unless given")
    create.add_argument("--memory-mb", type=_count, required=True)
    create.add_argument("--vcpus", type=_count, required=True)
    create.add_argument("--root-gb", type=_count, required=True)
    create.add_argument("--private", action="store_true")


if __name__ == "__main__":
    sys.exit(main())
