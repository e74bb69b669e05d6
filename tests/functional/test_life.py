# SPDX-License-Identifier: Apache-2.0
"""Random lives of servers, compared with the transition table.

The daemons are real, the hypervisor is the fake one. Whatever the table
allows ends in the state that it names; whatever it does not is 409 and
changes nothing; of two requests at once one wins.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from nova_lite.compute import vm_states
from nova_lite.compute.transitions import DELETE, Transition
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures import life
from tests.fixtures.cloud import Cloud
from tests.fixtures.database import fresh_database
from tests.fixtures.rabbitmq import fresh_transport_url

_NAMES = sorted(row.name for row in life.rows() if row is not DELETE)
_ENDS = {"confirm_resize", "revert_resize"}
_BY_NAME = {row.name: row for row in life.rows()}


@pytest.fixture(scope="module")
def one_host(
    rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cloud]:
    """A cloud of one host, on which a server may stay for all it does."""
    directory = tmp_path_factory.mktemp("life")
    made = Cloud(
        directory,
        fresh_transport_url(rabbitmq),
        fresh_database("mariadb", directory),
        computes=1,
        settings=life.SETTINGS,
        service_user=True,
    )
    with clouds.running(made):
        life.furnish(made)
        yield made


def test_every_operation_is_known_here() -> None:
    assert set(life.ASKS) == set(_BY_NAME)


def _live_at_random(cloud: Cloud) -> type[RuleBasedStateMachine]:
    class Life(RuleBasedStateMachine):
        """One server, from its birth to its end."""

        @initialize()
        def be_born(self) -> None:
            self.ident = cloud.boot("life")
            self.vm_state: str = vm_states.ACTIVE
            self.before_resize: str = vm_states.ACTIVE

        @rule(name=st.sampled_from(_NAMES))
        def act(self, name: str) -> None:
            """Ask for an operation, allowed or not, and wait for its end."""
            row = _BY_NAME[name]
            status = life.send(cloud, name, self.ident)
            if not life.allowed(row, self.vm_state):
                assert status in life.REFUSED, (name, self.vm_state, status)
                return
            assert status in life.ACCEPTED, (name, self.vm_state, status)
            before = self.vm_state
            self.vm_state = life.due(row, before, self.before_resize)
            if name in life.REMEMBERS:
                self.before_resize = before
            life.wait_idle(cloud, self.ident)

        @invariant()
        def is_as_the_table_says(self) -> None:
            """The database, the guest and the table agree."""
            row = life.row_of(cloud, self.ident)
            assert row["vm_state"] == self.vm_state
            assert life.complaints(cloud, row) == []

        def teardown(self) -> None:
            if hasattr(self, "ident"):
                assert life.send(cloud, "delete", self.ident) in life.ACCEPTED
                cloud.wait_gone(self.ident)
                assert self.ident not in cloud.ledger.guests()
                assert self.ident not in cloud.ledger.consumers()

    return Life


@pytest.mark.timeout(300)
def test_random_lives(one_host: Cloud) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        _live_at_random(one_host),
        settings=hypothesis.settings(
            max_examples=12,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        ),
    )
    one_host.wait_at_rest()


def _pairs() -> Iterator[tuple[Transition, Transition, str]]:
    """Two operations that one state allows, and that state."""
    for one, other in itertools.combinations(_NAMES, 2):
        rows = _BY_NAME[one], _BY_NAME[other]
        if any(row.during is None or row.preempts for row in rows):
            continue
        for state in life.WAYS:
            if all(life.allowed(row, state) for row in rows):
                yield *rows, state
                break


@pytest.mark.timeout(300)
def test_of_two_at_once_one_wins(one_host: Cloud) -> None:
    """Each operation against its neighbours, all begun at the same time."""
    pairs = list(_pairs())
    assert pairs
    with ThreadPoolExecutor(8) as pool:
        races = list(pool.map(lambda pair: _race(one_host, *pair), pairs))
        # Else what wins may be done before the other one is asked for.
        one_host["compute-1"].signal(signal.SIGSTOP)
        try:
            results = list(pool.map(lambda race: race(), races))
        finally:
            one_host["compute-1"].signal(signal.SIGCONT)
    for (one, other, state), statuses in zip(pairs, results, strict=True):
        assert sorted(status in life.ACCEPTED for status in statuses) == [
            False,
            True,
        ], (one.name, other.name, state, statuses)
        # 400: the end of a resize that has come to its other end.
        known = life.REFUSED if {one.name, other.name} <= _ENDS else (409,)
        assert all(
            status in (*life.ACCEPTED, *known) for status in statuses
        ), (
            one.name,
            other.name,
            statuses,
        )
    for row in one_host.ledger.servers():
        life.wait_idle(one_host, row["uuid"], 60)
        life.send(one_host, "delete", row["uuid"])
    one_host.wait_at_rest(60)
    assert one_host.ledger.servers() == []


def _race(
    cloud: Cloud, one: Transition, other: Transition, state: str
) -> Callable[[], list[int]]:
    """A server in that state, and both requests to be sent at once."""
    ident = life.prepare(cloud, f"race-{one.name}-{other.name}", state)
    asks = [life.ready(cloud, row.name, ident) for row in (one, other)]

    def run() -> list[int]:
        with ThreadPoolExecutor(2) as pool:
            asked = [pool.submit(ask) for ask in asks]
            return [each.result() for each in asked]

    return run


@pytest.mark.timeout(300)
def test_delete_during_each_operation(one_host: Cloud) -> None:
    """A delete ends whatever is under way, and leaves nothing."""
    names = [name for name in _NAMES if _BY_NAME[name].during is not None]

    def end(name: str) -> None:
        state = life.begins(_BY_NAME[name])
        ident = life.prepare(one_host, f"end-{name}", state)
        assert life.send(one_host, name, ident) in life.ACCEPTED, name
        assert life.send(one_host, "delete", ident) in life.ACCEPTED, name
        one_host.wait_gone(ident)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(end, names))
    one_host.wait_at_rest(60)
    assert one_host.ledger.servers() == []
    assert one_host.ledger.guests() == {}
    assert one_host.ledger.consumers() == set()
