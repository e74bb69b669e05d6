# SPDX-License-Identifier: Apache-2.0
"""Checks of single values, for the rows of ``attributes.Attribute``.

Each takes a value of a body and returns it as it is kept, or raises
ValueError with the reason.
"""

from __future__ import annotations

import ipaddress
import re
import uuid as uuid_lib
from collections.abc import Callable, Sequence
from typing import Any

Check = Callable[[Any], Any]
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def _shown(value: Any) -> str:
    return f"'{str(value)[:80]}'"


def text(most: int = 255) -> Check:
    """A string of at most ``most`` characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{_shown(value)} is not a valid string")
        if len(value) > most:
            raise ValueError(
                f"{_shown(value)} exceeds maximum length of {most}"
            )
        return value

    return check


def boolean(value: Any) -> bool:
    """True or false, also as text or as 0 and 1."""
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}
    found = known.get(str(value).lower())
    if found is None or isinstance(value, float):
        raise ValueError(f"{_shown(value)} cannot be converted to boolean")
    return found


def integer(least: int, most: int) -> Check:
    """A whole number of a range, also as text."""

    def check(value: Any) -> int:
        try:
            if isinstance(value, bool | float):
                raise ValueError
            found = int(value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{_shown(value)} is not an integer") from error
        if not least <= found <= most:
            raise ValueError(
                f"{_shown(value)} is not in the range {least} to {most}"
            )
        return found

    return check


def one_of(*choices: Any) -> Check:
    """One of the given values."""

    def check(value: Any) -> Any:
        if isinstance(value, list | dict) or value not in choices:
            names = [str(one) for one in choices]
            raise ValueError(f"{_shown(value)} is not in {names}")
        return value

    return check


def or_none(check: Check) -> Check:
    """What ``check`` lets pass, or null."""
    return lambda value: None if value is None else check(value)


def uuid(value: Any) -> str:
    """A UUID."""
    try:
        if not isinstance(value, str):
            raise ValueError
        uuid_lib.UUID(value)
    except ValueError as error:
        raise ValueError(f"{_shown(value)} is not a valid UUID") from error
    return value


def list_of(check: Check, most: int = 1000, doubles: bool = False) -> Check:
    """A list whose items each pass ``check``; none twice, or ``doubles``."""

    def check_list(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError(f"{_shown(value)} is not a list")
        if len(value) > most:
            raise ValueError(f"it has more than {most} items")
        found = [check(one) for one in value]
        if not doubles and any(
            one in found[:i] for i, one in enumerate(found)
        ):
            raise ValueError("Duplicate items in the list")
        return found

    return check_list


def mapping(**checks: Check) -> Check:
    """An object with no other keys than these; each may be absent."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(f"{_shown(value)} is not a dictionary")
        unknown = set(value) - set(checks)
        if unknown:
            raise ValueError(f"it has unknown keys {sorted(unknown)}")
        return {name: checks[name](value[name]) for name in value}

    return check


def needing(check: Check, names: Sequence[str]) -> Check:
    """An object that passes ``check`` and has all these keys."""

    def check_all(value: Any) -> dict[str, Any]:
        found: dict[str, Any] = check(value)
        absent = [name for name in names if name not in found]
        if absent:
            raise ValueError(f"it needs the keys {absent}")
        return found

    return check_all


def document(value: Any) -> dict[str, Any]:
    """An object with whatever is in it; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{_shown(value)} is not a dictionary")
    return value


def address(value: Any) -> str:
    """An IP address in its usual form."""
    try:
        if not isinstance(value, str) or "%" in value:
            raise ValueError
        return str(ipaddress.ip_address(value))
    except ValueError as error:
        raise ValueError(
            f"{_shown(value)} is not a valid IP address"
        ) from error


def cidr(value: Any) -> str:
    """A subnet as network address and length; host bits are cut."""
    try:
        # A scope ("fe80::%eth0/64") may be any text at all.
        if not isinstance(value, str) or "/" not in value or "%" in value:
            raise ValueError
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError as error:
        raise ValueError(
            f"{_shown(value)} is not a valid IP subnet"
        ) from error


def address_or_cidr(value: Any) -> str:
    """An address, or a range of them."""
    return (
        cidr(value)
        if isinstance(value, str) and "/" in value
        else (address(value))
    )


def mac(value: Any) -> str:
    """A MAC address of one interface, in lower case with colons."""
    found = str(value).replace("-", ":").lower()
    if not isinstance(value, str) or not _MAC.fullmatch(found):
        raise ValueError(f"{_shown(value)} is not a valid MAC address")
    if found == "00:00:00:00:00:00" or int(found[:2], 16) & 1:
        raise ValueError(f"{_shown(value)} is not a permitted MAC address")
    return found


def dns_name(value: Any) -> str:
    """A host name, or a domain name; empty is none."""
    found: str = text()(value)
    if found and not all(map(_LABEL.fullmatch, found.rstrip(".").split("."))):
        raise ValueError(f"{_shown(value)} is not a valid DNS name")
    return found.lower()
