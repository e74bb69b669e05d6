# SPDX-License-Identifier: Apache-2.0
"""kill -9 of every daemon, at several moments of a create and a delete."""

from __future__ import annotations

import pytest

from tests.fixtures.cloud import Cloud
from tests.integration.faults.conftest import Crowd, Later, break_after

_DAEMONS = ["api", "conductor-1", "scheduler-1", "compute-1"]
_MOMENTS_S = [0.0, 0.03, 0.1, 0.3]


@pytest.mark.parametrize("name", _DAEMONS)
@pytest.mark.parametrize("delay_s", _MOMENTS_S)
def test_in_a_create(
    breakable: Cloud, crowd: Crowd, name: str, delay_s: float
) -> None:
    breaking = Later(lambda: break_after(breakable, name, delay_s, 0))
    crowd.post()
    breaking.join()
    breakable.wait_serving()
    crowd.assert_all_active()


@pytest.mark.parametrize("name", _DAEMONS)
def test_in_a_create_and_away_for_long(
    breakable: Cloud, crowd: Crowd, name: str
) -> None:
    breaking = Later(lambda: break_after(breakable, name, 0.2, 3))
    crowd.post()
    breaking.join()
    breakable.wait_serving()
    crowd.assert_all_active()


@pytest.mark.parametrize("name", _DAEMONS)
@pytest.mark.parametrize("delay_s", [0.02, 0.15, 0.5])
def test_in_a_delete(
    breakable: Cloud, crowd: Crowd, name: str, delay_s: float
) -> None:
    crowd.post()
    crowd.assert_all_active()
    breaking = Later(lambda: break_after(breakable, name, delay_s, 0))
    crowd.delete()
    breaking.join()
    crowd.assert_gone()


@pytest.mark.parametrize("name", _DAEMONS)
def test_in_a_delete_of_what_is_being_built(
    breakable: Cloud, crowd: Crowd, name: str
) -> None:
    crowd.post()
    breaking = Later(lambda: break_after(breakable, name, 0.1, 1))
    crowd.delete()
    breaking.join()
    crowd.assert_gone()


def test_a_host_that_stays_away(breakable: Cloud, crowd: Crowd) -> None:
    """Its builds go to other hosts; what it had is removed when it is back."""
    dead = breakable["compute-1"]
    dead.kill()
    crowd.post()
    crowd.assert_all_active()
    assert "compute-1" not in {row["host"] for row in crowd.rows()}
    dead.start()
    breakable.wait_serving()
    crowd.assert_all_active()


def test_all_at_once(breakable: Cloud, crowd: Crowd) -> None:
    crowd.post()
    for one in breakable.daemons.values():
        one.kill()
    for one in breakable.daemons.values():
        one.start()
    breakable.wait_serving()
    crowd.assert_all_active()
