# SPDX-License-Identifier: Apache-2.0
"""What a daemon does when it is told something: signals, pings."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.daemon import REPOSITORY, Daemon

_SLOW = "nova:compute-slow"


def test_sigterm_lets_a_build_finish(cloud: Cloud) -> None:
    compute = cloud["compute-slow"]
    ident = cloud.create("drained", cloud.admin, availability_zone=_SLOW)
    wait_until(lambda: ident in cloud.ledger.guests(), 30, "it spawns")

    assert compute.stop() == 0
    try:
        server = cloud.server(ident)
        assert server["status"] == "ACTIVE"
        assert server["OS-EXT-STS:task_state"] is None
    finally:
        compute.start()
    cloud.wait_serving()


@pytest.mark.parametrize("name", ["api", "conductor-1", "scheduler-1"])
def test_sigterm_ends_in_order(cloud: Cloud, name: str) -> None:
    one = cloud[name]
    try:
        assert one.stop() == 0
        assert "Traceback" not in one.tail()
    finally:
        one.start()
    cloud.wait_serving()
    cloud.boot(f"after {name}")


@pytest.mark.parametrize(
    "name", ["api", "conductor-1", "scheduler-1", "compute-1"]
)
def test_sighup_is_survived(cloud: Cloud, name: str) -> None:
    one = cloud[name]
    pid = one.pid
    one.signal(signal.SIGHUP)
    cloud.boot("after the signal")
    assert one.is_running()
    assert one.pid == pid


@pytest.mark.parametrize(
    "name", ["api", "conductor-1", "scheduler-1", "compute-1"]
)
def test_sigusr2_gives_a_report(cloud: Cloud, name: str) -> None:
    one = cloud[name]
    before = one.log_size()
    one.signal(signal.SIGUSR2)
    for text in ("Guru Meditation", "nova-lite", "Threads", "Configuration"):
        wait_until(lambda t=text: one.says(t, before), 30, f"{text} in it")
    assert one.is_running()


def test_report_hides_secrets(cloud: Cloud) -> None:
    one = cloud["conductor-1"]
    before = one.log_size()
    one.signal(signal.SIGUSR2)
    wait_until(lambda: one.says("transport_url", before), 30, "the options")
    text = one.log.read_bytes()[before:].decode()
    shown = [line for line in text.splitlines() if "transport_url" in line]
    assert "rabbit://" not in "".join(shown)


def test_second_compute_of_a_host_refuses(
    cloud: Cloud, tmp_path: Path
) -> None:
    files = [
        cloud.directory / name for name in ("common.conf", "compute-1.conf")
    ]
    second = Daemon("second", "compute", files, tmp_path / "log")
    second.start()
    try:
        status = second.wait(60)
    finally:
        second.kill()
    assert status == 1
    assert "runs already for host compute-1" in second.tail()
    assert "Traceback" not in second.tail()
    assert cloud["compute-1"].is_running()
    cloud.boot("undisturbed", cloud.admin, host="compute-1")


_PING = """
import sys
from nova_lite import concurrency
concurrency.setup("threading")
from nova_lite import baserpc, config, context, objects, rpc
from nova_lite.objects import base
config.parse_args(sys.argv[1:])
objects.register_all()
rpc.init(base.NovaObjectSerializer())
for topic, server in (
    ("conductor", None), ("scheduler", None), ("compute", "compute-1"),
):
    print(baserpc.BaseAPI(topic).ping(
        context.get_admin_context(), "hello", server=server
    ))
"""


def test_every_daemon_answers_a_ping(cloud: Cloud) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            _PING,
            "--config-file",
            str(cloud.directory / "common.conf"),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    answers = [
        line for line in done.stdout.splitlines() if line.startswith("{")
    ]
    assert len(answers) == 3, done.stdout
    for answer, service in zip(
        answers, ("conductor", "scheduler", "compute"), strict=True
    ):
        assert f"'service': '{service}'" in answer
        assert "'arg': 'hello'" in answer


def test_compute_cannot_import_the_database() -> None:
    code = (
        "from nova_lite.cmd import daemon\n"
        "import sys; sys.argv = ['nova-lite-compute']\n"
        "daemon.prepare('nova-lite-compute', database=False)\n"
        "print('sqlalchemy' in sys.modules)\n"
        "import nova_lite.db.session\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("False")
    said = done.stdout + done.stderr
    assert "cannot be imported in this daemon" in said


def test_compute_holds_no_database(cloud: Cloud) -> None:
    """The process itself: no library of a database is mapped into it."""
    maps = Path(f"/proc/{cloud['compute-1'].pid}/maps").read_text()
    for library in ("_sqlite3", "psycopg", "sqlalchemy"):
        assert library not in maps
