# SPDX-License-Identifier: Apache-2.0
"""Guests that changed while their daemon was away, through all daemons."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nova_lite.compute import power_state
from tests.fixtures.cloud import Cloud, wait_until

_HOST = "compute-1"


@contextlib.contextmanager
def _away(cloud: Cloud) -> Iterator[Path]:
    """The daemon of the host is away; the directory of its fake guests."""
    cloud[_HOST].stop()
    try:
        yield cloud.directory / _HOST / "instances" / "fake" / _HOST
    finally:
        cloud[_HOST].start()


def _become(guests: Path, ident: str, state: int) -> None:
    path = guests / f"{ident}.json"
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"state": state})
    )


def _act(cloud: Cloud, ident: str, action: str, status: str) -> None:
    path = f"/servers/{ident}/action"
    assert cloud.admin.send("POST", path, {action: None}).status_code == 202
    cloud.wait_status(ident, status)


def _actions(cloud: Cloud, ident: str, name: str) -> list[dict[str, Any]]:
    path = f"/servers/{ident}/os-instance-actions"
    found = cloud.admin.get(path)["instanceActions"]
    return [one for one in found if one["action"] == name]


def test_guests_changed_behind_our_back(cloud: Cloud) -> None:
    names = ("off", "crashed", "woken", "held", "killed", "slept", "gone")
    of = {name: cloud.boot(name, cloud.admin, host=_HOST) for name in names}
    _act(cloud, of["woken"], "os-stop", "SHUTOFF")
    _act(cloud, of["killed"], "pause", "PAUSED")
    with _away(cloud) as guests:
        _become(guests, of["off"], power_state.SHUTDOWN)
        _become(guests, of["crashed"], power_state.CRASHED)
        _become(guests, of["woken"], power_state.RUNNING)
        _become(guests, of["held"], power_state.PAUSED)
        _become(guests, of["killed"], power_state.SHUTDOWN)
        _become(guests, of["slept"], power_state.SUSPENDED)
        (guests / f"{of['gone']}.json").unlink()

    for name in ("off", "crashed", "killed", "slept"):
        server = cloud.wait_status(of[name], "SHUTOFF")
        assert server["OS-EXT-STS:power_state"] == power_state.SHUTDOWN
        (stop,) = _actions(cloud, of[name], "stop")
        assert stop["user_id"] is None
        assert stop["project_id"] is None
    wait_until(
        lambda: len(_actions(cloud, of["woken"], "stop")) == 2, 30, "a stop"
    )
    cloud.wait_status(of["woken"], "SHUTOFF")

    # What may be the hypervisor's own doing is written down, no more.
    wait_until(
        lambda: (
            cloud.server(of["held"])["OS-EXT-STS:power_state"]
            == power_state.PAUSED
        ),
        30,
        "the pause is seen",
    )
    assert cloud.server(of["held"])["status"] == "ACTIVE"
    assert not _actions(cloud, of["held"], "stop")

    wait_until(
        lambda: _actions(cloud, of["gone"], "sync_power_state"), 30, "said"
    )
    (event,) = cloud.event_results(of["gone"], "sync_power_state")
    assert event["result"] == "Error"
    assert "gone from its host" in event["details"]
    server = cloud.server(of["gone"])
    assert server["status"] == "ACTIVE"
    assert server["OS-EXT-STS:power_state"] == power_state.NOSTATE
    for ident in of.values():
        cloud.admin.delete(f"/servers/{ident}")
        cloud.wait_gone(ident)
