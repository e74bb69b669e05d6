# SPDX-License-Identifier: Apache-2.0
"""The schemas of single values, of which those of the resources are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite.api.openstack.versioned import JSONSchema

# What fits in a column, and in a signed 32-bit number.
MAX_INT = 0x7FFFFFFF

BOOLEAN: JSONSchema = {
    "type": ["boolean", "string"],
    "enum": [
        True,
        "True",
        "TRUE",
        "true",
        "1",
        "ON",
        "On",
        "on",
        "YES",
        "Yes",
        "yes",
        False,
        "False",
        "FALSE",
        "false",
        "0",
        "OFF",
        "Off",
        "off",
        "NO",
        "No",
        "no",
    ],
}
NAME: JSONSchema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "format": "name",
}
DESCRIPTION: JSONSchema = {
    "type": ["string", "null"],
    "minLength": 0,
    "maxLength": 255,
    "pattern": r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
}
UUID: JSONSchema = {"type": "string", "format": "uuid"}
TEXT: JSONSchema = {"type": "string", "minLength": 1, "maxLength": 255}
ANY_TEXT: JSONSchema = {"type": "string", "minLength": 0, "maxLength": 255}
HOST: JSONSchema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[a-zA-Z0-9-._]*$",
}
HOSTNAME: JSONSchema = {
    "type": "string",
    "minLength": 2,
    "maxLength": 63,
    "format": "hostname-label",
}
FLAVOR_REF: JSONSchema = {
    "type": ["string", "integer"],
    "minLength": 1,
    "maxLength": 255,
    "maximum": MAX_INT,
}
METADATA: JSONSchema = {
    "type": "object",
    "patternProperties": {r"^[a-zA-Z0-9-_:. ]{1,255}$": ANY_TEXT},
    "additionalProperties": False,
}
TAG: JSONSchema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 60,
    "pattern": "^[^,/]*$",
}
DISK_CONFIG: JSONSchema = {"type": "string", "enum": ["AUTO", "MANUAL"]}
IPV4: JSONSchema = {"type": "string", "format": "ipv4"}
IPV6: JSONSchema = {"type": "string", "format": "ipv6"}
IP: JSONSchema = {"oneOf": [IPV4, IPV6]}
ADMIN_PASSWORD: JSONSchema = {"type": "string", "maxLength": 255}
PROJECT: JSONSchema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": r"^[a-zA-Z0-9-]*$",
}


def integer(minimum: int, maximum: int = MAX_INT) -> JSONSchema:
    """A whole number, or its digits as text."""
    return {
        "type": ["integer", "string"],
        "pattern": "^[0-9]+$",
        "minimum": minimum,
        "maximum": maximum,
        "minLength": 1,
        "maxLength": 10,
    }


def body(
    key: str,
    properties: Mapping[str, Any],
    required: tuple[str, ...] = (),
) -> JSONSchema:
    """A body of one object below ``key``."""
    inside: JSONSchema = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    if required:
        inside["required"] = list(required)
    return {
        "type": "object",
        "properties": {key: inside},
        "required": [key],
        "additionalProperties": False,
    }


def bare_action(name: str) -> JSONSchema:
    """A body that says no more than which action is asked for."""
    return {
        "type": "object",
        "properties": {name: {}},
        "required": [name],
        "additionalProperties": False,
    }


def one(value: JSONSchema) -> JSONSchema:
    """A query parameter that is given at most once."""
    return {"type": "array", "maxItems": 1, "items": value}


def many(value: JSONSchema) -> JSONSchema:
    """A query parameter that may be repeated."""
    return {"type": "array", "items": value}


def query(
    properties: Mapping[str, Any], *, strict: bool = False
) -> JSONSchema:
    """A query; not ``strict`` passes unknown parameters over."""
    return {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": not strict,
    }


# Digits; how many are shown is cut to [api] max_limit.
LIMIT: JSONSchema = {
    "type": "string",
    "pattern": "^[0-9]+$",
    "minLength": 1,
}
PAGING: Mapping[str, JSONSchema] = {
    "limit": many(LIMIT),
    "marker": many({"type": "string", "maxLength": 255}),
}
TIME: JSONSchema = {"type": "string", "format": "date-time", "maxLength": 60}
EMPTY: JSONSchema = query({})
