# SPDX-License-Identifier: Apache-2.0
"""Checks bodies and queries against schemas; says in a sentence what is off.

Called by the dispatcher before a controller's method. A number may come as
a string of digits where a schema allows both, and its limits count then too.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
from jsonschema import exceptions, validators

from nova_lite import exception
from nova_lite.api.openstack import formats
from nova_lite.api.openstack.microversions import Version
from nova_lite.api.openstack.versioned import JSONSchema, Schema

_SHOWN = 300  # characters of a wrong value that the answer repeats


def check_body(
    schema: Schema, version: Version, body: Any, *, lax: bool = False
) -> None:
    """Raises: ValidationError. ``lax`` removes unknown properties."""
    _check(_validator(schema, version, lax), body, "field/attribute")


def check_query(
    schema: Schema,
    version: Version,
    query: dict[str, list[str]],
    *,
    lax: bool = False,
) -> None:
    """Check a query, each parameter of which is a list of its values.

    Raises: ValidationError.
    """
    _check(_validator(schema, version, lax), query, "query parameters")


def _check(validator: Any, value: Any, where: str) -> None:
    try:
        error = exceptions.best_match(validator.iter_errors(value))
    except RecursionError:
        raise exception.ValidationError(
            detail="The request is nested too deeply."
        ) from None
    if error is None:
        return
    reason = _reason(error)
    if not error.path:
        raise exception.ValidationError(detail=reason)
    # In a query the last part is the place among the repeated values.
    names = [p for p in error.path if isinstance(p, str)]
    place = error.path[-1] if where.startswith("field") else names[-1]
    shown = str(error.instance)
    if len(shown) > _SHOWN:
        shown = shown[:_SHOWN] + "..."
    raise exception.ValidationError(
        detail=f"Invalid input for {where} {place}. Value: {shown}. {reason}"
    )


def _reason(error: Any) -> str:
    if error.validator == "format":
        return formats.REASONS[error.validator_value]
    text = str(error.message)
    return text if len(text) <= 3 * _SHOWN else text[: 3 * _SHOWN] + "..."


def _validator(schema: Schema, version: Version, lax: bool) -> Any:
    return _made(_Key(schema.at(version)), lax)


class _Key:
    """A schema by identity: ``Schema.at`` gives the same object each time."""

    def __init__(self, schema: JSONSchema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.schema is self.schema


@functools.cache
def _made(key: _Key, lax: bool) -> Any:
    kind = _LaxValidator if lax else _Validator
    return kind(key.schema, format_checker=formats.CHECKER)


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        try:
            return int(value) if len(value) < 40 else float(value)
        except ValueError:
            try:
                return float(value)
            except ValueError:
                return None
    return None


def _minimum(
    _validator: Any, limit: float, value: Any, _schema: Any
) -> Iterator[Any]:
    number = _number(value)
    if number is not None and number < limit:
        yield jsonschema.ValidationError(
            f"{value!r} is less than the minimum of {limit}"
        )


def _above(
    _validator: Any, limit: float, value: Any, _schema: Any
) -> Iterator[Any]:
    number = _number(value)
    if number is not None and number <= limit:
        yield jsonschema.ValidationError(f"{value!r} is not above {limit}")


def _maximum(
    _validator: Any, limit: float, value: Any, _schema: Any
) -> Iterator[Any]:
    number = _number(value)
    if number is not None and not number <= limit:
        yield jsonschema.ValidationError(
            f"{value!r} is greater than the maximum of {limit}"
        )


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft7Validator,
    {"minimum": _minimum, "exclusiveMinimum": _above, "maximum": _maximum},
)


def _remove_additional(
    _validator: Any, allowed: Any, value: Any, schema: Any
) -> Iterator[Any]:
    """Take out what the schema does not name: the old API passes over it."""
    if allowed is False and isinstance(value, dict):
        patterns = schema.get("patternProperties", {})
        for name in set(value) - set(schema.get("properties", {})):
            if not any(re.search(pattern, name) for pattern in patterns):
                del value[name]
    yield from ()


_LaxValidator: Any = validators.extend(  # type: ignore[no-untyped-call]
    _Validator, {"additionalProperties": _remove_additional}
)
