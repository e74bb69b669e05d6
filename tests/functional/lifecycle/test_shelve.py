# SPDX-License-Identifier: Apache-2.0
"""Shelve, offload and unshelve, through all daemons."""

from __future__ import annotations

from typing import Any

from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud, wait_until


def _act(
    cloud: Cloud, ident: str, name: str, value: Any = None, **more: Any
) -> int:
    client: Client = more.pop("client", cloud.tenant)
    path = f"/servers/{ident}/action"
    return client.send("POST", path, {name: value}, **more).status_code


def _images(cloud: Cloud, ident: str) -> list[dict[str, Any]]:
    """The images that were made of a server."""
    path = f"/image/v2/images?instance_uuid={ident}"
    found: list[dict[str, Any]] = cloud.admin.get(path)["images"]
    return found


def _shelve(cloud: Cloud, ident: str) -> dict[str, Any]:
    assert _act(cloud, ident, "shelve") == 202
    return cloud.wait_status(ident, "SHELVED_OFFLOADED")


def _wait_idle(cloud: Cloud, ident: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        server = cloud.server(ident)
        return None if server["OS-EXT-STS:task_state"] else server

    found: dict[str, Any] = wait_until(look, 30, f"{ident} is idle")
    return found


def test_shelve_and_unshelve(cloud: Cloud) -> None:
    """It holds nothing while it is an image; then the image is gone."""
    ident = cloud.boot("rarely used")
    server = _shelve(cloud, ident)
    assert server["OS-EXT-SRV-ATTR:host"] is None
    assert server["OS-EXT-STS:power_state"] == 0
    assert server["OS-EXT-STS:task_state"] is None
    assert ident not in cloud.ledger.guests()
    assert ident not in cloud.ledger.consumers()
    (image,) = _images(cloud, ident)
    assert image["name"] == "rarely used-shelved"
    assert (image["status"], image["image_type"]) == ("active", "snapshot")
    assert image["owner"] == server["tenant_id"]
    (event,) = cloud.event_results(ident, "shelve")
    assert event["event"] == "compute_shelve_instance"
    assert event["result"] == "Success"

    assert _act(cloud, ident, "shelve") == 409
    assert _act(cloud, ident, "unshelve") == 202
    server = cloud.wait_status(ident, "ACTIVE")
    server = _wait_idle(cloud, ident)
    assert server["OS-EXT-STS:power_state"] == 1
    assert (
        cloud.ledger.guests()[ident]["host"]
        == (server["OS-EXT-SRV-ATTR:host"])
    )
    assert ident in cloud.ledger.consumers()
    assert not _images(cloud, ident)
    assert server["image"]["id"] == cloud.image
    events = cloud.event_results(ident, "unshelve")
    assert [(e["event"], e["result"]) for e in events] == [
        ("conductor_unshelve_instance", "Success"),
        ("compute_unshelve_instance", "Success"),
    ]


def test_a_failing_host_gives_way_to_another(cloud: Cloud) -> None:
    ident = cloud.boot("plain")
    _shelve(cloud, ident)
    # compute-2, the first choice, fails for servers of this name.
    cloud.tenant.call(
        "PUT", f"/servers/{ident}", {"server": {"name": "elsewhere"}}
    )
    assert _act(cloud, ident, "unshelve") == 202
    cloud.wait_status(ident, "ACTIVE")
    server = _wait_idle(cloud, ident)
    assert server["OS-EXT-SRV-ATTR:host"] == "compute-1"
    results = [e["result"] for e in cloud.event_results(ident, "unshelve")]
    assert results == ["Success", "Rescheduled", "Success", "Success"]


def test_no_host_leaves_it_shelved(cloud: Cloud) -> None:
    """The fault says why; a later attempt may succeed."""
    ident = cloud.boot("plain")
    _shelve(cloud, ident)
    cloud.tenant.call(
        "PUT", f"/servers/{ident}", {"server": {"name": "everywhere"}}
    )
    assert _act(cloud, ident, "unshelve") == 202
    server = _wait_idle(cloud, ident)
    assert server["status"] == "SHELVED_OFFLOADED"
    assert server["OS-EXT-SRV-ATTR:host"] is None
    assert ident not in cloud.ledger.consumers()
    assert "unshelve failed on 2 host" in cloud.ledger.faults()[ident]
    assert len(_images(cloud, ident)) == 1
    cloud.tenant.call(
        "PUT", f"/servers/{ident}", {"server": {"name": "anywhere"}}
    )
    assert _act(cloud, ident, "unshelve") == 202
    cloud.wait_status(ident, "ACTIVE")
    _wait_idle(cloud, ident)


def test_unshelve_to_a_host_or_a_zone(cloud: Cloud) -> None:
    ident = cloud.boot("moved")
    zone = {"availability_zone": "nova"}
    # Only what has no host can be sent to one.
    assert _act(cloud, ident, "unshelve", zone) == 409
    _shelve(cloud, ident)
    for wrong, status in (
        ({"availability_zone": "atlantis"}, 400),
        ({"host": "atlantis"}, 400),
        ({"availability_zone": "nova", "host": "atlantis"}, 400),
        ({"place": "here"}, 400),
    ):
        found = _act(cloud, ident, "unshelve", wrong, client=cloud.admin)
        assert found == status, wrong
    assert _act(cloud, ident, "unshelve", {"host": "compute-1"}) == 403
    # Before 2.91 a host cannot be named, before 2.77 nothing is read.
    host = {"host": "compute-1"}
    old = {"client": cloud.admin, "version": "2.90"}
    assert _act(cloud, ident, "unshelve", host, **old) == 400
    assert _act(cloud, ident, "unshelve", {}, **old) == 400

    both = {**host, "availability_zone": None}
    assert _act(cloud, ident, "unshelve", both, client=cloud.admin) == 202
    server = cloud.wait_status(ident, "ACTIVE")
    assert server["OS-EXT-SRV-ATTR:host"] == "compute-1"
    _wait_idle(cloud, ident)
    _shelve(cloud, ident)
    ignored = {"availability_zone": "atlantis"}
    assert _act(cloud, ident, "unshelve", ignored, version="2.76") == 202
    cloud.wait_status(ident, "ACTIVE")
    _wait_idle(cloud, ident)


def test_a_failed_shelve_leaves_no_image(cloud: Cloud) -> None:
    ident = cloud.boot("unshot")
    assert _act(cloud, ident, "shelve") == 202
    server = _wait_idle(cloud, ident)
    assert server["status"] == "ERROR"
    assert "fail_snapshot" in cloud.ledger.faults()[ident]
    assert not _images(cloud, ident)
    assert _act(cloud, ident, "reboot", {"type": "HARD"}) == 202
    wait_until(
        lambda: cloud.server(ident)["status"] == "ACTIVE", 30, "it runs again"
    )


def test_a_delete_goes_before_a_shelve(cloud: Cloud) -> None:
    ident = cloud.boot(
        "slow-shelf", cloud.admin, availability_zone="nova:compute-slow"
    )
    assert _act(cloud, ident, "shelve", client=cloud.admin) == 202
    wait_until(
        lambda: (
            cloud.server(ident)["OS-EXT-STS:task_state"]
            == "shelving_image_pending_upload"
        ),
        30,
        "the host is at work",
    )
    assert len(_images(cloud, ident)) == 1
    cloud.admin.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    assert not _images(cloud, ident)


def test_delete_of_an_offloaded_server(cloud: Cloud) -> None:
    ident = cloud.boot("gone")
    _shelve(cloud, ident)
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    assert not _images(cloud, ident)
