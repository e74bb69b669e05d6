# SPDX-License-Identifier: Apache-2.0
"""Delete goes before whatever else happens to a server."""

from __future__ import annotations

import signal
import uuid

from tests.fixtures.cloud import Cloud, wait_until

_SLOW = "nova:compute-slow"


def _vm_task(cloud: Cloud, ident: str) -> tuple[str, str | None]:
    server = cloud.server(ident)
    return server["OS-EXT-STS:vm_state"], server["OS-EXT-STS:task_state"]


def _delete_spawning(cloud: Cloud) -> str:
    """Delete a server whose guest is there; how its build ended."""
    ident = cloud.create("early", cloud.admin, availability_zone=_SLOW)
    wait_until(lambda: ident in cloud.ledger.guests(), 30, "it spawns")
    cloud.admin.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    cloud.wait_at_rest()
    assert ident not in cloud.ledger.guests()
    result: str = cloud.event_results(ident, "create")[-1]["result"]
    return result


def test_while_it_is_built(cloud: Cloud) -> None:
    # One that was done before its delete came shows nothing.
    wait_until(
        lambda: _delete_spawning(cloud) == "Preempted",
        60,
        "a build gave way to a delete",
    )


def test_before_anybody_has_begun(cloud: Cloud) -> None:
    conductor = cloud["conductor-1"]
    conductor.signal(signal.SIGSTOP)
    try:
        ident = cloud.create("unseen")
        assert _vm_task(cloud, ident) == ("building", "scheduling")
        cloud.tenant.delete(f"/servers/{ident}")
        # Nobody had it: the API itself sees it to its end.
        assert cloud.tenant.send("GET", f"/servers/{ident}").status_code == 404
    finally:
        conductor.signal(signal.SIGCONT)
    cloud.wait_at_rest()


def test_while_it_is_scheduled(cloud: Cloud) -> None:
    scheduler = cloud["scheduler-1"]
    scheduler.signal(signal.SIGSTOP)
    try:
        ident = cloud.create("waiting")
        wait_until(
            lambda: any(
                row["state"] == "running"
                for row in cloud.ledger.open_actions()
            ),
            30,
            "conductor has the build",
        )
        cloud.tenant.delete(f"/servers/{ident}")
        assert _vm_task(cloud, ident) == ("building", "deleting")
    finally:
        scheduler.signal(signal.SIGCONT)
    cloud.wait_gone(ident)
    cloud.wait_at_rest()


def test_twice(cloud: Cloud) -> None:
    ident = cloud.boot("twice", cloud.admin, availability_zone=_SLOW)
    compute = cloud["compute-slow"]
    compute.signal(signal.SIGSTOP)
    try:
        cloud.admin.delete(f"/servers/{ident}")
        cloud.admin.delete(f"/servers/{ident}")
        path = f"/servers/{ident}/os-instance-actions"
        actions = cloud.admin.get(path)["instanceActions"]
        assert [one["action"] for one in actions] == ["delete", "create"]
    finally:
        compute.signal(signal.SIGCONT)
    cloud.wait_gone(ident)
    cloud.tenant.refusal(404, "DELETE", f"/servers/{ident}")


def test_of_a_server_in_error(cloud: Cloud) -> None:
    ident = cloud.create("fails everywhere")
    cloud.wait_status(ident, "ERROR")
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    cloud.wait_at_rest()


def test_of_what_never_was(cloud: Cloud) -> None:
    sentence = cloud.tenant.refusal(404, "DELETE", f"/servers/{uuid.uuid4()}")
    assert "could not be found" in sentence
