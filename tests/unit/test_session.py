# SPDX-License-Identifier: Apache-2.0
"""The engines of a process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite.db import session
from tests.fixtures import hosts

THREADS = 4


@pytest.fixture
def database(tmp_path: Path) -> Iterator[None]:
    """A configured database that nobody has asked yet."""
    hosts.use_database(f"sqlite:///{tmp_path}/nova.sqlite")
    yield
    hosts.leave_database()


def test_first_users_at_once_share_one_engine(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = session._make_engine
    others_are_here = threading.Barrier(THREADS)

    def slowly(address: str, **options: Any) -> sa.Engine:
        # Whoever else is let in comes meanwhile; with a lock, nobody.
        with pytest.raises(threading.BrokenBarrierError):
            others_are_here.wait(0.2)
        return make(address, **options)

    monkeypatch.setattr(session, "_make_engine", slowly)
    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(session.engine) for _ in range(THREADS)]
        assert len({id(one.result(60)) for one in asked}) == 1
