# SPDX-License-Identifier: Apache-2.0
"""The client of the network service, and the embedded one on a socket."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from oslo_config import cfg

from nova_lite import context as nova_context
from nova_lite.embedded.network import app as network_app
from nova_lite.network import api
from nova_lite.network.neutron import NeutronAPI
from tests.fixtures.network_contract import World
from tests.unit.embedded.image import serve
from tests.unit.embedded.image.conftest import configured

__all__ = ["configured"]


def _send(*_hint: Any) -> None:
    """Nobody listens to hints here."""


@pytest.fixture(scope="module")
def running(configured: Any) -> Iterator[serve.Server]:
    app = network_app.create_app(_send)
    with serve.running(made=app, kind="network") as server:
        yield server


@pytest.fixture
def server(running: serve.Server) -> Iterator[serve.Server]:
    """The module's server, and options with which the client finds it."""
    overrides: list[tuple[str, Any, str]] = [
        (
            "auth_url",
            running.url.replace("/network", "/identity/v3"),
            "service_user",
        ),
        ("password", "secret", "service_user"),
        ("timeout", 10, "neutron"),
    ]
    for name, value, group in overrides:
        cfg.CONF.set_override(name, value, group=group)
    yield running
    running.app.around = None
    for name, _, group in overrides:
        cfg.CONF.clear_override(name, group=group)


_numbers = itertools.count(1)


@pytest.fixture
def world(server: serve.Server) -> World:
    client = api.load("neutron")
    assert isinstance(client, NeutronAPI)

    def new_user() -> nova_context.RequestContext:
        user: nova_context.RequestContext = serve.context_of(
            f"p{next(_numbers)}", server.catalog
        )
        return user

    return World(
        api=client,
        admin=serve.context_of("ops:admin", server.catalog),
        daemon=nova_context.RequestContext(),
        new_user=new_user,
        hosts=("host-1", "host-2"),
    )
