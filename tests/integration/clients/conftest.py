# SPDX-License-Identifier: Apache-2.0
"""One cloud for all clients, and its users."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url
from tests.integration.clients.shell import Shell

# By name: the project. Each has the role of its name, and its own name for
# a password's user; "small" is where little fits.
USERS = {"member": "demo", "other": "another", "small": "small"}

_QUOTAS = {
    "instances": 60,
    "cores": 120,
    "ram": 65536,
    "key_pairs": 40,
    "server_groups": 20,
}


@pytest.fixture(scope="package")
def cloud(
    rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """Three fake hosts; limits that are far away."""
    directory = tmp_path_factory.mktemp("clients")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        fresh_database("mariadb", directory),
        computes=3,
        settings={"quota": _QUOTAS, **clouds.NETWORKS},
        service_user=True,
    )
    with clouds.running(made):
        with ThreadPoolExecutor(1) as beside:
            done = [
                beside.submit(made.new_user, name, project, "member")
                for name, project in USERS.items()
            ]
            for one in done:
                one.result()
        yield made


def variables(cloud: Cloud, name: str) -> dict[str, str]:
    """The OS_ variables of a user, as an openrc sets them."""
    admin = name == "admin"
    return {
        "OS_AUTH_URL": f"{cloud.url}/identity/v3",
        "OS_USERNAME": name,
        "OS_PASSWORD": "admin-secret" if admin else "tenant-secret",
        "OS_PROJECT_NAME": "admin" if admin else USERS[name],
        "OS_USER_DOMAIN_ID": "default",
        "OS_PROJECT_DOMAIN_ID": "default",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_REGION_NAME": "RegionOne",
    }


def settled(cloud: Cloud, ident: str, status: str) -> None:
    """Wait until a server has a status and nothing is under way."""
    wait_until(
        lambda: (
            cloud.wait_status(ident, status)["OS-EXT-STS:task_state"] is None
        ),
        60,
        f"{ident} is {status} and at rest",
    )


class Shells:
    """Warm shells by program and user."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._shells: dict[tuple[str, str], Shell] = {}

    def __call__(self, program: str, user: str) -> Shell:
        """The shell of a client for a user."""
        key = (program, user)
        if key not in self._shells:
            self._shells[key] = Shell(program, variables(self._cloud, user))
        return self._shells[key]

    def close(self) -> None:
        """End all of them."""
        for shell in self._shells.values():
            shell.close()


@pytest.fixture(scope="package")
def shells(cloud: Cloud) -> Iterator[Shells]:
    made = Shells(cloud)
    yield made
    made.close()
