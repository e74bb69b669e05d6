# SPDX-License-Identifier: Apache-2.0
"""GET /servers/events on a whole cloud: order, rights, resume, load."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.event_stream import PATH, EventStream

# In conftest.py, for the clouds of these tests.
_OF_PROJECT = 100
_IN_ALL = 110


@contextlib.contextmanager
def _following(
    client: Client, query: str = "", last_id: str | None = None
) -> Iterator[EventStream]:
    stream = EventStream(client, query, last_id)
    assert stream.answer.status_code == 200, stream.answer.text
    try:
        yield stream.wait_ready()
    finally:
        stream.close()


def test_a_life_in_order(cloud: Cloud) -> None:
    with _following(cloud.tenant) as stream:
        assert stream.answer.headers["Content-Type"].startswith(
            "text/event-stream"
        )
        ident = cloud.boot("seen")
        stream.wait_status(ident, "ACTIVE")
        cloud.tenant.delete(f"/servers/{ident}")
        stream.wait_status(ident, "DELETED")

        statuses = stream.statuses(ident)
        assert statuses == sorted(
            statuses, key=["BUILD", "ACTIVE", "DELETED"].index
        )
        assert [data["deleted"] for data in stream.of(ident)][-1] is True
        active = next(d for d in stream.of(ident) if d["status"] == "ACTIVE")
        assert active["name"] == "seen"
        assert active["vm_state"] == "active"
        assert active["power_state"] == 1
        times = [data["updated_at"] for data in stream.of(ident)]
        assert times == sorted(set(times))


def test_a_failure_tells_why(cloud: Cloud) -> None:
    with _following(cloud.tenant) as stream:
        ident = cloud.create("everywhere")
        stream.wait_status(ident, "ERROR")
        fault = stream.of(ident)[-1]["fault"]
        shown = cloud.tenant.get(f"/servers/{ident}")["server"]["fault"]
        assert fault["message"] == shown["message"]


def test_projects_are_apart(cloud: Cloud) -> None:
    with (
        _following(cloud.tenant) as theirs,
        _following(cloud.admin) as own,
        _following(cloud.admin, "?all_tenants=1") as everything,
    ):
        ident = cloud.boot("of-demo")
        other = cloud.boot("of-admin", cloud.admin)
        for stream in (theirs, everything):
            stream.wait_status(ident, "ACTIVE")
        for stream in (own, everything):
            stream.wait_status(other, "ACTIVE")
        assert theirs.of(other) == own.of(ident) == []


def test_snapshot_first(cloud: Cloud) -> None:
    ident = cloud.boot("before")
    with _following(cloud.tenant, "?snapshot=true") as stream:
        assert stream.statuses(ident) == ["ACTIVE"]
        assert stream.events[-1].kind == "ready"
    with _following(cloud.tenant) as stream:
        assert stream.of(ident) == []


def test_who_comes_back_has_missed_nothing(cloud: Cloud) -> None:
    with _following(cloud.tenant) as stream:
        gone = cloud.boot("gone")
        stream.wait_status(gone, "ACTIVE")
        slow = cloud.create(
            "slow", cloud.admin, availability_zone="nova:compute-slow"
        )
        last_id = stream.last_id
    cloud.tenant.delete(f"/servers/{gone}")
    cloud.wait_gone(gone)
    mine = cloud.boot("mine")

    with _following(cloud.tenant, last_id=last_id) as stream:
        assert stream.statuses(gone)[-1] == "DELETED"
        assert stream.statuses(mine)[-1] == "ACTIVE"
        assert stream.of(slow) == []
    # The query says the same for who cannot send the header.
    with _following(cloud.tenant, f"?last_event_id={last_id}") as stream:
        assert stream.statuses(mine)[-1] == "ACTIVE"


def test_over_a_kill_of_the_api(cloud: Cloud) -> None:
    with _following(cloud.admin) as stream:
        before = cloud.boot("before", cloud.admin)
        stream.wait_status(before, "ACTIVE")
        last_id = stream.last_id
        ident = cloud.create(
            "over", cloud.admin, availability_zone="nova:compute-slow"
        )
        cloud["api"].kill()
        assert stream.ended.wait(30)
    cloud["api"].start()
    cloud.wait_serving()
    with _following(cloud.admin, last_id=last_id) as stream:
        stream.wait_status(ident, "ACTIVE")


def test_a_stop_ends_streams(cloud: Cloud) -> None:
    try:
        with _following(cloud.tenant) as stream:
            began = time.monotonic()
            assert cloud["api"].stop() == 0
            assert time.monotonic() - began < 8
            assert stream.ended.wait(5)
            assert stream.comments == ["this service is stopping"]
    finally:
        cloud["api"].start()
        cloud.wait_serving()


def test_refusals(cloud: Cloud) -> None:
    tenant = cloud.tenant
    assert Client(cloud.url).send("GET", PATH).status_code == 401
    tenant.refusal(403, "GET", f"{PATH}?all_tenants=1")
    tenant.refusal(400, "GET", f"{PATH}?since=1")
    tenant.refusal(400, "GET", f"{PATH}?last_event_id=yesterday")
    tenant.refusal(400, "GET", PATH, headers={"Last-Event-ID": "no id"})
    assert tenant.send("POST", PATH, {}).status_code == 404


def test_many_streams_leave_room(cloud: Cloud) -> None:
    """More streams than the service has threads, and it still answers."""
    with contextlib.ExitStack() as opened:

        def follow(client: Client) -> EventStream:
            return opened.enter_context(_following(client))

        streams = [follow(cloud.tenant) for _ in range(_OF_PROJECT)]
        assert "100 streams" in cloud.tenant.refusal(429, "GET", PATH)
        for _ in range(_IN_ALL - _OF_PROJECT):
            follow(cloud.admin)
        full = cloud.admin.send("GET", PATH)
        assert full.status_code == 503
        assert int(full.headers["Retry-After"]) > 0

        began = time.monotonic()
        ident = cloud.boot("among-many")
        assert time.monotonic() - began < 10
        for stream in streams:
            stream.wait_status(ident, "ACTIVE")
    # Those who have gone have made room, once they were written to.
    cloud.boot("afterwards")

    def takes_another() -> bool:
        stream = EventStream(cloud.tenant)
        stream.close()
        return stream.answer.status_code == 200

    wait_until(takes_another, 30, "there is room again")
