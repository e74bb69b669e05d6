# SPDX-License-Identifier: Apache-2.0
"""Start, stop, reboot, suspend, NMI and password, through all daemons."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
import sqlalchemy as sa

from nova_lite.compute import power_state
from nova_lite.db.models.instance_action import (
    InstanceAction,
    InstanceActionEvent,
)
from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud, wait_until

# Far less than a deaf guest is given to shut down.
_AT_ONCE_S = 10
_SECRET = "Secr3t-of-a-guest"


def ask(
    cloud: Cloud,
    ident: str,
    body: dict[str, Any],
    client: Client | None = None,
) -> requests.Response:
    """The answer to an action."""
    return (client or cloud.tenant).send(
        "POST", f"/servers/{ident}/action", body, version="2.96"
    )


def act(cloud: Cloud, ident: str, name: str, value: Any = None) -> None:
    """An action that has to be accepted."""
    answer = ask(cloud, ident, {name: value})
    assert answer.status_code == 202, answer.text


def guest_state(cloud: Cloud, ident: str) -> int:
    state: int = cloud.ledger.guests()[ident]["state"]
    return state


def starts(cloud: Cloud, ident: str) -> int:
    """How often the guest was started."""
    body = {"os-getConsoleOutput": {}}
    text: str = ask(cloud, ident, body).json()["output"]
    return int(text.split("start ")[1].split()[0])


def messages(cloud: Cloud, ident: str) -> list[tuple[str, str | None]]:
    """The server's actions and how they ended, the latest first."""
    path = f"/servers/{ident}/os-instance-actions"
    return [
        (one["action"], one["message"])
        for one in cloud.admin.get(path)["instanceActions"]
    ]


def wait_task(cloud: Cloud, ident: str, state: str) -> None:
    wait_until(
        lambda: cloud.server(ident)["OS-EXT-STS:task_state"] == state,
        30,
        f"{ident} is {state}",
    )


def test_stop_and_start(cloud: Cloud) -> None:
    ident = cloud.boot("off-and-on")
    act(cloud, ident, "os-stop")
    server = cloud.wait_status(ident, "SHUTOFF")
    assert server["OS-EXT-STS:power_state"] == power_state.SHUTDOWN
    assert guest_state(cloud, ident) == power_state.SHUTDOWN
    [event] = cloud.event_results(ident, "stop")
    assert event["event"] == "compute_stop_instance"
    assert event["result"] == "Success"
    act(cloud, ident, "os-start")
    server = cloud.wait_status(ident, "ACTIVE")
    assert server["OS-EXT-STS:power_state"] == power_state.RUNNING
    assert starts(cloud, ident) == 2
    [event] = cloud.event_results(ident, "start")
    assert event["event"] == "compute_start_instance"


def test_a_server_in_error_can_be_stopped(cloud: Cloud) -> None:
    ident = cloud.boot("broken")
    reset = {"os-resetState": {"state": "error"}}
    assert ask(cloud, ident, reset, cloud.admin).status_code == 202
    act(cloud, ident, "os-stop")
    wait_until(
        lambda: cloud.server(ident)["status"] == "SHUTOFF", 30, "it is off"
    )
    assert guest_state(cloud, ident) == power_state.SHUTDOWN


def test_reboots(cloud: Cloud) -> None:
    ident = cloud.boot("again")
    act(cloud, ident, "reboot", {"type": "SOFT"})
    cloud.wait_status(ident, "ACTIVE")
    assert starts(cloud, ident) == 2
    [event] = cloud.event_results(ident, "reboot")
    assert event["event"] == "compute_reboot_instance"
    act(cloud, ident, "os-stop")
    cloud.wait_status(ident, "SHUTOFF")
    act(cloud, ident, "reboot", {"type": "HARD"})
    cloud.wait_status(ident, "ACTIVE")
    assert starts(cloud, ident) == 3


def test_soft_reboot_of_a_deaf_guest_becomes_a_hard_one(cloud: Cloud) -> None:
    # There a guest has one second to obey.
    compute = cloud["compute-1"]
    since = compute.log_size()
    ident = cloud.boot("deaf", cloud.admin, host=compute.name)
    act_as_admin = ask(cloud, ident, {"reboot": {"type": "SOFT"}}, cloud.admin)
    assert act_as_admin.status_code == 202
    cloud.wait_status(ident, "ACTIVE")
    assert compute.says(f"{ident} did not obey: rebooting hard", since)
    assert messages(cloud, ident)[0] == ("reboot", None)
    shown = ask(cloud, ident, {"os-getConsoleOutput": {}}, cloud.admin)
    assert "start 2" in shown.json()["output"]


def test_hard_reboot_goes_before_a_soft_one_that_waits(cloud: Cloud) -> None:
    ident = cloud.boot("deaf")
    act(cloud, ident, "reboot", {"type": "SOFT"})
    wait_task(cloud, ident, "reboot_started")
    act(cloud, ident, "reboot", {"type": "HARD"})
    cloud.wait_status(ident, "ACTIVE", _AT_ONCE_S)
    assert starts(cloud, ident) == 2
    assert messages(cloud, ident)[:2] == [
        ("reboot", None),
        ("reboot", "Preempted by reboot"),
    ]


def test_delete_goes_before_a_stop_that_waits(cloud: Cloud) -> None:
    ident = cloud.boot("deaf")
    act(cloud, ident, "os-stop")
    wait_until(
        lambda: any(
            row["instance_uuid"] == ident and row["state"] == "running"
            for row in cloud.ledger.open_actions()
        ),
        30,
        "the stop is under way",
    )
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident, _AT_ONCE_S)


