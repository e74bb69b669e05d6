# SPDX-License-Identifier: Apache-2.0
"""What a stream of events sends: cursors, order, overlap, ends."""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from nova_lite import exception
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute import event_hub, server_events
from nova_lite.api.openstack.compute.event_hub import Hub, Subscription
from nova_lite.api.openstack.compute.views import server_events as views
from nova_lite.db.models.base import now
from nova_lite.db.repositories import instance_changes, instance_query
from tests.fixtures.compute_api import ComputeAPI, start, stop

_HOUR = datetime.timedelta(hours=1)


def _ago(seconds: float) -> datetime.datetime:
    return now() - datetime.timedelta(seconds=seconds)


def _change(project_id: str = "p1", name: str = "web") -> event_hub.Change:
    return event_hub.Change(name, project_id, now(), name.encode())


# --- the rows ----


@pytest.fixture
def api(database_url: str) -> Iterator[ComputeAPI]:
    """The API on each kind of database."""
    yield start(database_url)
    stop()


def test_pages_in_the_order_of_changes(api: ComputeAPI) -> None:
    moment = _ago(1000).replace(microsecond=0)

    def at(seconds: int) -> datetime.datetime:
        return moment + datetime.timedelta(seconds=seconds)

    for name, values in {
        "old": {"created_at": at(-9)},
        "touched": {"created_at": at(-8), "updated_at": at(3)},
        "new": {"created_at": at(1)},
        "same-a": {"created_at": at(0), "updated_at": at(5)},
        "same-b": {"created_at": at(0), "updated_at": at(5)},
        "gone": {"created_at": at(0), "updated_at": at(7), "deleted": 9},
        "other": {"created_at": at(2), "project_id": "p2"},
    }.items():
        api.add("server", display_name=name, **values)

    def names(project_id: str | None = None) -> list[str]:
        found: list[str] = []
        since, after_id = moment, 0
        while True:
            rows = common.read(
                instance_changes.page,
                since,
                after_id,
                project_id=project_id,
                limit=2,
            )
            found += [row["display_name"] for row in rows]
            if len(rows) < 2:
                return found
            since, after_id = rows[-1]["changed_at"], rows[-1]["id"]

    ordered = ["new", "other", "touched", "same-a", "same-b", "gone"]
    assert names() == ordered
    assert names("p1") == [name for name in ordered if name != "other"]
    assert names("p3") == []


def test_each_write_is_a_change(compute_api: ComputeAPI) -> None:
    ident = str(uuid.uuid4())
    compute_api.add("server", uuid=ident, created_at=_ago(1000))
    since = now()
    assert common.read(instance_changes.page, since) == []
    common.write(instance_query.update, ident, {"display_name": "renamed"})
    (row,) = common.read(instance_changes.page, since)
    assert row["display_name"] == "renamed"


# --- the hub ----


@pytest.fixture
def hub(compute_api: ComputeAPI) -> Iterator[Hub]:
    """A hub that looks when it is told to, and hardly by itself."""
    made = Hub(interval_s=3600, streams=3, streams_per_project=2)
    yield made
    made.close()


def _names(changes: list[event_hub.Change]) -> list[str]:
    return [
        change.event.decode().split('"name": "')[1][:5] for change in changes
    ]


def test_looks_go_back(hub: Hub, compute_api: ComputeAPI) -> None:
    compute_api.add("server", display_name="known", created_at=_ago(2))
    hub.subscribe(None, "p1")
    assert hub._look(now()) == []
    # Written before the last look, committed after it.
    compute_api.add("server", display_name="late-", created_at=_ago(3))
    compute_api.add("server", display_name="later", created_at=_ago(50))
    compute_api.add("server", display_name="never", created_at=_ago(900))
    assert _names(hub._look(now())) == ["late-"]
    assert hub._look(now()) == []
    in_a_while = now() + datetime.timedelta(seconds=11)
    assert _names(hub._look(in_a_while)) == ["later"]
    assert hub._look(in_a_while) == []


def test_who_comes_later_hears_nothing_of_before(
    hub: Hub, compute_api: ComputeAPI
) -> None:
    first = hub.subscribe(None, "p1")
    compute_api.add("server", display_name="early")
    second = hub.subscribe(None, "p1")
    hub._hand_over(hub._look(now()))
    compute_api.add("server", display_name="later")
    hub._hand_over(hub._look(now()))
    heard = [first.get(0), first.get(0)]
    assert _names([one for one in heard if one]) == ["early", "later"]
    only = second.get(0)
    assert only is not None
    assert _names([only]) == ["later"]
    assert second.get(0) is None


