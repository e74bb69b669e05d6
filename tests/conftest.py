# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.rabbitmq",
    "tests.fixtures.database",
    "tests.fixtures.compute_api",
    "tests.fixtures.libvirtd",
]

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the directory that it stands in."""
    for item in items:
        kind = item.path.relative_to(_HERE).parts[0]
        if kind in ("functional", "integration"):
            item.add_marker(kind)
