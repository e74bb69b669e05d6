# SPDX-License-Identifier: Apache-2.0
"""Tables of what changes with the microversion.

``Schema`` is a JSON schema with its later changes, ``Value`` a plain value
with them, ``Fields`` the ordered rows of a view. Controllers compare no
versions: they ask one of these for the form of the request's version.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from nova_lite.api.openstack.microversions import MIN, Version, parse

T = TypeVar("T")

JSONSchema = dict[str, Any]
Patch = Callable[[JSONSchema], None]


class Value(Generic[T]):
    """A value that later versions replace."""

    def __init__(self, base: T) -> None:
        self.steps: tuple[tuple[Version, T], ...] = ((MIN, base),)

    def since(self, version: str, value: T) -> Value[T]:
        """The same with another value from ``version`` on."""
        other: Value[T] = Value(self.steps[0][1])
        other.steps = (*self.steps, (parse(version), value))
        return other

    def at(self, version: Version) -> T:
        """The value at a version."""
        return next(v for since, v in reversed(self.steps) if since <= version)


class Schema:
    """A JSON schema with the patches of later versions."""

    def __init__(self, base: JSONSchema) -> None:
        self._base = base
        self._steps: tuple[tuple[Version, Patch], ...] = ()
        self._cache: dict[Version, JSONSchema] = {}

    def since(self, version: str, *patches: Patch) -> Schema:
        """The same, changed by ``patches`` from ``version`` on."""
        other = Schema(self._base)
        step = parse(version)
        if self._steps and step < self._steps[-1][0]:
            raise ValueError(f"{version} stands after a later version")
        other._steps = (*self._steps, *((step, patch) for patch in patches))
        return other

    @property
    def changes(self) -> tuple[Version, ...]:
        """The versions at which this schema changes."""
        return tuple(dict.fromkeys((MIN, *(v for v, _ in self._steps))))

    def at(self, version: Version) -> JSONSchema:
        """The schema at a version; the same object each time."""
        step = max(v for v in self.changes if v <= version)
        if step not in self._cache:
            made = copy.deepcopy(self._base)
            for since, patch in self._steps:
                if since <= step:
                    patch(made)
            self._cache[step] = made
        return self._cache[step]


def _inside(schema: JSONSchema, path: Sequence[str]) -> JSONSchema:
    for name in path:
        schema = schema["properties"][name]
    return schema


def add(*path: str, **properties: JSONSchema) -> Patch:
    """Add properties to the object at ``path``; '_' may stand for '-'."""
    return add_named(path, properties)


def add_named(path: Sequence[str], properties: Mapping[str, Any]) -> Patch:
    """Add properties whose names are not Python names."""

    def patch(schema: JSONSchema) -> None:
        target = _inside(schema, path).setdefault("properties", {})
        target.update(copy.deepcopy(dict(properties)))

    return patch


def remove(path: Sequence[str], *names: str) -> Patch:
    """Remove properties of the object at ``path``."""

    def patch(schema: JSONSchema) -> None:
        inside = _inside(schema, path)
        for name in names:
            inside["properties"].pop(name, None)
        if "required" in inside:
            inside["required"] = [
                n for n in inside["required"] if n not in names
            ]

    return patch


def require(path: Sequence[str], *names: str) -> Patch:
    """Make properties of the object at ``path`` required."""

    def patch(schema: JSONSchema) -> None:
        inside = _inside(schema, path)
        inside["required"] = [*inside.get("required", []), *names]

    return patch


def strict(*path: str) -> Patch:
    """Refuse properties that the object at ``path`` does not name."""

    def patch(schema: JSONSchema) -> None:
        _inside(schema, path)["additionalProperties"] = False

    return patch


# A getter that has nothing to show returns this; the field is left out.
OMIT: Any = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a view: ``since`` (to ``until``, inclusive), its getter.

    The getter is called with the row and with the view's own context.
    """

    since: str
    name: str
    get: Callable[[Any, Any], Any]
    until: str | None = None


class Fields:
    """The fields of a view in the order in which they are shown."""

    def __init__(self, *rows: Field) -> None:
        self.rows = rows
        self._cache: dict[
            Version, tuple[tuple[str, Callable[[Any, Any], Any]], ...]
        ] = {}

    def at(
        self, version: Version
    ) -> tuple[tuple[str, Callable[[Any, Any], Any]], ...]:
        """(name, getter) pairs at a version."""
        if version not in self._cache:
            self._cache[version] = tuple(
                (row.name, row.get)
                for row in self.rows
                if exists(version, row.since, row.until)
            )
        return self._cache[version]

    def show(self, version: Version, row: Any, view: Any) -> dict[str, Any]:
        """The view of one row."""
        shown = {}
        for name, get in self.at(version):
            value = get(row, view)
            if value is not OMIT:
                shown[name] = value
        return shown


def exists(version: Version, since: str, until: str | None) -> bool:
    """Whether a version lies in ``since`` to ``until``, both inclusive."""
    return parse(since) <= version and (
        until is None or version <= parse(until)
    )
