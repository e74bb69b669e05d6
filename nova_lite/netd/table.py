# SPDX-License-Identifier: Apache-2.0
"""A table of nftables as values, and the way from one to another.

Used by netd.firewall. Rules are told apart by a digest in their comment: the
kernel lists a rule in other words than it was given. Whatever a transaction
does not name keeps running untouched.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# libnftables-json(5): an expression, a command.
Expression = Mapping[str, Any]
Command = dict[str, Any]
# First and last address.
Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a base chain stands. All of ours are filters that accept."""

    name: str
    priority: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; one that was read from the kernel has its digest alone."""

    digest: str
    expressions: Sequence[Expression] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain: its rules in order."""

    rules: Sequence[Rule]
    hook: Hook | None = None

    @property
    def digests(self) -> list[str]:
        """What it does, in short."""
        return [rule.digest for rule in self.rules]


@dataclass(frozen=True, slots=True)
class Map:
    """A map of one kind of key to one kind of value.

    A key of two parts is a tuple, and so is its kind.
    """

    key: str | tuple[str, ...]
    value: str
    elements: Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """All of it. ``sets`` hold addresses of IPv4 or of IPv6."""

    family: str
    name: str
    chains: Mapping[str, Chain] = field(default_factory=dict)
    maps: Mapping[str, Map] = field(default_factory=dict)
    sets: Mapping[str, tuple[int, frozenset[Interval]]] = field(
        default_factory=dict
    )


def rule(*expressions: Expression) -> Rule:
    """A rule with its digest."""
    text = json.dumps(expressions, sort_keys=True)
    return Rule(hashlib.sha256(text.encode()).hexdigest()[:16], expressions)


def intervals(networks: Iterable[str], version: int) -> frozenset[Interval]:
    """The addresses and CIDRs of one version, without overlaps."""
    parsed = (ipaddress.ip_network(one, strict=False) for one in networks)
    spans = sorted(
        (int(one[0]), int(one[-1])) for one in parsed if one.version == version
    )
    merged: list[Interval] = []
    for first, last in spans:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return frozenset(merged)


def read(family: str, name: str, listed: Iterable[Mapping[str, Any]]) -> Table:
    """The table as ``nft.list_table`` has it."""
    chains: dict[str, Chain] = {}
    maps: dict[str, Map] = {}
    sets: dict[str, tuple[int, frozenset[Interval]]] = {}
    rules: dict[str, list[Rule]] = {}
    for thing in listed:
        if (found := thing.get("chain")) is not None:
            hook = None
            if "hook" in found:
                hook = Hook(found["hook"], found["prio"])
            chains[found["name"]] = Chain([], hook)
        elif (found := thing.get("rule")) is not None:
            digest = Rule(found.get("comment", ""))
            rules.setdefault(found["chain"], []).append(digest)
        elif (found := thing.get("map")) is not None:
            elements = {
                _key(key): _verdict(value)
                for key, value in found.get("elem", ())
            }
            kind = found["type"]
            if isinstance(kind, list):
                kind = tuple(kind)
            maps[found["name"]] = Map(kind, found["map"], elements)
        elif (found := thing.get("set")) is not None:
            version = 4 if found["type"] == "ipv4_addr" else 6
            spans = frozenset(map(_interval, found.get("elem", ())))
            sets[found["name"]] = (version, spans)
    for chain, ordered in rules.items():
        chains[chain] = Chain(ordered, chains[chain].hook)
    return Table(family, name, chains, maps, sets)


def _key(key: Any) -> Any:
    """One of two parts as a tuple."""
    return tuple(key["concat"]) if isinstance(key, dict) else key


def _verdict(value: Any) -> Any:
    """The chain that an element jumps to, or its plain value."""
    return value["jump"]["target"] if isinstance(value, dict) else value


def _interval(element: Any) -> Interval:
    if isinstance(element, str):
        address = int(ipaddress.ip_address(element))
        return address, address
    if "prefix" in element:
        prefix = element["prefix"]
        network = ipaddress.ip_network(f"{prefix['addr']}/{prefix['len']}")
        return int(network[0]), int(network[-1])
    first, last = element["range"]
    return int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last))


def changes(wanted: Table, actual: Table) -> list[Command]:
    """The commands of the one transaction that leads to the wanted table."""
    if _foreign(wanted, actual):
        # Something else than ours is there by our name: begin anew, at once.
        place = {"family": wanted.family, "name": wanted.name}
        empty = Table(wanted.family, wanted.name)
        return [
            {"add": {"table": place}},
            {"delete": {"table": place}},
            *changes(wanted, empty),
        ]
    steps = _Steps(wanted, actual)
    made = [
        *steps.new(),
        *steps.emptied(),
        *steps.members(),
        *steps.rules(),
        *steps.mapped(),
        *steps.gone(),
    ]
    if made:
        place = {"family": wanted.family, "name": wanted.name}
        made.insert(0, {"add": {"table": place}})
    return made