def test_an_image_says_how_long_its_guests_need(cloud: Cloud) -> None:
    image = cloud.admin.upload_image(
        "short", b"\0" * 512, os_shutdown_timeout="1"
    )
    ident = cloud.boot("deaf", imageRef=image)
    act(cloud, ident, "os-stop")
    cloud.wait_status(ident, "SHUTOFF", _AT_ONCE_S)
    cloud.admin.delete(f"/image/v2/images/{image}")


def test_suspend_and_resume(cloud: Cloud) -> None:
    ident = cloud.boot("asleep")
    act(cloud, ident, "suspend")
    server = cloud.wait_status(ident, "SUSPENDED")
    assert server["OS-EXT-STS:power_state"] == power_state.SHUTDOWN
    assert ask(cloud, ident, {"os-start": None}).status_code == 409
    act(cloud, ident, "resume")
    server = cloud.wait_status(ident, "ACTIVE")
    assert server["OS-EXT-STS:power_state"] == power_state.RUNNING
    assert starts(cloud, ident) == 1
    for name in ("suspend", "resume"):
        [event] = cloud.event_results(ident, name)
        assert event["event"] == f"compute_{name}_instance"


def test_crash_dump(cloud: Cloud) -> None:
    ident = cloud.boot("dumped")
    act(cloud, ident, "trigger_crash_dump")
    wait_until(
        lambda: (
            "NMI 1"
            in ask(cloud, ident, {"os-getConsoleOutput": {}}).json()["output"]
        ),
        30,
        "the guest got its NMI",
    )
    [event] = cloud.event_results(ident, "trigger_crash_dump")
    assert event["event"] == "compute_trigger_crash_dump"
    assert cloud.server(ident)["status"] == "ACTIVE"


def test_password(cloud: Cloud) -> None:
    ident = cloud.boot("with-agent")
    wish = {"changePassword": {"adminPass": _SECRET}}
    assert ask(cloud, ident, wish).status_code == 202
    # The answer comes when it is done.
    assert cloud.server(ident)["OS-EXT-STS:task_state"] is None
    [event] = cloud.event_results(ident, "changePassword")
    assert event["event"] == "compute_set_admin_password"
    assert event["result"] == "Success"


def test_password_of_a_guest_without_an_agent(cloud: Cloud) -> None:
    ident = cloud.boot("agentless")
    wish = {"changePassword": {"adminPass": _SECRET}}
    refused = ask(cloud, ident, wish)
    assert refused.status_code == 409
    assert "cannot be changed" in refused.text
    server = cloud.server(ident)
    assert server["status"] == "ACTIVE"
    assert server["OS-EXT-STS:task_state"] is None


def test_password_is_written_nowhere(cloud: Cloud) -> None:
    for name in ("with-agent", "agentless"):
        ident = cloud.boot(name)
        ask(cloud, ident, {"changePassword": {"adminPass": _SECRET}})
    for table in (InstanceAction, InstanceActionEvent):
        assert _SECRET not in str(cloud.ledger.rows(sa.select(table)))
    for one in cloud.daemons.values():
        assert _SECRET not in one.log.read_text(errors="replace"), one.name


def test_of_two_stops_one_wins(cloud: Cloud) -> None:
    ident = cloud.boot("wanted")
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda _: ask(cloud, ident, {"os-stop": None}), range(2))
        )
    assert sorted(one.status_code for one in answers) == [202, 409]
    cloud.wait_status(ident, "SHUTOFF")
    # The loser has left no action.
    assert [name for name, _ in messages(cloud, ident)] == ["stop", "create"]


def test_lock_stops_its_owner_and_no_administrator(cloud: Cloud) -> None:
    ident = cloud.boot("locked")
    assert (
        ask(
            cloud, ident, {"lock": {"locked_reason": "hands off"}}, cloud.admin
        ).status_code
        == 202
    )
    for body in (
        {"os-stop": None},
        {"reboot": {"type": "HARD"}},
        {"suspend": None},
        {"trigger_crash_dump": None},
        {"changePassword": {"adminPass": _SECRET}},
    ):
        refused = ask(cloud, ident, body)
        assert refused.status_code == 409, body
        assert "is locked" in refused.text
    assert ask(cloud, ident, {"unlock": None}).status_code == 403
    assert ask(cloud, ident, {"os-stop": None}, cloud.admin).status_code == 202
    cloud.wait_status(ident, "SHUTOFF")
    assert ask(cloud, ident, {"unlock": None}, cloud.admin).status_code == 202
    act(cloud, ident, "os-start")
    cloud.wait_status(ident, "ACTIVE")


def test_reset_state_ends_what_is_under_way(cloud: Cloud) -> None:
    ident = cloud.boot("deaf")
    act(cloud, ident, "reboot", {"type": "SOFT"})
    wait_task(cloud, ident, "reboot_started")
    reset = {"os-resetState": {"state": "active"}}
    assert ask(cloud, ident, reset, cloud.admin).status_code == 202
    server = cloud.server(ident)
    assert server["status"] == "ACTIVE"
    assert server["OS-EXT-STS:task_state"] is None
    assert messages(cloud, ident)[:2] == [
        ("resetState", None),
        ("reboot", "Ended by resetState"),
    ]
    # What still waits in the host gives way to what comes next.
    act(cloud, ident, "reboot", {"type": "HARD"})
    cloud.wait_status(ident, "ACTIVE", _AT_ONCE_S)
    assert starts(cloud, ident) == 2
