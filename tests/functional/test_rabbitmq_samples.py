# SPDX-License-Identifier: Apache-2.0
"""The two samples of etc/nova_lite work: a server with each kind of queue."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

_SAMPLES = Path(__file__).parents[2] / "etc" / "nova_lite"


def _sample(kind: str) -> clouds.Settings:
    parser = configparser.RawConfigParser()
    parser.read_string((_SAMPLES / f"rabbitmq-{kind}.conf").read_text())
    return {group: dict(parser[group]) for group in parser.sections()}


@pytest.mark.functional
@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_a_server_boots_and_goes(
    kind: str, rabbitmq: RabbitNode, tmp_path: Path
) -> None:
    settings = {k: dict(v) for k, v in _sample(kind).items()}
    if "oslo_concurrency" in settings:
        # The fixture writes a $ as it is; a daemon of ours reads no other.
        settings["oslo_concurrency"]["lock_path"] = tmp_path / "lock"
    made = clouds.Cloud(
        tmp_path,
        fresh_transport_url(rabbitmq),
        fresh_database("sqlite", tmp_path),
        settings=settings,
        computes=2,
        by_daemon={
            name: {"oslo_messaging_rabbit": {"hostname": name}}
            for name in ("compute-1", "compute-2")
        },
    )
    with clouds.running(made) as cloud:
        for name in ("one", "two"):
            ident = cloud.boot(name)
            cloud.admin.delete(f"/servers/{ident}")
            cloud.wait_gone(ident)
        cloud.wait_at_rest()
