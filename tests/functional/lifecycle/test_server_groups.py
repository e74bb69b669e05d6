# SPDX-License-Identifier: Apache-2.0
"""Servers of a group through every daemon, on two hosts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.cloud import Cloud, wait_until


class Group:
    """A server group of the tenant's, and its servers."""

    def __init__(self, cloud: Cloud, policy: str) -> None:
        self._cloud = cloud
        made = cloud.tenant.post(
            "/os-server-groups",
            {"server_group": {"name": "group", "policy": policy}},
        )
        self.id: str = made["server_group"]["id"]

    def create(self, name: str, **fields: Any) -> str:
        """Ask for servers in the group; the id of the first."""
        body = self._cloud.body(name, **fields)
        hints = {"os:scheduler_hints": {"group": self.id}}
        answer = self._cloud.tenant.post("/servers", {**body, **hints})
        ident: str = answer["server"]["id"]
        return ident

    def settled(self) -> list[tuple[str, str | None]]:
        """Status and host of each member when none is being built."""

        def look() -> list[tuple[str, str | None]] | None:
            found = [self._cloud.server(one) for one in self.members()]
            states = [
                (one["status"], one["OS-EXT-SRV-ATTR:host"]) for one in found
            ]
            done = all(status != "BUILD" for status, _ in states)
            return states if done else None

        states: list[tuple[str, str | None]] = wait_until(
            look, 30, "every member is settled"
        )
        return states

    def members(self) -> list[str]:
        """The members, as the API shows them."""
        shown = self._cloud.tenant.get(f"/os-server-groups/{self.id}")
        members: list[str] = shown["server_group"]["members"]
        return members

    def remove(self) -> None:
        """Delete the servers, then the group."""
        members = self.members()
        for one in members:
            self._cloud.tenant.delete(f"/servers/{one}")
        for one in members:
            self._cloud.wait_gone(one)
        assert self.members() == []
        self._cloud.tenant.delete(f"/os-server-groups/{self.id}")


@pytest.fixture
def group(cloud: Cloud, request: pytest.FixtureRequest) -> Iterator[Group]:
    """A group with the policy of the test's parameter."""
    made = Group(cloud, request.param)
    yield made
    made.remove()
    cloud.wait_at_rest()


def policy(name: str) -> pytest.MarkDecorator:
    """Run the test with a group of this policy."""
    return pytest.mark.parametrize("group", [name], indirect=True)


@policy("affinity")
def test_affinity(cloud: Cloud, group: Group) -> None:
    ident = group.create("together", min_count=3)
    group.create("one more")
    states = group.settled()
    assert len(states) == 4
    assert len(set(states)) == 1
    assert states[0][0] == "ACTIVE"
    assert cloud.server(ident)["server_groups"] == [group.id]


@policy("affinity")
def test_affinity_with_a_broken_host(cloud: Cloud, group: Group) -> None:
    cloud.wait_status(group.create("works"), "ACTIVE")
    assert group.settled() == [("ACTIVE", "compute-2")]
    group.create("must go elsewhere")
    assert group.settled()[1] == ("ERROR", None)
    (failed,) = group.members()[1:]
    fault = cloud.tenant.get(f"/servers/{failed}")["server"]["fault"]
    assert "the servers of its group are on another host" in fault["message"]


@policy("affinity")
def test_affinity_moves_while_nobody_is_there(
    cloud: Cloud, group: Group
) -> None:
    group.create("must go elsewhere")
    assert group.settled() == [("ACTIVE", "compute-1")]
    group.create("follows")
    assert group.settled()[1] == ("ACTIVE", "compute-1")


@policy("anti-affinity")
def test_anti_affinity(cloud: Cloud, group: Group) -> None:
    group.create("apart", min_count=3)
    states = group.settled()
    assert sorted(states, key=str) == [
        ("ACTIVE", "compute-1"),
        ("ACTIVE", "compute-2"),
        ("ERROR", None),
    ]
    failed = group.members()[states.index(("ERROR", None))]
    fault = cloud.tenant.get(f"/servers/{failed}")["server"]["fault"]
    assert fault["message"].startswith("No valid host was found.")
    assert "no room for one more server of its group" in fault["message"]


@policy("anti-affinity")
def test_a_second_try_obeys_the_group(cloud: Cloud, group: Group) -> None:
    group.create("must go elsewhere")
    assert group.settled() == [("ACTIVE", "compute-1")]
    # compute-2 fails it, and compute-1 is taken.
    group.create("would go elsewhere")
    assert group.settled()[1] == ("ERROR", None)
    group.create("takes the other")
    assert group.settled()[2] == ("ACTIVE", "compute-2")


@policy("soft-affinity")
def test_soft_affinity(cloud: Cloud, group: Group) -> None:
    group.create("must go elsewhere")
    assert group.settled() == [("ACTIVE", "compute-1")]
    # compute-2 has more room; the group weighs more.
    group.create("follows", min_count=2)
    assert group.settled()[1:] == [("ACTIVE", "compute-1")] * 2
