# SPDX-License-Identifier: Apache-2.0
"""Hooks of a package that is installed beside nova-lite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

# Writes a line for each call, so that tests see the order.
_CODE = """
import os
from nova_lite.exception import FatalHookException


def tell(line):
    with open(os.environ["HOOKED_LOG"], "a") as log:
        log.write(line + "\\n")


class OnCreate:
    def pre(self, api, context, request):
        tell(f"pre create {request.name} of {context.project_name}")
        if request.name == "refused":
            raise FatalHookException("No server may be called refused.")
        if request.name == "stumbled":
            raise ValueError("the hook itself is broken")

    def post(self, result, api, context, request):
        tell(f"post create {result[0]['uuid']}")


class OnBuild:
    def pre(self, operation):
        tell(f"pre build {operation.instance.uuid}")
        if operation.instance.display_name == "unbuilt":
            raise FatalHookException("This host builds no such server.")

    def post(self, result, operation):
        tell(f"post build {operation.instance.uuid}")
"""
_ENTRY_POINTS = """\
[nova_lite.hooks]
create_instance = hooked:OnCreate
build_instance = hooked:OnBuild
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package is installed; the file that its hooks write."""
    site = tmp_path_factory.mktemp("site")
    (site / "hooked.py").write_text(_CODE)
    info = site / "hooked-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: hooked\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text(_ENTRY_POINTS)
    written = site / "log"
    with pytest.MonkeyPatch.context() as patch:
        path = os.environ.get("PYTHONPATH")
        patch.setenv(
            "PYTHONPATH", f"{site}{os.pathsep}{path}" if path else str(site)
        )
        patch.setenv("HOOKED_LOG", str(written))
        yield written


@pytest.fixture(scope="module")
def hooked(
    log: Path, rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    directory = tmp_path_factory.mktemp("hooked")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        fresh_database("sqlite", directory),
        computes=1,
    )
    with clouds.running(made):
        yield made


def _lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_hooks_run_around_create_and_build(hooked: Cloud, log: Path) -> None:
    ident = hooked.boot("followed")
    assert set(_lines(log)) == {
        "pre create followed of demo",
        f"post create {ident}",
        f"pre build {ident}",
        f"post build {ident}",
    }


def test_broken_hook_is_passed_over(hooked: Cloud) -> None:
    hooked.boot("stumbled")
    assert hooked["api"].says("the hook itself is broken")


def test_hook_refuses_a_create(hooked: Cloud) -> None:
    before = len(hooked.ledger.servers())
    answer = hooked.tenant.send("POST", "/servers", hooked.body("refused"))
    assert answer.status_code == 403
    assert answer.json()["forbidden"]["message"] == (
        "No server may be called refused."
    )
    assert len(hooked.ledger.servers()) == before


def test_hook_refuses_a_build(hooked: Cloud, log: Path) -> None:
    ident = hooked.create("unbuilt")
    wait_until(
        lambda: hooked.server(ident)["status"] == "ERROR", 30, "it is refused"
    )
    fault = hooked.server(ident)["fault"]
    assert fault["message"] == "This host builds no such server."
    assert f"post build {ident}" not in _lines(log)
    hooked.tenant.delete(f"/servers/{ident}")
    hooked.wait_gone(ident)
