# SPDX-License-Identifier: Apache-2.0
"""nova-lite-manage and nova-lite-status as processes, on real databases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nova_lite.cmd import tables

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, database_url: str) -> Run:
    """Run a command of a module below nova_lite.cmd."""
    file = tmp_path / "nova_lite.conf"
    file.write_text(
        f"[DEFAULT]\nstate_path = {tmp_path}\ncompute_driver = fake\n"
        f"[database]\nconnection = {database_url}\n"
        "[identity]\npassword_memory_kib = 64\n"
    )
    file.chmod(0o600)

    def command(
        module: str, *words: str, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                f"nova_lite.cmd.{module}",
                "--config-file",
                str(file),
                *words,
            ],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, **environment},
        )

    return command


sqlite_only = pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)


def _good(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _refused(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_each_database_is_made_and_filled(run: Run) -> None:
    assert "db sync" in _refused(run("manage", "user", "list"))
    _good(run("manage", "db", "sync"))
    _good(run("manage", "bootstrap", OS_BOOTSTRAP_PASSWORD="one"))
    assert "m1.nano" in _good(run("manage", "flavor", "defaults"))
    _good(run("manage", "db", "purge", "--days", "30"))
    report = run("status", "upgrade", "check")
    assert report.returncode == 2  # there is no broker
    assert "Check: Database" in report.stdout
    assert "Result: Success" in report.stdout
    assert "Result: Failure" in report.stdout


@sqlite_only
def test_commands_may_be_repeated(run: Run) -> None:
    assert "no schema" in _good(run("manage", "db", "version"))
    _good(run("manage", "db", "sync"))
    _good(run("manage", "db", "sync"))
    assert "password" in _refused(run("manage", "bootstrap"))
    _good(run("manage", "bootstrap", OS_BOOTSTRAP_PASSWORD="one"))
    _good(run("manage", "bootstrap", "--keep-password"))
    words = ("bob", "--project", "admin", "--password-stdin")
    _good(run("manage", "user", "create", *words, stdin="pw\n"))
    again = run("manage", "user", "create", *words, stdin="pw\n")
    assert "bob already" in _refused(again)
    users = _good(run("manage", "user", "list"))
    assert "admin@admin" in users
    assert "member@admin" in users


@sqlite_only
def test_flavors_and_services(run: Run) -> None:
    _good(run("manage", "db", "sync"))
    _good(run("manage", "flavor", "defaults"))
    assert "none" in _good(run("manage", "flavor", "defaults"))
    size = ("--memory-mb", "64", "--vcpus", "1", "--root-gb", "0")
    taken = run("manage", "flavor", "create", "m1.nano", *size)
    assert "m1.nano already exists" in _refused(taken)
    assert "m1.tiny" in _good(run("manage", "flavor", "list"))
    _good(run("manage", "service", "list"))
    assert "7" in _refused(run("manage", "service", "delete", "7"))


@sqlite_only
def test_doctor_finds_the_missing_schema(run: Run) -> None:
    done = run("status", "doctor")
    assert done.returncode == 2
    assert "FAULT    schema" in done.stdout
    assert "fix: nova-lite-manage db sync" in done.stdout
    assert "FAULT    broker" in done.stdout
    assert "Traceback" not in done.stderr


def test_wrong_usage_has_a_status_of_its_own() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nova_lite.cmd.manage", "db", "purge"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 2
    assert "--before" in done.stderr


def test_tables_line_up() -> None:
    text = tables.render(("a", "name"), [(1, None), (22, True)])
    assert text == "a   name\n--  ----\n1   -\n22  yes"
