# SPDX-License-Identifier: Apache-2.0
"""The running service against its own OpenAPI documents, by schemathesis.

Its pytest plug-in is switched off (pyproject.toml), since every run of the
tests would load it; here its command runs, a version after another, on a
cloud of its own: what it makes, changes and deletes nobody else needs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

HERE = Path(__file__).parent
VERSIONS = ("2.1", "2.36", "2.53", "2.79", "latest")
# 501 says, where it is documented, that this cloud has no such service.
_CONFIG = """
[checks.not_a_server_error]
expected-statuses = [200, 201, 202, 204, 207, "4xx", 501]
"""
_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)


@pytest.fixture(scope="module")
def throwaway(
    rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """A cloud that a test may ruin."""
    directory = tmp_path_factory.mktemp("throwaway")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        fresh_database("mariadb", directory),
        concurrency="threading",
        computes=1,
    )
    with clouds.running(made):
        yield made


@pytest.fixture(scope="module")
def known(throwaway: Cloud) -> dict[str, str]:
    """Parameter of a path -> what it may name."""
    admin = throwaway.admin
    (hypervisor,) = admin.get("/os-hypervisors")["hypervisors"]
    admin.post("/os-keypairs", {"keypair": {"name": "k"}}, version="2.91")
    group = {"name": "g", "policies": ["affinity"]}
    made = admin.post(
        "/os-server-groups", {"server_group": group}, version="2.63"
    )
    return {
        "server_id": throwaway.boot("known", admin),
        "flavor_id": throwaway.flavor,
        "image_id": throwaway.image,
        "hypervisor_id": hypervisor["id"],
        "group_id": made["server_group"]["id"],
        "name": "k",
        "alias": "os-keypairs",
    }


def test_the_document_is_open_and_cached(throwaway: Cloud) -> None:
    nobody = Client(throwaway.url)
    first = nobody.send("GET", "/openapi.json?microversion=2.53")
    assert first.status_code == 200
    assert first.json()["info"]["version"] == "2.53"
    assert not list(OpenAPIV31SpecValidator(first.json()).iter_errors())
    again = nobody.send(
        "GET",
        "/openapi.json?microversion=2.53",
        headers={"If-None-Match": first.headers["ETag"]},
    )
    assert again.status_code == 304


@pytest.mark.parametrize("version", VERSIONS)
def test_every_answer_is_documented(
    throwaway: Cloud, known: dict[str, str], tmp_path: Path, version: str
) -> None:
    # What is gone at one version is gone at all.
    fewer = () if version == VERSIONS[0] else ("--exclude-deprecated",)
    config = tmp_path / "schemathesis.toml"
    config.write_text(_CONFIG)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(config)),
            "run",
            f"{throwaway.url}/openapi.json?microversion={version}",
            *("--url", f"{throwaway.url}/v2.1"),
            *("--header", f"X-Auth-Token: {throwaway.admin.token}"),
            *("--header", f"OpenStack-API-Version: compute {version}"),
            *("--checks", _CHECKS),
            *("--phases", "fuzzing"),
            *("--max-examples", "6"),
            *("--seed", "1"),
            *("--generation-database", "none"),
            *("--max-failures", "20"),
            # One would end the cloud's only service, the other never ends.
            *("--exclude-path-regex", "^/os-services/|^/servers/events$"),
            *fewer,
            "--no-color",
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.functional.openapi_hooks",
            "PYTHONPATH": str(HERE.parent.parent),
            "KNOWN_IDS": json.dumps(known),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-8000:]
