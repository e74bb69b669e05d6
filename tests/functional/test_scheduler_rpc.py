# SPDX-License-Identifier: Apache-2.0
"""nova-lite-scheduler as a process, asked over a real broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_lite import exception, rpc
from nova_lite.context import get_admin_context
from nova_lite.db.repositories import provider
from nova_lite.objects.base import NovaObjectSerializer
from nova_lite.objects.request_spec import Destination, RequestSpec
from nova_lite.scheduler.client.query import SchedulerQueryClient
from nova_lite.supervisor import system
from tests.fixtures import hosts

pytestmark = pytest.mark.functional


@pytest.fixture(params=["eventlet", "threading"])
def client(
    request: pytest.FixtureRequest, tmp_path: Path, transport_url: str
) -> Iterator[SchedulerQueryClient]:
    """A client of a scheduler process with three hosts."""
    url = f"sqlite:///{tmp_path}/db.sqlite"
    hosts.use_database(url)
    hosts.create_tables()
    hosts.seed(range(3))
    settings = tmp_path / "nova_lite.conf"
    settings.write_text(
        f"[DEFAULT]\ntransport_url = {transport_url}\nhost = control\n"
        f"concurrency = {request.param}\nstate_path = {tmp_path}\n"
        f"[database]\nconnection = {url}\n"
        "[scheduler]\nselect_timeout_s = 2\n"
    )
    arguments = ["--config-file", str(settings)]
    hosts.CONF(arguments, project="nova_lite")
    rpc.init(NovaObjectSerializer())
    environment = {
        k: v for k, v in os.environ.items() if k != "NOVA_LITE_CONCURRENCY"
    }
    with (tmp_path / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "nova_lite.cmd.scheduler", *arguments],
            env=environment,
            stdout=log,
            stderr=log,
        )
    yield SchedulerQueryClient()
    daemon.send_signal(signal.SIGTERM)
    try:
        daemon.wait(20)
    finally:
        daemon.kill()
        rpc.cleanup()
        hosts.leave_database()


def ask(client: SchedulerQueryClient, spec: RequestSpec) -> list[Destination]:
    """Ask until the daemon, which is starting, answers."""
    answers: list[list[Destination]] = []

    def answered() -> bool:
        try:
            answers.append(
                client.select_destinations(get_admin_context(), spec)
            )
        except exception.MessagingUnavailable:
            return False
        return True

    assert system.wait_until(answered, 60)
    return answers[0]


def test_hosts_are_chosen_over_the_bus(client: SchedulerQueryClient) -> None:
    spec = hosts.request_spec(3)
    found = ask(client, spec)
    assert [d.instance_uuid for d in found] == spec.instance_uuids
    assert {d.selection.host for d in found} == {"host-0", "host-1", "host-2"}
    assert [len(d.alternates) for d in found] == [2, 2, 2]
    assert provider.allocations(spec.instance_uuids).keys() == set(
        spec.instance_uuids
    )

    (refused,) = ask(client, hosts.request_spec(flavor={"vcpus": 1000}))
    assert refused.selection is None
    assert refused.reasons[-1]["count"] == 3

    nonsense = {"extra_specs": {"resources:VCPU": "many"}}
    with pytest.raises(exception.Invalid, match="resources:VCPU"):
        ask(client, hosts.request_spec(flavor=nonsense))
