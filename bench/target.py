# SPDX-License-Identifier: Apache-2.0
"""A description of a devstack cloud for load generators of others.

python -m bench.target write STATE PORT IMAGE writes STATE/target.json: who
logs in where, what to boot, which processes to measure, how to read the
counters, stop and start. With ``sql`` or ``amqp`` instead of ``write`` it
prints a counter: those are the commands that the file names.
"""

from __future__ import annotations

import configparser
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pymysql
import sqlalchemy as sa

from bench import usage
from nova_lite.supervisor import system
from nova_lite.supervisor.rabbitmq import RabbitNode

_REPOSITORY = Path(__file__).resolve().parents[1]


def main() -> None:
    """Write the file, or print a counter."""
    what, state = sys.argv[1], Path(sys.argv[2])
    if what == "sql":
        print(_statements(state))
    elif what == "amqp":
        print(usage.messages(RabbitNode(state / "rabbitmq")))
    else:
        text = json.dumps(_target(state, *sys.argv[3:5]), indent=1)
        system.write_private(state / "target.json", text + "\n")


def _database(state: Path) -> sa.URL | None:
    """The MariaDB that the stack uses, if it does."""
    conf = configparser.ConfigParser(interpolation=None)
    conf.read(state / "nova_lite.conf")
    text = conf.get("database", "connection", fallback="")
    return sa.make_url(text) if text.startswith("mysql") else None


def _statements(state: Path) -> int:
    url = _database(state)
    if url is None:
        sys.exit("only MariaDB counts its statements")
    connection = pymysql.connect(
        host=url.host or "127.0.0.1",
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
    )
    with connection:
        # This one, which it counts as well, is not the cloud's.
        return usage.questions(connection) - 1


def _target(state: Path, port: str, image: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{port}"
    counters = {"amqp": _own("amqp", state)}
    if _database(state) is not None:
        counters["sql"] = _own("sql", state)
    return {
        "name": "nova-lite",
        "notes": "nova-lite-all; stop and start are of all of it, also of "
        "its private RabbitMQ",
        "auth_url": f"{url}/identity/v3",
        "user": "admin",
        "password": (state / "admin-password").read_text().strip(),
        "project": "admin",
        "domain": "Default",
        "image": image,
        "image_url": f"{url}/image",
        "flavor": "m1.nano",
        "microversion": "2.37",
        "networks": "none",
        "pid_dir": str(state / "pids"),
        "groups": {"nova": ["api", "conductor", "scheduler", "compute*"]},
        "counters": counters,
        "stop": _shell(
            'stop_remembered "$STATE/nova-lite-all.pid" TERM 90', state
        ),
        "start": _shell(
            'setsid "$PYTHON_VENV/bin/nova-lite-all"'
            ' --config-file "$STATE/nova_lite.conf"'
            ' --computes "$(cat "$STATE/computes")" </dev/null'
            ' >>"$STATE/logs/nova-lite-all.log" 2>&1 &'
            ' remember "$STATE/nova-lite-all.pid" $!',
            state,
        ),
    }


def _own(counter: str, state: Path) -> str:
    command = [sys.executable, "-m", "bench.target", counter, str(state)]
    return f"cd {shlex.quote(str(_REPOSITORY))} && {shlex.join(command)}"


def _shell(script: str, state: Path) -> str:
    library = _REPOSITORY / "devstack/lib/common.sh"
    whole = f". {shlex.quote(str(library))}; STATE={shlex.quote(str(state))}; "
    return shlex.join(["bash", "-c", whole + script])


if __name__ == "__main__":
    main()
