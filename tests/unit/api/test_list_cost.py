# SPDX-License-Identifier: Apache-2.0
"""A page of servers costs what it shows, not what is stored."""

from __future__ import annotations

from bench import pages
from tests.fixtures.database import DatabaseServer


def test_on_mariadb(mariadb: DatabaseServer) -> None:
    assert pages.growth(mariadb, 200, 2000) < 1.1


def test_on_postgresql(postgresql: DatabaseServer) -> None:
    assert pages.growth(postgresql, 200, 2000) < 1.1
