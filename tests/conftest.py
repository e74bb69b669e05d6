# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every test may ask for."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from nova_lite import concurrency

# Before a test imports anything of nova_lite: the tests run on native
# threads; daemons that run on green ones are processes of their own.
concurrency.setup(concurrency.THREADING)

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.rabbitmq",
    "tests.fixtures.database",
    "tests.fixtures.compute_api",
    "tests.fixtures.libvirtd",
]

_HERE = Path(__file__).parent


@pytest.hookimpl(wrapper=True)  # before xdist reads the groups
def pytest_collection_modifyitems(
    items: list[pytest.Item],
) -> Generator[None, None, None]:
    """Mark each test by the directory that it stands in.

    What shares a cloud, or stands in one module of slow tests, goes to one
    process of a run with several.
    """
    for item in items:
        kind = item.path.relative_to(_HERE).parts[0]
        if kind in ("functional", "integration"):
            item.add_marker(kind)
            item.add_marker(pytest.mark.xdist_group(_group(item)))
    return (yield)


def _group(item: pytest.Item) -> str:
    call = getattr(item, "callspec", None)
    if call is not None and "cloud" in call.params:
        return f"cloud-{call.params['cloud']}"
    return item.path.stem
