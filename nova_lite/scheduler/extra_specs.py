# SPDX-License-Identifier: Apache-2.0
"""The small language in which extra specs say what a value must be.

``>= 4`` and the like compare numbers (a lone ``=`` means at least), ``s==``
and the like text, ``<in>`` and ``<all-in>`` ask for members, ``<or>`` lists
choices, ``<range-in>`` is an interval. Anything else must be equal.
Used by ComputeCapabilitiesFilter.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "s==": operator.eq,
    "s!=": operator.ne,
    "s<": operator.lt,
    "s<=": operator.le,
    "s>": operator.gt,
    "s>=": operator.ge,
}
_RANGE = re.compile(
    r"(?P<open>[\[(])\s*(?P<low>\S+?)\s+(?P<high>\S+?)\s*(?P<close>[\])])$"
)


def match(value: Any, wanted: str) -> bool:
    """Whether a host's value is what an extra spec wants.

    What cannot be compared (a number asked for, a word found) is no match.
    """
    words = wanted.split()
    if not words:
        return str(value) == wanted
    first, rest = words[0], " ".join(words[1:])
    try:
        if first in _NUMBERS:
            return _NUMBERS[first](float(value), float(rest))
        if first in _TEXTS:
            return _TEXTS[first](str(value), rest)
        if first == "<or>":
            choices = wanted.split("<or>")[1:]
            return str(value) in {choice.strip() for choice in choices}
        if first in ("<in>", "<all-in>"):
            return _has_members(value, words)
        if first == "<range-in>":
            return _in_range(float(value), rest)
    except (TypeError, ValueError):
        return False
    return str(value) == wanted.strip()


def _has_members(value: Any, words: list[str]) -> bool:
    """``<in> word``: part of a text, or a member of a collection."""
    asked = [word for word in words if word not in ("<in>", "<all-in>")]
    held = _collection(value) if words[0] == "<all-in>" else value
    return all(word in held for word in asked)


def _collection(value: Any) -> Any:
    """A list that is written as text becomes a list again."""
    if isinstance(value, str) and value[:1] in ("[", "(", "{"):
        try:
            return ast.literal_eval(value)
        except SyntaxError:
            return value
    return value


def _in_range(value: float, text: str) -> bool:
    found = _RANGE.match(text)
    if found is None:
        return False
    low, high = float(found["low"]), float(found["high"])
    above = value >= low if found["open"] == "[" else value > low
    below = value <= high if found["close"] == "]" else value < high
    return above and below
