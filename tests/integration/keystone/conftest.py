# SPDX-License-Identifier: Apache-2.0
"""A cloud whose identity and image services are the real ones."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures import glance as glances
from tests.fixtures.cloud import Cloud
from tests.fixtures.database import shared_server
from tests.fixtures.glance import Glance
from tests.fixtures.keystone import Keystone
from tests.fixtures.openstack_services import environment
from tests.fixtures.rabbitmq import fresh_transport_url

ACCOUNT = "nova"
# Shorter than a test: a token that was withdrawn is refused soon.
CACHED_S = 1


@dataclass
class Site:
    """The services, and the directory that theirs are below."""

    directory: Path
    keystone_database: str
    keystone: Keystone
    glance: Glance
    cloud: Cloud


def settings(keystone: Keystone) -> clouds.Settings:
    """What the README's section on a real Keystone and Glance says."""
    return {
        "api": {"auth_strategy": "keystone", "embedded_services": ""},
        "keystone_authtoken": {
            **keystone.account(ACCOUNT),
            "service_token_roles_required": True,
            "token_cache_time": CACHED_S,
        },
        "service_user": {
            "auth_url": keystone.v3,
            "username": ACCOUNT,
            "password": keystone.account(ACCOUNT)["password"],
            "project_name": "service",
        },
    }


@pytest.fixture(scope="package")
def site(
    rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """Keystone, Glance, and a cloud with two fake hosts."""
    environment()
    base = tmp_path_factory.mktemp("keystone")
    databases = shared_server("mariadb")
    database_url = databases.fresh_url()
    keystone = Keystone(base / "keystone", database_url)
    glance = Glance(base / "glance", databases.fresh_url(), keystone)
    addresses = {"identity": keystone.url, "image": glance.url}
    try:
        with ThreadPoolExecutor(1) as beside:
            tables = beside.submit(glance.install)
            keystone.install()
            keystone.start()
            tables.result()
        admin = keystone.client({})
        keystone.add_account(admin, glances.USER, "admin", "service")
        keystone.add_account(admin, ACCOUNT, "admin", "service")
        keystone.add_endpoint(admin, "glance", "image", glance.url)
        glance.start()
        cloud = Cloud(
            base,
            fresh_transport_url(rabbitmq),
            databases.fresh_url(),
            settings=settings(keystone),
            services=addresses,
        )
        keystone.add_endpoint(admin, "nova", "compute", f"{cloud.url}/v2.1")
        with clouds.running(cloud):
            yield Site(base, database_url, keystone, glance, cloud)
    finally:
        glance.stop()
        keystone.stop()
