# SPDX-License-Identifier: Apache-2.0
"""The openstack client, as it comes from the package index."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

import pytest

from tests.fixtures.cloud import Cloud
from tests.integration.clients.action_commands import ACTIONS
from tests.integration.clients.commands import (
    ABSENT,
    ANY,
    SLOW,
    STORIES,
    VERSIONS,
    Row,
)
from tests.integration.clients.conftest import Shells
from tests.integration.clients.network_commands import NETWORKS
from tests.integration.clients.network_router_commands import ROUTERS
from tests.integration.clients.network_service_commands import SERVICE
from tests.integration.clients.shell import Done

_OWN = {**SLOW, **ACTIONS, **NETWORKS, **SERVICE, **ROUTERS}
_ALL = {**STORIES, **_OWN}
_RUNS = [(story, version) for story in STORIES for version in VERSIONS] + [
    (story, None) for story in _OWN
]
_SOON_S = 60


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _filled(value: Any, kept: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        whole = value.removeprefix("{").removesuffix("}")
        return kept[whole] if whole in kept else value.format(**kept)
    if isinstance(value, Mapping):
        return {key: _filled(item, kept) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, kept) for item in value]
    return value


def _contains(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(
        key in found and (value is ANY or found[key] == value)
        for key, value in wanted.items()
    )


def _faults(row: Row, done: Done, kept: Mapping[str, Any]) -> list[str]:
    """What is wrong with a command's answer."""
    if (done.status != 0) != row.fails:
        return [f"status {done.status}"]
    says = row.says.format(**kept)
    wrong = []
    if says not in done.out + done.err:
        wrong.append(f"does not say {says!r}")
    if "Traceback" in done.out + done.err:
        wrong.append("a traceback")
    if not row.wants_json:
        return wrong
    found = done.json if isinstance(done.json, list) else [done.json]
    if row.has is not None:
        wanted = _filled(row.has, kept)
        if not any(_contains(one, wanted) for one in found):
            wrong.append(f"has not {wanted}")
    if row.lacks:
        unwanted = _filled(row.lacks, kept)
        if any(_contains(one, unwanted) for one in found):
            wrong.append(f"has {unwanted}")
    return wrong


def _words(
    row: Row, version: str | None, kept: Mapping[str, Any]
) -> list[str]:
    words = shlex.split(row.words.format(**kept))
    if version is not None:
        words = ["--os-compute-api-version", version, *words]
    return [*words, "-f", "json"] if row.wants_json else words


def _works(row: Row, version: str | None) -> bool:
    if version is None:
        return row.own
    return _number(row.since) <= _number(version) <= _number(row.until)


def _wait(cloud: Cloud, kept: dict[str, Any], name: str, status: str) -> None:
    """Wait for a server; keep where it is and what made it."""
    server = cloud.wait_status(kept[name], status)
    kept["host"] = server["OS-EXT-SRV-ATTR:host"]
    path = f"/servers/{kept[name]}/os-instance-actions"
    action = cloud.admin.get(path)["instanceActions"][-1]
    kept["request"] = action["request_id"]


@pytest.mark.parametrize(
    ("story", "version"), _RUNS, ids=lambda one: one or "own"
)
def test_commands(
    cloud: Cloud, shells: Shells, story: str, version: str | None
) -> None:
    kept: dict[str, Any] = {"n": (version or "own").replace(".", "-")}
    wrong = []
    for row in _ALL[story]:
        if not _works(row, version):
            continue
        if row.wait:
            assert row.wait in kept, "\n" + "\n".join(wrong)
            _wait(cloud, kept, row.wait, row.status)
        shell = shells("openstack", row.user)
        until = time.monotonic() + (_SOON_S if row.soon else 0)
        while True:
            done = shell.run(*_words(row, version, kept))
            faults = _faults(row, done, kept)
            if not faults or time.monotonic() > until:
                break
        wrong += [f"{fault}: {done}" for fault in faults]
        if not row.fails and done.status == 0:
            kept.update((k, done.json[key]) for k, key in row.keep.items())
    assert not wrong, "\n" + "\n".join(wrong)


def _commands() -> set[str]:
    """The compute commands of the installed client, and the common ones."""
    return {
        point.name.replace("_", " ")
        for group in ("openstack.compute.v2", "openstack.common")
        for point in entry_points(group=group)
    }


def _told() -> set[str]:
    """Those of the commands that the stories run."""
    known = sorted(_commands(), key=len, reverse=True)
    return {
        name
        for rows in _ALL.values()
        for row in rows
        for name in [
            next((one for one in known if row.runs(one)), None),
        ]
        if name is not None
    }


def test_no_command_is_forgotten() -> None:
    assert _told() | set(ABSENT) == _commands()
    assert not _told() & set(ABSENT)


def test_an_absent_action_is_refused_in_words(
    cloud: Cloud, shells: Shells
) -> None:
    ident = cloud.boot("still")
    done = shells("openstack", "member").run("server", "evacuate", ident)
    assert done.status == 1
    assert "There is no such action: evacuate" in done.err
    cloud.tenant.delete(f"/servers/{ident}")


def test_as_a_program_of_its_own(shells: Shells) -> None:
    shell = shells("openstack", "admin")
    done = shell.run_once("compute", "service", "list", "-f", "value")
    assert done.status == 0, done
    assert "nova-compute" in done.out
    assert done.out.split()[0] == shell.run(*done.words).out.split()[0]
    done = shell.run_once("server", "show", "nobody")
    assert (done.status, done.err) == (1, "No Server found for nobody\n")
