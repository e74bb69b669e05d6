# SPDX-License-Identifier: Apache-2.0
"""The query string of ``GET /v2/images`` as a repository's ``Query``."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from nova_lite import exception
from nova_lite.db.repositories import image as images_db
from nova_lite.embedded.image import schemas

_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}
# Filters that take ``in:a,b``.
_LISTS = ("id", "name", "status", "container_format", "disk_format")
_INTEGERS = ("min_disk", "min_ram")
_BOOLEANS = ("protected", "os_hidden")
_TIMES = ("created_at", "updated_at")
_OPERATORS = ("lt", "lte", "gt", "gte", "eq", "neq")
_PAGING = ("limit", "marker", "sort", "sort_key", "sort_dir")
_INT_MAX = 2**63 - 1


def parse(items: Iterable[tuple[str, str]]) -> images_db.Query:
    """Filters of a list; a name that is no attribute filters a property.

    Raises: Invalid.
    """
    equal: dict[str, list[Any]] = {"os_hidden": [False]}
    times: list[tuple[str, str, datetime.datetime]] = []
    properties: dict[str, str] = {}
    tags: list[str] = []
    special: dict[str, Any] = {}
    for name, value in items:
        if name in _PAGING:
            continue
        if name == "tag":
            tags.append(value)
        elif name in _TIMES:
            times.append(_time(name, value))
        elif name in ("size_min", "size_max"):
            special[name] = _integer(name, value)
        elif name == "visibility":
            special[name] = _choice(
                name, value, (*schemas.VISIBILITIES, "all")
            )
        elif name == "member_status":
            special[name] = _choice(
                name, value, (*schemas.MEMBER_STATUSES, "all")
            )
        elif name in images_db.COLUMNS:
            equal[name] = _values(name, value)
        else:
            properties[name] = value
    return images_db.Query(
        equal=equal,
        times=times,
        properties=properties,
        tags=tags,
        **special,
    )


def sorting(params: Any) -> list[tuple[str, str]]:
    """The order of a list: ``sort``, or ``sort_key`` with ``sort_dir``.

    Raises: Invalid, InvalidSortKey.
    """
    keys = params.getall("sort_key")
    directions = params.getall("sort_dir")
    if "sort" in params:
        if keys or directions:
            raise exception.Invalid(
                "Use either sort, or sort_key and sort_dir, not both."
            )
        pairs = []
        for part in params["sort"].split(","):
            name, _, direction = part.strip().partition(":")
            pairs.append((name, direction or "desc"))
    else:
        pairs = _zipped(keys or ["created_at"], directions)
    for name, direction in pairs:
        if name not in images_db.SORT_KEYS:
            raise exception.InvalidSortKey(
                key=name, allowed=", ".join(images_db.SORT_KEYS)
            )
        _choice("sort direction", direction, ("asc", "desc"))
    return pairs


def _zipped(keys: list[str], directions: list[str]) -> list[tuple[str, str]]:
    if len(directions) > 1 and len(directions) != len(keys):
        raise exception.Invalid(
            "Give one sort_dir, or as many as there are sort_key."
        )
    if len(directions) < 2:
        directions = (directions or ["desc"]) * len(keys)
    return list(zip(keys, directions, strict=True))


def _values(name: str, value: str) -> list[Any]:
    if name in _INTEGERS:
        return [_integer(name, value)]
    if name in _BOOLEANS:
        known: Mapping[str, bool] = _BOOLEAN
        if value.lower() not in known:
            raise exception.Invalid(
                f"{name} must be true or false, not '{value[:40]}'."
            )
        return [known[value.lower()]]
    if name in _LISTS and value.startswith("in:"):
        return _split(value[3:])
    return [value]


def _split(text: str) -> list[str]:
    """Values with commas between; one with a comma stands in quotes."""
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise exception.Invalid(
            f"The list of values after 'in:' has unbalanced quotes: {error}."
        ) from error


def _integer(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 19:
        raise exception.Invalid(
            f"{name} must be a whole number from 0 up, not '{value[:40]}'."
        )
    return min(int(value), _INT_MAX)


def _choice(name: str, value: str, allowed: Iterable[str]) -> str:
    if value not in allowed:
        raise exception.Invalid(
            f"{name} must be one of {', '.join(allowed)}, not '{value[:40]}'."
        )
    return value


def _time(name: str, value: str) -> tuple[str, str, datetime.datetime]:
    operator, colon, text = value.partition(":")
    if not colon or operator not in _OPERATORS:
        operator, text = "eq", value
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise exception.Invalid(
            f"{name} must be a time such as gte:2026-01-31T12:00:00Z."
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return name, operator, moment
