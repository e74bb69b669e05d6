# SPDX-License-Identifier: Apache-2.0
"""The formats that the schemas name, checked by jsonschema."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import unicodedata
import uuid
from typing import Any
from urllib.parse import urlsplit

import jsonschema
from oslo_utils import timeutils

CHECKER = jsonschema.FormatChecker(formats=())

_HOSTNAME = re.compile(r"[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,253}[a-zA-Z0-9])?")
_LABEL = re.compile(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")


@CHECKER.checks("uuid")
def _uuid(value: object) -> bool:
    return not isinstance(value, str) or is_uuid(value)


def is_uuid(value: str) -> bool:
    """Whether a text is a uuid, with or without its dashes."""
    try:
        return str(uuid.UUID(value)).replace("-", "") == value.replace(
            "-", ""
        ).lower().strip("{}")
    except ValueError:
        return False


@CHECKER.checks("date-time")
def _date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        found = timeutils.parse_isotime(value)
        timeutils.normalize_time(found)
    except (ValueError, OverflowError):
        return False
    return found.year >= 1


@CHECKER.checks("base64")
def _base64(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        base64.b64decode(re.sub(r"\s", "", value), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


@CHECKER.checks("uri")
def _uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


@CHECKER.checks("ipv4")
def _ipv4(value: object) -> bool:
    return not isinstance(value, str) or _address(value, 4)


@CHECKER.checks("ipv6")
def _ipv6(value: object) -> bool:
    return not isinstance(value, str) or _address(value, 6)


def _address(value: str, version: int) -> bool:
    try:
        found = ipaddress.ip_address(value)
    except ValueError:
        return False
    return found.version == version and "%" not in value


@CHECKER.checks("cidr")
def _cidr(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return "/" in value


@CHECKER.checks("regex")
def _regex(value: object) -> bool:
    return not isinstance(value, str) or _is_cheap_regex(value)


_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
# With three, a name of 255 characters can take a second; with two, 13 ms.
_MAX_REPEATS = 2


def _is_cheap_regex(pattern: str) -> bool:
    """Whether a pattern compiles, and no text makes it run for ages.

    With SQLite it is Python that matches, in the API process: repeats of
    repeats or of alternatives would let a user stop it.
    """
    try:
        tree = re._parser.parse(pattern)  # type: ignore[attr-defined]
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    repeats, nested = _count_repeats(tree, inside=False)
    return repeats <= _MAX_REPEATS and not nested


def _count_repeats(node: Any, *, inside: bool) -> tuple[int, bool]:
    """How many repeats a parsed pattern has, and whether one holds more."""
    found, nested = 0, False
    for item in node:
        if not isinstance(item, tuple | list) and not hasattr(item, "data"):
            continue
        here = inside
        name = str(item[0]) if isinstance(item, tuple) and item else ""
        if name in _REPEATS or (name == "BRANCH" and inside):
            nested = nested or inside
            found += 1
            here = True
        more, deeper = _count_repeats(item, inside=here)
        found, nested = found + more, nested or deeper
    return found, nested


@CHECKER.checks("hostname-label")
def _label(value: object) -> bool:
    return not isinstance(value, str) or bool(_LABEL.fullmatch(value))


@CHECKER.checks("hostname-or-node")
def _host(value: object) -> bool:
    return not isinstance(value, str) or bool(_HOSTNAME.fullmatch(value))


@CHECKER.checks("name")
def _name(value: object) -> bool:
    return not isinstance(value, str) or (
        bool(value) and value == value.strip() and _printable(value)
    )


@CHECKER.checks("name-with-spaces")
def _name_with_spaces(value: object) -> bool:
    return not isinstance(value, str) or (
        bool(value.strip()) and _printable(value)
    )


@CHECKER.checks("key-name")
def _key_name(value: object) -> bool:
    return not isinstance(value, str) or (
        value == value.strip() and bool(re.fullmatch(r"[\w\- ]+", value, re.A))
    )


@CHECKER.checks("key-name-292")
def _key_name_292(value: object) -> bool:
    return not isinstance(value, str) or (
        value == value.strip()
        and bool(re.fullmatch(r"[\w\- @.]+", value, re.A))
    )


def _printable(value: str) -> bool:
    categories = map(unicodedata.category, value)
    return all(c == "Zs" or c[0] not in "CZ" for c in categories)


# What is said when a value does not have its format.
REASONS = {
    "uuid": "It must be a UUID.",
    "date-time": "It must be a time of ISO 8601, like 2026-01-31T12:00:00Z.",
    "base64": "It must be base64.",
    "uri": "It must be a URI with a scheme and a host.",
    "ipv4": "It must be an IPv4 address.",
    "ipv6": "It must be an IPv6 address.",
    "cidr": "It must be a network in CIDR form.",
    "regex": (
        "It must be a regular expression with at most three repeats (*, +, "
        "{}), none of which repeats another one or alternatives."
    ),
    "hostname-label": (
        "It must be a host name of letters, digits and inner '-', at most "
        "63 characters."
    ),
    "hostname-or-node": "It must be the name of a host.",
    "name": (
        "The name must be made of printable characters and must not begin "
        "or end with white space."
    ),
    "name-with-spaces": (
        "The name must be made of printable characters, not of white space "
        "alone."
    ),
    "key-name": (
        "The name may have letters, digits, '_', '-' and inner spaces only."
    ),
    "key-name-292": (
        "The name may have letters, digits, '_', '-', '@', '.' and inner "
        "spaces only."
    ),
}
