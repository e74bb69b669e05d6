# SPDX-License-Identifier: Apache-2.0
"""Rescue and unrescue, through all daemons."""

from __future__ import annotations

from typing import Any

from tests.fixtures.cloud import Cloud


def _act(cloud: Cloud, ident: str, name: str, value: Any = None) -> Any:
    path = f"/servers/{ident}/action"
    return cloud.tenant.send("POST", path, {name: value})


def _console(cloud: Cloud, ident: str) -> str:
    text: str = _act(cloud, ident, "os-getConsoleOutput", {}).json()["output"]
    return text


def test_rescue_and_unrescue(cloud: Cloud) -> None:
    tools = cloud.admin.upload_image("tools", b"\0" * 4096)
    ident = cloud.boot("ill")
    asked = {"adminPass": "secret", "rescue_image_ref": tools}
    answer = _act(cloud, ident, "rescue", asked)
    assert (answer.status_code, answer.json()) == (
        200,
        {"adminPass": "secret"},
    )
    server = cloud.wait_status(ident, "RESCUE")
    assert server["OS-EXT-STS:power_state"] == 1
    assert server["image"]["id"] == cloud.image
    assert f"rescued by {tools}" in _console(cloud, ident)
    for name, value in (
        ("rescue", None),
        ("reboot", {"type": "HARD"}),
        ("rebuild", {"imageRef": cloud.image}),
        ("os-stop", None),
    ):
        refused = _act(cloud, ident, name, value)
        assert refused.status_code == 409, name
        assert "vm_state rescued" in refused.text
    assert _act(cloud, ident, "unrescue").status_code == 202
    cloud.wait_status(ident, "ACTIVE")
    assert "rescued" not in _console(cloud, ident)
    for name, event in (
        ("rescue", "compute_rescue_instance"),
        ("unrescue", "compute_unrescue_instance"),
    ):
        (found,) = cloud.event_results(ident, name)
        assert (found["event"], found["result"]) == (event, "Success")
    cloud.admin.delete(f"/image/v2/images/{tools}")


def test_own_image_for_a_stopped_server(cloud: Cloud) -> None:
    ident = cloud.boot("off")
    _act(cloud, ident, "os-stop")
    cloud.wait_status(ident, "SHUTOFF")
    answer = _act(cloud, ident, "rescue")
    assert len(answer.json()["adminPass"]) == 12
    cloud.wait_status(ident, "RESCUE")
    assert f"rescued by {cloud.image}" in _console(cloud, ident)
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)


def test_image_that_is_not_there(cloud: Cloud) -> None:
    ident = cloud.boot("well")
    nothing = "00000000-0000-4000-8000-00000000000f"
    refused = _act(cloud, ident, "rescue", {"rescue_image_ref": nothing})
    assert refused.status_code == 400
    assert nothing in refused.json()["badRequest"]["message"]
    assert cloud.server(ident)["status"] == "ACTIVE"
