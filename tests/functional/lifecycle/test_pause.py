# SPDX-License-Identifier: Apache-2.0
"""Pause and unpause, through all daemons."""

from __future__ import annotations

from tests.fixtures.cloud import Cloud


def test_pause_and_unpause(cloud: Cloud) -> None:
    ident = cloud.boot("still")
    action = f"/servers/{ident}/action"

    assert cloud.tenant.send("POST", action, {"pause": None}).status_code == (
        202
    )
    server = cloud.wait_status(ident, "PAUSED")
    assert server["OS-EXT-STS:power_state"] == 3
    again = cloud.tenant.send("POST", action, {"pause": None})
    assert again.status_code == 409
    assert "vm_state paused" in again.json()["conflictingRequest"]["message"]

    assert cloud.tenant.send(
        "POST", action, {"unpause": None}
    ).status_code == (202)
    server = cloud.wait_status(ident, "ACTIVE")
    assert server["OS-EXT-STS:power_state"] == 1
    [result] = cloud.event_results(ident, "pause")
    assert result["event"] == "compute_pause_instance"
    assert result["result"] == "Success"
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
