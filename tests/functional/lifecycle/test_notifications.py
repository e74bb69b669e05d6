# SPDX-License-Identifier: Apache-2.0
"""Notifications as somebody who listens at the broker gets them."""

from __future__ import annotations

import collections
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kombu
import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

_QUEUES = ("notifications", "versioned_notifications")
Message = dict[str, Any]


class Listener:
    """Takes all notifications off the queues, by queue and priority."""

    def __init__(self, transport_url: str) -> None:
        self._url = transport_url.replace("rabbit://", "amqp://")
        self._stop = threading.Event()
        self._messages: list[Message] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        exchange = kombu.Exchange("nova", type="topic", durable=False)
        queues = [
            kombu.Queue(
                f"{topic}.{level}", exchange, f"{topic}.{level}", durable=False
            )
            for topic in _QUEUES
            for level in ("info", "error")
        ]
        with (
            kombu.Connection(self._url) as connection,
            connection.Consumer(queues, callbacks=[self._take]),
        ):
            while not self._stop.is_set():
                try:
                    connection.drain_events(timeout=0.2)
                except TimeoutError:
                    continue

    def _take(self, body: Any, message: Any) -> None:
        envelope = body if isinstance(body, dict) else json.loads(body)
        self._messages.append(json.loads(envelope["oslo.message"]))
        message.ack()

    def types(self, ident: str, *, versioned: bool) -> list[str]:
        """Event types that tell of a server, as they came."""
        return [
            one["event_type"]
            for one in list(self._messages)
            if versioned == ("nova_object.data" in one["payload"])
            and ident in json.dumps(one["payload"])
        ]

    def all(self, event_type: str) -> list[Message]:
        """All messages of a type, as they came."""
        return [
            one
            for one in list(self._messages)
            if one["event_type"] == event_type
        ]

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture(scope="module")
def url(rabbitmq: RabbitNode) -> str:
    return fresh_transport_url(rabbitmq)