def _foreign(wanted: Table, actual: Table) -> bool:
    """Whether a thing of the right name is of another nature."""
    return (
        any(
            wanted.chains[name].hook != chain.hook
            for name, chain in actual.chains.items()
            if name in wanted.chains
        )
        or any(
            chain.hook is not None
            for name, chain in actual.chains.items()
            if name not in wanted.chains
        )
        or any(
            (wanted.maps[name].key, wanted.maps[name].value)
            != (found.key, found.value)
            for name, found in actual.maps.items()
            if name in wanted.maps
        )
    )


class _Steps:
    """The parts of a transaction, in the order that references need."""

    def __init__(self, wanted: Table, actual: Table) -> None:
        self._wanted = wanted
        self._actual = actual
        self._place = {"family": wanted.family, "table": wanted.name}
        self._changed = [
            name
            for name, chain in wanted.chains.items()
            if name not in actual.chains
            or actual.chains[name].digests != chain.digests
        ]

    def _thing(self, name: str, **more: Any) -> dict[str, Any]:
        return {**self._place, "name": name, **more}

    def new(self) -> list[Command]:
        """Sets, maps and chains that are not there."""
        made: list[Command] = []
        for name, (version, _) in self._wanted.sets.items():
            if name not in self._actual.sets:
                kind = f"ipv{version}_addr"
                there = self._thing(name, type=kind, flags=["interval"])
                made.append({"add": {"set": there}})
        for name, wanted in self._wanted.maps.items():
            if name not in self._actual.maps:
                parts = wanted.key
                key = list(parts) if isinstance(parts, tuple) else parts
                there = self._thing(name, type=key, map=wanted.value)
                made.append({"add": {"map": there}})
        for name, chain in self._wanted.chains.items():
            if name not in self._actual.chains:
                made.append({"add": {"chain": self._chain(name, chain)}})
        return made

    def _chain(self, name: str, chain: Chain) -> dict[str, Any]:
        if chain.hook is None:
            return self._thing(name)
        return self._thing(
            name,
            type="filter",
            hook=chain.hook.name,
            prio=chain.hook.priority,
            policy="accept",
        )

    def emptied(self) -> list[Command]:
        """Elements and rules that go, so that nothing is referred to."""
        made: list[Command] = []
        for name, found in self._actual.maps.items():
            wanted = self._wanted.maps.get(name)
            elements = wanted.elements if wanted else {}
            old = {
                key: value
                for key, value in found.elements.items()
                if elements.get(key) != value
            }
            made += self._elements("delete", name, _pairs(found, old))
        changed = set(self._changed)
        for name, chain in self._actual.chains.items():
            gone = name not in self._wanted.chains
            if chain.rules and (gone or name in changed):
                made.append({"flush": {"chain": self._thing(name)}})
        return made

    def members(self) -> list[Command]:
        """Addresses that leave and join the sets."""
        made: list[Command] = []
        for name, (version, spans) in self._wanted.sets.items():
            _, there = self._actual.sets.get(name, (version, frozenset()))
            for verb, these in (
                ("delete", there - spans),
                ("add", spans - there),
            ):
                listed = [_span(one, version) for one in sorted(these)]
                made += self._elements(verb, name, listed)
        return made

    def rules(self) -> list[Command]:
        """The rules of chains that changed."""
        return [
            {
                "add": {
                    "rule": {
                        **self._place,
                        "chain": name,
                        "comment": one.digest,
                        "expr": list(one.expressions),
                    }
                }
            }
            for name in self._changed
            for one in self._wanted.chains[name].rules
        ]

    def mapped(self) -> list[Command]:
        """Elements of maps that are new or lead elsewhere."""
        made: list[Command] = []
        for name, wanted in self._wanted.maps.items():
            found = self._actual.maps.get(name)
            there = found.elements if found else {}
            new = {
                key: value
                for key, value in wanted.elements.items()
                if there.get(key) != value
            }
            made += self._elements("add", name, _pairs(wanted, new))
        return made

    def gone(self) -> list[Command]:
        """Chains, maps and sets that nothing wants any more."""
        kinds: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
            ("chain", self._actual.chains, self._wanted.chains),
            ("map", self._actual.maps, self._wanted.maps),
            ("set", self._actual.sets, self._wanted.sets),
        ]
        return [
            {"delete": {kind: self._thing(name)}}
            for kind, actual, wanted in kinds
            for name in actual
            if name not in wanted
        ]

    def _elements(
        self, verb: str, name: str, elements: list[Any]
    ) -> list[Command]:
        if not elements:
            return []
        return [{verb: {"element": self._thing(name, elem=elements)}}]


def _pairs(kind: Map, elements: Mapping[Any, Any]) -> list[Any]:
    made = []
    for key, value in elements.items():
        one = {"concat": list(key)} if isinstance(key, tuple) else key
        if kind.value == "verdict":
            made.append([one, {"jump": {"target": value}}])
        else:
            made.append([one, value])
    return made


def _span(span: Interval, version: int) -> Any:
    kind = ipaddress.IPv4Address if version == 4 else ipaddress.IPv6Address
    first, last = kind(span[0]), kind(span[1])
    if first == last:
        return str(first)
    return {"range": [str(first), str(last)]}
