# SPDX-License-Identifier: Apache-2.0
"""Start, stop and reboot, through all daemons."""

from __future__ import annotations

from typing import Any

from tests.fixtures.cloud import Cloud


def act(cloud: Cloud, ident: str, body: dict[str, Any]) -> None:
    """An action that has to be accepted."""
    answer = cloud.tenant.send("POST", f"/servers/{ident}/action", body)
    assert answer.status_code == 202, answer.text


def test_stop_and_start(cloud: Cloud) -> None:
    ident = cloud.boot("off-and-on")
    act(cloud, ident, {"os-stop": None})
    server = cloud.wait_status(ident, "SHUTOFF")
    assert server["OS-EXT-STS:power_state"] == 4
    assert cloud.ledger.guests()[ident]["state"] == 4
    [event] = cloud.event_results(ident, "stop")
    assert (event["event"], event["result"]) == (
        "compute_stop_instance",
        "Success",
    )
    act(cloud, ident, {"os-start": None})
    server = cloud.wait_status(ident, "ACTIVE")
    assert server["OS-EXT-STS:power_state"] == 1
    [event] = cloud.event_results(ident, "start")
    assert event["event"] == "compute_start_instance"
