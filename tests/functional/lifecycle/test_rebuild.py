# SPDX-License-Identifier: Apache-2.0
"""Rebuild with the same image and with another, through all daemons."""

from __future__ import annotations

from typing import Any

from tests.fixtures.cloud import Cloud, wait_until


def _rebuild(
    cloud: Cloud, ident: str, version: str = "2.96", **asked: Any
) -> dict[str, Any]:
    asked = {"imageRef": cloud.image, **asked}
    answer = cloud.tenant.send(
        "POST",
        f"/servers/{ident}/action",
        {"rebuild": asked},
        version=version,
    )
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"].endswith(f"/servers/{ident}")
    found: dict[str, Any] = answer.json()["server"]
    return found


def _wait_idle(cloud: Cloud, ident: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        server = cloud.server(ident)
        return None if server["OS-EXT-STS:task_state"] else server

    found: dict[str, Any] = wait_until(look, 30, f"{ident} is idle")
    return found


def _console(cloud: Cloud, ident: str) -> str:
    answer = cloud.tenant.post(
        f"/servers/{ident}/action", {"os-getConsoleOutput": {}}
    )
    text: str = answer["output"]
    return text


def test_same_image(cloud: Cloud) -> None:
    ident = cloud.boot("before", metadata={"old": "1"})
    old = cloud.server(ident)
    answer = _rebuild(
        cloud,
        ident,
        name="after",
        metadata={"new": "2"},
        description="rebuilt",
        hostname="fresh",
        user_data="aGk=",
        adminPass="a-new-password",
        accessIPv4="192.0.2.7",
        **{"OS-DCF:diskConfig": "AUTO"},
    )
    assert answer["adminPass"] == "a-new-password"
    assert answer["status"] == "REBUILD"
    assert answer["user_data"] == "aGk="
    server = _wait_idle(cloud, ident)
    assert server["status"] == "ACTIVE"
    assert server["name"] == "after"
    assert server["metadata"] == {"new": "2"}
    assert server["accessIPv4"] == "192.0.2.7"
    assert server["OS-DCF:diskConfig"] == "AUTO"
    kept = ("OS-EXT-SRV-ATTR:host", "created", "flavor", "image")
    assert [server[name] for name in kept] == [old[name] for name in kept]
    # The first start of a new guest.
    assert "after: ready, start 1" in _console(cloud, ident)
    (event,) = cloud.event_results(ident, "rebuild")
    assert (event["event"], event["result"]) == (
        "compute_rebuild_instance",
        "Success",
    )


def test_stopped_server_is_off_again(cloud: Cloud) -> None:
    ident = cloud.boot("off")
    path = f"/servers/{ident}/action"
    cloud.tenant.send("POST", path, {"os-stop": None})
    cloud.wait_status(ident, "SHUTOFF")
    _rebuild(cloud, ident)
    server = _wait_idle(cloud, ident)
    assert server["status"] == "SHUTOFF"
    assert server["OS-EXT-STS:power_state"] == 4
    assert cloud.ledger.guests()[ident]["state"] == 4
    assert "start 1" in _console(cloud, ident)


def test_another_image(cloud: Cloud) -> None:
    other = cloud.admin.upload_image("other", b"\0" * 4096)
    ident = cloud.boot("changes")
    consumers = cloud.ledger.consumers()
    _rebuild(cloud, ident, imageRef=other)
    server = _wait_idle(cloud, ident)
    assert (server["status"], server["image"]["id"]) == ("ACTIVE", other)
    assert cloud.ledger.consumers() == consumers
    events = cloud.event_results(ident, "rebuild")
    assert [(one["event"], one["result"]) for one in events] == [
        ("rebuild_server", "Success"),
        ("compute_rebuild_instance", "Success"),
    ]
    cloud.admin.delete(f"/image/v2/images/{other}")


def test_image_that_the_host_cannot_run(cloud: Cloud) -> None:
    foreign = cloud.admin.upload_image(
        "foreign", b"\0" * 4096, hw_architecture="aarch64"
    )
    ident = cloud.boot("stays")
    _rebuild(cloud, ident, imageRef=foreign)
    server = _wait_idle(cloud, ident)
    assert server["status"] == "ERROR"
    assert server["image"]["id"] == cloud.image
    assert "No valid host" in server["fault"]["message"]
    assert "aarch64" in server["fault"]["details"]
    # Its guest was left alone.
    assert cloud.ledger.guests()[ident]["state"] == 1
    _rebuild(cloud, ident)
    assert _wait_idle(cloud, ident)["status"] == "ACTIVE"
    cloud.admin.delete(f"/image/v2/images/{foreign}")


def test_failure_is_said_and_can_be_tried_again(cloud: Cloud) -> None:
    ident = cloud.boot("fine")
    _rebuild(cloud, ident, name="fails everywhere")
    server = _wait_idle(cloud, ident)
    assert server["status"] == "ERROR"
    assert "fail_spawn" in server["fault"]["message"]
    assert server["OS-EXT-SRV-ATTR:host"] is not None
    _rebuild(cloud, ident, name="fine")
    assert _wait_idle(cloud, ident)["status"] == "ACTIVE"
    _rebuild(cloud, ident, preserve_ephemeral=True)
    server = _wait_idle(cloud, ident)
    assert "preserve_ephemeral" in server["fault"]["message"]
    assert cloud.ledger.guests()[ident]["state"] == 1


def test_answer_by_version(cloud: Cloud) -> None:
    ident = cloud.boot("shown")
    shown = {}
    for version in ("2.1", "2.53", "2.54", "2.56", "2.57", "2.71", "2.75"):
        shown[version] = _rebuild(cloud, ident, version)
        _wait_idle(cloud, ident)
    for field, since in (
        ("key_name", "2.54"),
        ("user_data", "2.57"),
        ("server_groups", "2.71"),
        ("OS-EXT-STS:vm_state", "2.75"),
        ("config_drive", "2.75"),
    ):
        versions = list(shown)
        at = versions.index(since)
        assert [field in shown[v] for v in versions] == [
            place >= at for place in range(len(versions))
        ], field
