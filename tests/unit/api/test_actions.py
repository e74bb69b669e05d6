# SPDX-License-Identifier: Apache-2.0
"""In which states a server takes each action, and what it answers.

The table is upstream's facts, and written from those, not from
``transitions``: each action is asked of a server in every state.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from nova_lite.compute import task_states, vm_states
from tests.fixtures.compute_api import IMAGE, Answer, ComputeAPI, clear

STATES = (
    "active",
    "building",
    "paused",
    "suspended",
    "stopped",
    "rescued",
    "resized",
    "soft-delete",
    "error",
    "shelved",
    "shelved_offloaded",
)
# While it has one of these, only what says so may go before it.
TASKS = (
    "rebooting",
    "rebooting_hard",
    "reboot_pending",
    "reboot_started",
    "pausing",
    "unpausing",
    "suspending",
    "resuming",
    "powering-off",
    "image_uploading",
    "resize_migrating",
    "rebuilding",
    "spawning",
)
_NONE: frozenset[str] = frozenset()
_EVERY = frozenset(TASKS)
_SETTLED = "active stopped paused suspended"


@dataclass(frozen=True, slots=True)
class Fact:
    """An action: in which vm_states it is taken, and beside which task.

    ``locked``: whether a lock keeps members off. ``member``: whether they
    may at all.
    """

    states: str
    body: Any = None
    status: int = 202
    tasks: frozenset[str] = _NONE
    locked: bool = True
    member: bool = True


_ANY = " ".join(STATES)
FACTS: Mapping[str, Fact] = {
    "os-start": Fact("stopped"),
    "os-stop": Fact("active error"),
    "reboot": Fact("active", {"type": "SOFT"}),
    "reboot hard": Fact(
        f"{_SETTLED} error", {"type": "HARD"}, tasks=frozenset(TASKS[:8])
    ),
    "pause": Fact("active"),
    "unpause": Fact("paused"),
    "suspend": Fact("active"),
    "resume": Fact("suspended"),
    "trigger_crash_dump": Fact("active paused rescued resized error"),
    "rebuild": Fact("active stopped error", {"imageRef": IMAGE}),
    "rescue": Fact("active stopped error", status=200),
    "unrescue": Fact("rescued"),
    "resize": Fact("active stopped", {"flavorRef": "2"}),
    "migrate": Fact("active stopped", member=False),
    "shelve": Fact(_SETTLED),
    "shelveOffload": Fact("shelved", member=False),
    "unshelve": Fact("shelved shelved_offloaded"),
    "createImage": Fact(_SETTLED, {"name": "a"}, locked=False),
    "createBackup": Fact(
        _SETTLED,
        {"name": "a", "backup_type": "daily", "rotation": 1},
        locked=False,
    ),
    "restore": Fact("soft-delete"),
    "forceDelete": Fact(_ANY, tasks=_EVERY),
    "lock": Fact(_ANY, tasks=_EVERY, locked=False),
    "unlock": Fact(_ANY, tasks=_EVERY, locked=False),
    "os-resetState": Fact(
        _ANY, {"state": "error"}, tasks=_EVERY, locked=False, member=False
    ),
    "injectNetworkInfo": Fact(_ANY, tasks=_EVERY, member=False),
}
# What needs more than a state is refused for that, by 400.
_NEEDS_MORE = {"confirmResize": "resized", "revertResize": "resized"}


@pytest.fixture(scope="module")
def api(_compute_api: ComputeAPI) -> ComputeAPI:
    """Shared: each asks of servers of its own."""
    clear()
    _compute_api.add("service", host="one")
    _compute_api.add("node", host="one", hypervisor_hostname="one")
    _compute_api.add("flavor", flavorid="2", name="b")
    return _compute_api


def _ask(api: ComputeAPI, name: str, *, as_: str, **server: Any) -> Answer:
    """Ask an action of a new server."""
    ident = str(uuid.uuid4())
    host = None if name == "unshelve" else "one"
    api.add("server", uuid=ident, host=host, node=host, **server)
    body = {name.split()[0]: FACTS[name].body if name in FACTS else None}
    url = f"/servers/{ident}/action"
    return api("POST", url, body, as_=as_, version="2.96")


def _refused(answer: Answer, why: str) -> bool:
    """Whether it is a conflict, and one that says why."""
    return answer.status == 409 and why in answer.message


def test_the_words() -> None:
    for words, module in ((STATES, vm_states), (TASKS, task_states)):
        assert all(word in vars(module).values() for word in words)


@pytest.mark.parametrize("name", FACTS)
def test_states(name: str, api: ComputeAPI) -> None:
    fact = FACTS[name]
    for state in STATES:
        answer = _ask(api, name, as_="admin", vm_state=state)
        if state in fact.states.split():
            assert answer.status == fact.status, f"{state}: {answer.text}"
        else:
            assert _refused(answer, f"vm_state {state}"), answer.text


@pytest.mark.parametrize("name", FACTS)
def test_tasks(name: str, api: ComputeAPI) -> None:
    fact = FACTS[name]
    state = fact.states.split()[0]
    for task in TASKS:
        answer = _ask(api, name, as_="admin", vm_state=state, task_state=task)
        if task in fact.tasks:
            assert answer.status == fact.status, f"{task}: {answer.text}"
        else:
            assert _refused(answer, f"task_state {task}"), answer.text


@pytest.mark.parametrize("name", FACTS)
def test_locks(name: str, api: ComputeAPI) -> None:
    fact = FACTS[name]
    server = {
        "vm_state": fact.states.split()[0],
        "locked": True,
        "locked_by": "owner",
    }
    assert _ask(api, name, as_="admin", **server).status == fact.status
    answer = _ask(api, name, as_="member", **server)
    if not fact.member:
        assert answer.status == 403
    elif fact.locked:
        assert _refused(answer, "locked"), answer.text
    else:
        assert answer.status == fact.status, answer.text


@pytest.mark.parametrize("name", _NEEDS_MORE)
def test_ends_of_a_resize_that_never_was(name: str, api: ComputeAPI) -> None:
    for state in STATES:
        answer = _ask(api, name, as_="member", vm_state=state)
        if state == _NEEDS_MORE[name]:
            assert answer.status == 400
            assert "Instance has not been resized." in answer.message
        else:
            assert _refused(answer, f"vm_state {state}"), answer.text
