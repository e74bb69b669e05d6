# SPDX-License-Identifier: Apache-2.0
"""Hosts that were rebooted, and shelved servers whose time is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_lite.compute import power_state
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

RESUMES, LEAVES = "compute-1", "compute-2"


@pytest.fixture(scope="module")
def two_hosts(
    rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """One resumes its guests, the other does not."""
    directory = tmp_path_factory.mktemp("reboot")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        fresh_database("sqlite", directory),
        service_user=True,
        settings={
            "DEFAULT": {
                "shelved_offload_time": 1800,
                "shelved_poll_interval": 1,
            }
        },
        by_daemon={
            RESUMES: {"DEFAULT": {"resume_guests_state_on_host_boot": True}}
        },
    )
    with clouds.running(made):
        yield made


def _boot(cloud: Cloud, host: str) -> str:
    return cloud.boot(
        f"on-{host}", cloud.admin, availability_zone=f"nova:{host}"
    )


def _reboot(cloud: Cloud, host: str) -> None:
    """End the daemon, all its guests and its boot; start it again."""
    cloud[host].kill()
    instances = cloud.directory / host / "instances"
    for path in instances.glob("fake/*/*.json"):
        _power_off(path)
    (instances / "boot_id").write_text("another boot\n")
    cloud[host].start()


def _power_off(path: Path) -> None:
    guest = json.loads(path.read_text())
    path.write_text(json.dumps({**guest, "state": power_state.SHUTDOWN}))


def test_guests_after_a_reboot(two_hosts: Cloud) -> None:
    """ACTIVE again where that is configured, SHUTOFF elsewhere.

    What was stopped stays so, and a mere restart changes nothing.
    """
    runs, stopped = _boot(two_hosts, RESUMES), _boot(two_hosts, RESUMES)
    other = _boot(two_hosts, LEAVES)
    two_hosts.admin.call(
        "POST", f"/servers/{stopped}/action", {"os-stop": None}
    )
    two_hosts.wait_status(stopped, "SHUTOFF")
    for host in (RESUMES, LEAVES):
        _reboot(two_hosts, host)
    two_hosts.wait_status(other, "SHUTOFF")
    wait_until(
        lambda: (
            two_hosts.ledger.guests()[runs]["state"] == power_state.RUNNING
            and two_hosts.server(runs)["OS-EXT-STS:task_state"] is None
        ),
        30,
        "the guest runs again",
    )
    assert two_hosts.server(runs)["status"] == "ACTIVE"
    (event,) = two_hosts.event_results(runs, "reboot")
    assert event["result"] == "Success"
    states = two_hosts.ledger.guests()
    for ident in (stopped, other):
        assert two_hosts.server(ident)["status"] == "SHUTOFF"
        assert states[ident]["state"] == power_state.SHUTDOWN


def test_a_guest_that_is_off_without_a_reboot(two_hosts: Cloud) -> None:
    ident = _boot(two_hosts, RESUMES)
    two_hosts[RESUMES].kill()
    instances = two_hosts.directory / RESUMES / "instances"
    (path,) = instances.glob(f"fake/*/{ident}.json")
    _power_off(path)
    two_hosts[RESUMES].start()
    two_hosts.wait_status(ident, "SHUTOFF")


def test_offloaded_when_its_time_is_over(two_hosts: Cloud) -> None:
    """SHELVED on its host first, from where it can be back."""
    ident = _boot(two_hosts, LEAVES)
    action = f"/servers/{ident}/action"
    two_hosts.admin.call("POST", action, {"shelve": None})
    server = two_hosts.wait_status(ident, "SHELVED")
    assert server["OS-EXT-SRV-ATTR:host"] == LEAVES
    assert two_hosts.ledger.guests()[ident]["state"] == power_state.SHUTDOWN
    two_hosts.ledger.shelve_long_ago(ident)
    server = two_hosts.wait_status(ident, "SHELVED_OFFLOADED")
    assert server["OS-EXT-SRV-ATTR:host"] is None
    (event,) = two_hosts.event_results(ident, "shelveOffload")
    assert event["event"] == "compute_shelve_offload_instance"
    assert ident not in two_hosts.ledger.guests()
    assert ident not in two_hosts.ledger.consumers()