@pytest.fixture(scope="module")
def told(
    url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """A cloud that tells everything, in both formats."""
    directory: Path = tmp_path_factory.mktemp("told")
    made = Cloud(
        directory,
        url,
        fresh_database("sqlite", directory),
        computes=1,
        settings={
            "oslo_messaging_notifications": {"driver": "messagingv2"},
            "notifications": {
                "notification_format": "both",
                "notify_on_state_change": "vm_and_task_state",
            },
            "fake": {"fail_spawn": "everywhere"},
        },
    )
    with clouds.running(made):
        yield made


@pytest.fixture(scope="module")
def listener(url: str) -> Iterator[Listener]:
    made = Listener(url)
    yield made
    made.close()


def _without_updates(types: list[str]) -> list[str]:
    return [one for one in types if not one.endswith(".update")]


def _act(cloud: Cloud, ident: str, action: str, status: str) -> None:
    path = f"/servers/{ident}/action"
    assert cloud.tenant.send("POST", path, {action: None}).status_code == 202
    cloud.wait_status(ident, status)


def _wait_told(listener: Listener, ident: str, what: str) -> None:
    """Wait until both formats tell it: the hosts do after the states."""
    wait_until(
        lambda: (
            f"instance.{what}" in listener.types(ident, versioned=True)
            and f"compute.instance.{what}"
            in listener.types(ident, versioned=False)
        ),
        30,
        f"{what} is told",
    )


def test_life_of_a_server(listener: Listener, told: Cloud) -> None:
    ident = told.boot("talked-of")
    _wait_told(listener, ident, "create.end")
    told.tenant.call("PUT", f"/servers/{ident}/tags/blue")
    path = f"/servers/{ident}"
    told.tenant.post(f"{path}/metadata", {"metadata": {"colour": "blue"}})
    told.tenant.call("PUT", path, {"server": {"name": "renamed"}})
    for action, status, what in (
        ("pause", "PAUSED", "pause"),
        ("unpause", "ACTIVE", "unpause"),
        ("os-stop", "SHUTOFF", "power_off"),
        ("os-start", "ACTIVE", "power_on"),
    ):
        _act(told, ident, action, status)
        _wait_told(listener, ident, f"{what}.end")
    _act(told, ident, "lock", "ACTIVE")
    _act(told, ident, "unlock", "ACTIVE")
    told.tenant.delete(f"/servers/{ident}")
    told.wait_gone(ident)

    operations = ("create", "pause", "unpause", "power_off", "power_on")
    pairs = [f"{one}.{end}" for one in operations for end in ("start", "end")]
    last = ["delete.start", "delete.end"]
    _wait_told(listener, ident, "delete.end")
    assert _without_updates(listener.types(ident, versioned=True)) == [
        f"instance.{one}" for one in [*pairs, "lock", "unlock", *last]
    ]
    assert _without_updates(listener.types(ident, versioned=False)) == [
        f"compute.instance.{one}" for one in [*pairs, *last]
    ]

    (end,) = listener.all("instance.pause.end")
    assert end["publisher_id"] == "nova-compute:compute-1"
    assert end["priority"] == "INFO"
    payload = end["payload"]
    assert payload["nova_object.name"] == "InstanceActionPayload"
    assert payload["nova_object.namespace"] == "nova"
    data = payload["nova_object.data"]
    assert data["uuid"] == ident
    assert data["state"] == "paused"
    assert data["power_state"] == "paused"
    assert data["task_state"] is None
    assert data["fault"] is None
    assert data["action_initiator_user"] == data["user_id"]
    assert data["flavor"]["nova_object.data"]["name"] == "tiny"

    (start,) = listener.all("compute.instance.create.start")
    assert start["publisher_id"] == "compute.compute-1"
    assert start["payload"]["image_name"] == "tiny"
    assert start["payload"]["state"] == "building"
    (gone,) = listener.all("compute.instance.delete.end")
    assert gone["payload"]["deleted_at"] != ""
    assert gone["payload"]["state"] == "deleted"

    states = [
        (
            one["payload"]["nova_object.data"]["state_update"][
                "nova_object.data"
            ]["old_task_state"],
            one["payload"]["nova_object.data"]["state"],
        )
        for one in listener.all("instance.update")
        if one["payload"]["nova_object.data"]["uuid"] == ident
    ]
    assert states[0] == (None, "building")
    assert ("pausing", "paused") in states
    assert ("powering-off", "stopped") in states
    tagged = [
        one
        for one in listener.all("instance.update")
        if one["payload"]["nova_object.data"]["tags"] == ["blue"]
    ]
    assert tagged[0]["publisher_id"].startswith("nova-api:")
    written = [
        one["payload"]["nova_object.data"]
        for one in listener.all("instance.update")
        if one["payload"]["nova_object.data"]["metadata"]
    ]
    assert written[0]["metadata"] == {"colour": "blue"}
    assert written[0]["old_display_name"] is None
    assert (written[1]["display_name"], written[1]["old_display_name"]) == (
        "renamed",
        "talked-of",
    )
    assert written[2]["old_display_name"] is None
    (renamed,) = (
        one["payload"]
        for one in listener.all("compute.instance.update")
        if "old_display_name" in one["payload"]
    )
    assert renamed["old_display_name"] == "talked-of"


def test_changes_of_flavors(listener: Listener, told: Cloud) -> None:
    """Each tells all that the flavor has then."""
    name = "changing"
    flavor = told.new_flavor(name, **{"os-flavor-access:is_public": False})
    (demo,) = told.admin.get("/identity/v3/projects?name=demo")["projects"]
    project = demo["id"]
    path = f"/flavors/{flavor}"
    specs = f"{path}/os-extra_specs"
    told.admin.post(specs, {"extra_specs": {"hw:cpu_policy": "shared"}})
    access = {"tenant": project}
    told.admin.post(f"{path}/action", {"addTenantAccess": access})
    told.admin.delete(f"{specs}/hw:cpu_policy")
    told.admin.post(f"{path}/action", {"removeTenantAccess": access})

    def seen() -> list[tuple[dict[str, str], list[str]]]:
        found = (
            one["payload"]["nova_object.data"]
            for one in listener.all("flavor.update")
        )
        return [
            (one["extra_specs"], one["projects"])
            for one in found
            if one["name"] == name
        ]

    wait_until(lambda: len(seen()) == 4, 30, "all changes are told")
    shared = {"hw:cpu_policy": "shared"}
    assert seen() == [
        (shared, []),
        (shared, [project]),
        ({}, [project]),
        ({}, []),
    ]


def test_failed_build(listener: Listener, told: Cloud) -> None:
    ident = told.create("everywhere")
    wait_until(
        lambda: told.server(ident)["status"] == "ERROR", 30, "it has failed"
    )
    for event_type in (
        "instance.create.error",
        "compute.exception",
        "compute.instance.create.error",
    ):
        wait_until(
            lambda e=event_type: listener.all(e), 30, f"{event_type} is told"
        )
    first = listener.all("instance.create.error")[0]
    assert first["priority"] == "ERROR"
    fault = first["payload"]["nova_object.data"]["fault"]["nova_object.data"]
    assert fault["exception"] == "VirtError"
    assert "fail_spawn says so" in fault["exception_message"]
    legacy = listener.all("compute.instance.create.error")[0]
    assert "fail_spawn says so" in legacy["payload"]["message"]
    told.tenant.delete(f"/servers/{ident}")
    told.wait_gone(ident)


def test_what_is_no_server(listener: Listener, told: Cloud) -> None:
    flavor = told.new_flavor("short-lived")
    told.admin.call("DELETE", f"/flavors/{flavor}")
    group = {"name": "near", "policy": "affinity"}
    made = told.tenant.post("/os-server-groups", {"server_group": group})
    told.tenant.call(
        "DELETE", f"/os-server-groups/{made['server_group']['id']}"
    )
    told.tenant.post(
        "/os-keypairs", {"keypair": {"name": "key"}}, version="2.1"
    )
    told.tenant.call("DELETE", "/os-keypairs/key")
    row = told.admin.post("/os-aggregates", {"aggregate": {"name": "some"}})
    path = f"/os-aggregates/{row['aggregate']['id']}"
    told.admin.post(f"{path}/action", {"add_host": {"host": "compute-1"}})
    told.admin.post(f"{path}/action", {"remove_host": {"host": "compute-1"}})
    told.admin.call("DELETE", path)

    expected = collections.Counter(
        [
            "flavor.delete",
            "server_group.create",
            "server_group.delete",
            "servergroup.create",
            "aggregate.addhost.start",
            "aggregate.addhost.end",
            *(
                f"{what}.{phase}"
                for what in (
                    "keypair.create",
                    "keypair.delete",
                    "aggregate.add_host",
                    "aggregate.remove_host",
                )
                for phase in ("start", "end")
            ),
        ]
    )
    for event_type in expected:
        wait_until(
            lambda e=event_type: listener.all(e), 30, f"{event_type} is told"
        )
    for one in listener.all("keypair.create.end"):
        assert "private_key" not in json.dumps(one)
