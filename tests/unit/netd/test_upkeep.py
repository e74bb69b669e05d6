# SPDX-License-Identifier: Apache-2.0
"""Each thing is made, looked at and removed by itself."""

from __future__ import annotations

from nova_lite.netd.upkeep import Upkeep


class Shelf:
    """Keeps what was put there; what is named ``bad`` resists."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {}
        self.done: list[str] = []
        self.dead: set[str] = set()

    def present(self) -> set[str]:
        return set(self.there)

    def is_alive(self, thing_id: str) -> bool:
        return thing_id not in self.dead

    def bring_about(self, wanted: str) -> None:
        thing_id = wanted.partition(" ")[0]
        if "bad" in wanted:
            raise RuntimeError(wanted)
        self.there[thing_id] = wanted
        self.done.append(wanted)

    def remove(self, thing_id: str) -> None:
        if "stuck" in self.there[thing_id]:
            raise RuntimeError(thing_id)
        del self.there[thing_id]


def test_only_differences_are_acted_upon_unless_all_is_looked_at() -> None:
    shelf = Shelf()
    upkeep = Upkeep[str]("Thing", shelf)
    assert upkeep.converge({"a": "a 1", "b": "b 1"}, full=False) == set()
    assert upkeep.converge({"a": "a 1", "b": "b 2"}, full=False) == set()
    assert shelf.done == ["a 1", "b 1", "b 2"]
    shelf.dead = {"a"}
    upkeep.converge({"a": "a 1", "b": "b 2"}, full=False)
    assert shelf.done[3:] == ["a 1"]
    upkeep.converge({"a": "a 1", "b": "b 2"}, full=True)
    assert shelf.done[4:] == ["a 1", "b 2"]
    assert upkeep.converge({}, full=False) == set()
    assert shelf.there == {}


def test_one_that_fails_is_tried_again_and_keeps_no_other_back() -> None:
    shelf = Shelf()
    upkeep = Upkeep[str]("Thing", shelf)
    assert upkeep.converge({"a": "a bad", "b": "b 1"}, full=False) == {"a"}
    assert upkeep.converge({"a": "a bad", "b": "b 1"}, full=False) == {"a"}
    assert upkeep.converge({"a": "a 1", "b": "b 1"}, full=False) == set()
    assert shelf.done == ["b 1", "a 1"]
    # One that failed is not as it was before, either.
    assert upkeep.converge({"a": "a bad", "b": "b 1"}, full=False) == {"a"}
    assert upkeep.converge({"a": "a 1", "b": "b 1"}, full=False) == set()
    assert shelf.done == ["b 1", "a 1", "a 1"]


def test_what_cannot_be_removed_is_told() -> None:
    shelf = Shelf()
    shelf.there = {"a": "a stuck", "b": "b 1"}
    upkeep = Upkeep[str]("Thing", shelf)
    assert upkeep.converge({}, full=False) == {"a"}
    assert shelf.present() == {"a"}
