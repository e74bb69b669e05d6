# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every test may ask for."""

from __future__ import annotations

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.rabbitmq",
    "tests.fixtures.database",
    "tests.fixtures.compute_api",
    "tests.fixtures.libvirtd",
]
