# SPDX-License-Identifier: Apache-2.0
"""Images and backups of servers, through all daemons."""

from __future__ import annotations

from typing import Any

import requests

from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud, wait_until


def _ask(
    cloud: Cloud,
    ident: str,
    name: str,
    client: Client | None = None,
    **more: Any,
) -> str:
    """Ask for an image; its id."""
    answer = (client or cloud.tenant).post(
        f"/servers/{ident}/action", {"createImage": {"name": name, **more}}
    )
    image_id: str = answer["image_id"]
    return image_id


def _image(cloud: Cloud, image_id: str) -> dict[str, Any]:
    found: dict[str, Any] = cloud.admin.get(f"/image/v2/images/{image_id}")
    return found


def _gone(cloud: Cloud, image_id: str) -> bool:
    path = f"/image/v2/images/{image_id}"
    return cloud.admin.send("GET", path).status_code == 404


def _wait_idle(cloud: Cloud, ident: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        server = cloud.server(ident)
        return None if server["OS-EXT-STS:task_state"] else server

    found: dict[str, Any] = wait_until(look, 30, f"{ident} is idle")
    return found


def _remove(cloud: Cloud, *images: str) -> None:
    for image_id in images:
        cloud.admin.delete(f"/image/v2/images/{image_id}")


def test_image_of_a_server(cloud: Cloud) -> None:
    """It is filled, says where it is from, and a server boots from it."""
    ident = cloud.boot("source")
    image_id = _ask(cloud, ident, "shot", metadata={"mine": "yes"})
    server = _wait_idle(cloud, ident)
    assert server["status"] == "ACTIVE"

    image = _image(cloud, image_id)
    assert image["status"] == "active"
    assert image["name"] == "shot"
    assert image["visibility"] == "private"
    assert image["owner"] == server["tenant_id"]
    assert image["min_disk"] == 1
    assert (image["disk_format"], image["container_format"]) == ("raw", "bare")
    for name, value in (
        ("instance_uuid", ident),
        ("image_type", "snapshot"),
        ("base_image_ref", cloud.image),
        ("user_id", server["user_id"]),
        ("mine", "yes"),
    ):
        assert image[name] == value, name
    data = cloud.tenant.send("GET", f"/image/v2/images/{image_id}/file")
    assert data.content.startswith(f"snapshot of source {ident}".encode())

    (event,) = cloud.event_results(ident, "createImage")
    assert event["event"] == "compute_snapshot_instance"
    assert event["result"] == "Success"
    cloud.boot("copy", imageRef=image_id)
    _remove(cloud, image_id)


def test_locked_and_stopped_servers_have_images_made(cloud: Cloud) -> None:
    """As upstream, a lock is no matter; the answer is older clients'."""
    ident = cloud.boot("off")
    action = f"/servers/{ident}/action"
    cloud.tenant.call("POST", action, {"os-stop": None})
    cloud.wait_status(ident, "SHUTOFF")
    cloud.tenant.call("POST", action, {"lock": None})

    body = {"createImage": {"name": "old way"}}
    answer = cloud.tenant.send("POST", action, body, version="2.44")
    assert (answer.status_code, answer.content) == (202, b"")
    place = answer.headers["Location"]
    image_id = place.rsplit("/", 1)[1]
    assert place == f"{cloud.url}/image/images/{image_id}"
    assert _wait_idle(cloud, ident)["status"] == "SHUTOFF"
    assert _image(cloud, image_id)["status"] == "active"
    _remove(cloud, image_id)


def test_failed_snapshot_leaves_no_image(cloud: Cloud) -> None:
    """The server is as before; its action says what happened."""
    ident = cloud.boot("unshot")
    image_id = _ask(cloud, ident, "never")
    assert _wait_idle(cloud, ident)["status"] == "ACTIVE"
    wait_until(lambda: _gone(cloud, image_id), 30, "the image is gone")
    (event,) = cloud.event_results(ident, "createImage")
    assert event["result"] == "Error"
    assert "fail_snapshot says so" in event["details"]


def test_refused_image_leaves_the_server_alone(cloud: Cloud) -> None:
    """What the image service does not take comes back as its sentence."""
    ident = cloud.boot("refused")
    action = f"/servers/{ident}/action"
    bad = {"createImage": {"name": "x", "metadata": {"owner": "somebody"}}}
    answer = cloud.tenant.send("POST", action, bad)
    assert answer.status_code == 403, answer.text
    assert "owner of an image" in answer.text
    assert cloud.server(ident)["OS-EXT-STS:task_state"] is None
    _remove(cloud, _ask(cloud, ident, "then a good one"))
    _wait_idle(cloud, ident)


def test_a_delete_goes_before_a_snapshot(cloud: Cloud) -> None:
    """A second image is refused meanwhile; no image stays."""
    ident = cloud.boot(
        "slow-shot", cloud.admin, availability_zone="nova:compute-slow"
    )
    image_id = _ask(cloud, ident, "cut short", cloud.admin)
    wait_until(
        lambda: (
            cloud.server(ident)["OS-EXT-STS:task_state"]
            == "image_pending_upload"
        ),
        30,
        "the host is at work",
    )
    again: requests.Response = cloud.admin.send(
        "POST",
        f"/servers/{ident}/action",
        {"createImage": {"name": "second"}},
    )
    assert again.status_code == 409
    assert "task_state image_pending_upload" in again.text
    # How far it is stands in its event.
    wait_until(
        lambda: [
            event
            for event in cloud.event_results(ident, "createImage")
            if event["details"] == "snapshot: 50 %"
        ],
        30,
        "the percent is told",
    )
    cloud.admin.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    wait_until(lambda: _gone(cloud, image_id), 30, "the image is gone")


def test_backups_rotate(cloud: Cloud) -> None:
    """Of three, the two newest stay; other kinds are not touched."""
    ident = cloud.boot("kept")
    action = f"/servers/{ident}/action"

    def back_up(kind: str, rotation: int) -> str:
        backup = {
            "name": f"{kind} copy",
            "backup_type": kind,
            "rotation": rotation,
        }
        made = cloud.tenant.post(action, {"createBackup": backup})
        assert _wait_idle(cloud, ident)["status"] == "ACTIVE"
        image_id: str = made["image_id"]
        return image_id

    weekly = back_up("weekly", 2)
    first, second, third = (back_up("daily", 2) for _ in range(3))
    assert _gone(cloud, first)
    for image_id in (weekly, second, third):
        image = _image(cloud, image_id)
        assert image["status"] == "active"
        assert image["image_type"] == "backup"
    assert image["backup_type"] == "daily"
    none = back_up("daily", 0)
    for image_id in (second, third, none):
        assert _gone(cloud, image_id)
    _remove(cloud, weekly)


def test_an_administrators_image_is_shared(cloud: Cloud) -> None:
    """Whose server it is may use the image."""
    ident = cloud.boot("theirs")
    image_id = _ask(cloud, ident, "for them", cloud.admin)
    _wait_idle(cloud, ident)
    image = cloud.tenant.get(f"/image/v2/images/{image_id}")
    assert (image["visibility"], image["status"]) == ("shared", "active")
    _remove(cloud, image_id)


def test_image_of_a_dead_host_is_removed(cloud: Cloud) -> None:
    """The host never begins, and the server is deleted meanwhile."""
    ident = cloud.boot(
        "left", cloud.admin, availability_zone="nova:compute-slow"
    )
    compute = cloud["compute-slow"]
    compute.kill()
    try:
        image_id = _ask(cloud, ident, "never filled", cloud.admin)
        assert _image(cloud, image_id)["status"] == "queued"
        cloud.admin.delete(f"/servers/{ident}")
        cloud.wait_gone(ident)
        wait_until(lambda: _gone(cloud, image_id), 30, "the image is gone")
    finally:
        compute.start()
    cloud.wait_serving()