def test_a_second_change_of_a_server(
    hub: Hub, compute_api: ComputeAPI
) -> None:
    ident = str(uuid.uuid4())
    hub.subscribe(None, "p1")
    compute_api.add("server", uuid=ident, created_at=now())
    first = hub._look(now())
    common.write(instance_query.update, ident, {"task_state": "deleting"})
    second = hub._look(now())
    assert [len(first), len(second)] == [1, 1]
    assert b'"task_state": "deleting"' in second[0].event


def test_cursors_never_go_back(hub: Hub, compute_api: ComputeAPI) -> None:
    hub.subscribe(None, "p1")
    ids = []
    for seconds in (0, 4, 2):
        compute_api.add("server", created_at=_ago(seconds))
        (change,) = hub._look(now())
        ids.append(int(change.event.split(b"\n")[0].removeprefix(b"id: ")))
    assert ids == sorted(ids)


def test_a_look_that_fails_is_made_good(
    hub: Hub, compute_api: ComputeAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.subscribe(None, "p1")
    compute_api.add("server", vm_state="error")

    def broken(*_args: Any) -> Any:
        raise exception.DatabaseUnavailable()

    with monkeypatch.context() as patched:
        patched.setattr(instance_query, "faults", broken)
        with pytest.raises(exception.DatabaseUnavailable):
            hub._look(now())
    assert len(hub._look(now() + _HOUR)) == 1


def test_limits(hub: Hub) -> None:
    first = hub.subscribe("p1", "p1")
    hub.subscribe("p1", "p1")
    with pytest.raises(exception.TooManyStreamsOfProject):
        hub.subscribe("p1", "p1")
    hub.subscribe("p2", "p2")
    with pytest.raises(exception.TooManyStreams):
        hub.subscribe("p3", "p3")
    for _ in range(2):
        hub.unsubscribe(first, "p1")
    hub.subscribe("p1", "p1")
    hub.close()
    assert first.ended is None
    with pytest.raises(exception.TooManyStreams):
        hub.subscribe("p4", "p4")


# --- a stream ----


def test_a_subscription_takes_its_project() -> None:
    own, everything = Subscription("p1"), Subscription(None)
    for project_id in ("p1", "p2"):
        own.offer(_change(project_id))
        everything.offer(_change(project_id))
    assert own.get(0) is not None
    assert own.get(0) is None
    assert [everything.get(0) is None for _ in range(3)] == [
        False,
        False,
        True,
    ]


def _body(
    subscription: Subscription,
    earlier: list[event_hub.Change] | None = None,
    seconds: float = 60,
) -> Iterator[bytes]:
    return server_events._events(
        subscription, iter(earlier or []), time.monotonic() + seconds
    )


def test_a_slow_client_is_cut_off() -> None:
    subscription = Subscription("p1")
    body = _body(subscription)
    assert next(body) == b"retry: 1000\n\n"
    assert b"event: ready\n" in next(body)
    for _ in range(event_hub._BACKLOG + 1):
        subscription.offer(_change())
    assert list(body) == [b": cut off, since it is read too slowly\n\n"]


def test_an_end_wakes_who_waits() -> None:
    subscription = Subscription("p1")
    body = _body(subscription)
    next(body), next(body)
    subscription.end("stopping")
    subscription.end("too late")
    assert list(body) == [b": stopping\n\n"]


def test_a_token_that_has_expired() -> None:
    body = _body(Subscription("p1"), [_change()], seconds=-1)
    assert list(body) == [
        b"retry: 1000\n\n",
        b": come back with a fresh token\n\n",
    ]


def test_what_both_have_read_is_told_once() -> None:
    subscription = Subscription("p1")
    before, later = _change(name="before"), _change(name="later")
    for change in (before, later):
        subscription.offer(change)
    body = _body(subscription, [before])
    sent = [next(body) for _ in range(4)]
    assert sent[1] == b"before"
    assert b"ready" in sent[2]
    assert sent[3] == b"later"


def test_a_cursor_is_its_moment() -> None:
    moment = now()
    assert views.moment_of(views.cursor_of(moment)) == moment
    assert views.moment_of(0).year == 1970


# --- over HTTP ----


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        (None, "", 401),
        ("nobody", "", 403),
        ("member", "?all_tenants=1", 403),
        ("member", "?snapshot=perhaps", 400),
        ("member", "?last_event_id=-1", 400),
        ("member", "?last_event_id=12345678901234567", 400),
    ],
)
def test_refusals(
    compute_api: ComputeAPI, who: str | None, path: str, status: int
) -> None:
    answer = compute_api("GET", f"/servers/events{path}", as_=who)
    assert answer.status == status


def test_a_client_may_ask_for_the_type(compute_api: ComputeAPI) -> None:
    asked = {"Accept": "text/event-stream"}
    path = "/servers/events?all_tenants=1"
    assert compute_api("GET", path, headers=asked).status == 403
