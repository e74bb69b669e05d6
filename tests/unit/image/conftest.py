# SPDX-License-Identifier: Apache-2.0
"""The port on a running image service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from oslo_config import cfg

from nova_lite.image import api
from tests.unit.embedded.image import serve
from tests.unit.embedded.image.conftest import (
    alice,
    client,
    configured,
    running,
    server,
)

__all__ = ["alice", "client", "configured", "running", "server"]


@pytest.fixture
def options(server: serve.Server) -> Iterator[None]:
    overrides: list[tuple[str, Any, str]] = [
        (
            "auth_url",
            server.url.replace("/image", "/identity/v3"),
            "service_user",
        ),
        ("password", "secret", "service_user"),
        ("timeout_s", 10, "glance"),
    ]
    for name, value, group in overrides:
        cfg.CONF.set_override(name, value, group=group)
    yield
    for name, _, group in overrides:
        cfg.CONF.clear_override(name, group=group)


@pytest.fixture
def images(options: None) -> api.ImageAPI:
    """The client under test, as its entry point gives it."""
    return api.load("glance")


@pytest.fixture
def user(server: serve.Server) -> Any:
    """A context of project p1 with its token and catalogue."""
    return serve.context_of("p1", server.catalog)


@pytest.fixture
def daemon() -> Any:
    """A context as it comes over the bus: no token, no catalogue."""
    from nova_lite import context

    return context.RequestContext(project_id="p1", roles=["member"])
