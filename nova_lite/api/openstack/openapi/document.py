# SPDX-License-Identifier: Apache-2.0
"""Makes an OpenAPI document of the tables that serve the Compute API.

Paths and verbs are those of the routes, bodies and queries the schemas that
validate, statuses and summaries those of the methods: nothing is written
twice. Called by ``openapi.app`` once for each version that is asked for.
"""

from __future__ import annotations

import http
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nova_lite.api.openstack import microversions
from nova_lite.api.openstack.microversions import Version
from nova_lite.api.openstack.openapi import components
from nova_lite.api.openstack.versioned import JSONSchema
from nova_lite.api.openstack.wsgi import (
    Action,
    Endpoint,
    Operation,
    Table,
    operation_of,
)

Method = Callable[..., Any]
Actions = Mapping[str, Sequence[Action]]

# What every operation may answer: a request that is none, no token, no
# right, a version that is none, a database that is away.
_EVERYWHERE = frozenset({400, 401, 403, 406, 503})
_WITH_BODY = frozenset({413, 415})
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_BODIES = frozenset({"POST", "PUT", "PATCH"})


def build(table: Table, actions: Actions, version: Version) -> dict[str, Any]:
    """The document of one microversion."""
    paths: dict[str, dict[str, Any]] = {}
    for path, verbs in table.items():
        for verb, endpoints in verbs.items():
            method = existing(endpoints, version)
            if method is not None:
                made = _operation(path, verb, method, version)
                paths.setdefault(path, {})[verb.lower()] = made
    for path, rows in actions.items():
        present = existing_actions(rows, version)
        if present:
            made = _action_operation(path, present, version)
            paths.setdefault(path, {})["post"] = made
    for path, item in paths.items():
        names = re.findall(r"{(\w+)}", path)
        item["parameters"] = [components.path_parameter(n) for n in names]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nova-lite: the Compute API",
            "version": str(version),
            "description": (
                "The OpenStack Compute API at microversion "
                f"{version}: {microversions.HISTORY[str(version)]}"
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "./v2.1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": components.build(version),
    }


def existing(endpoints: Iterable[Endpoint], version: Version) -> Method | None:
    """The method that serves a version, as the dispatcher chooses it."""
    for cls, name in endpoints:
        method: Method = getattr(cls, name)
        if operation_of(method).exists_at(version):
            return method
    return None


def existing_actions(
    rows: Iterable[Action], version: Version
) -> dict[str, Method]:
    """The actions of an action endpoint at a version, by their key."""
    by_name: dict[str, list[Endpoint]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row.endpoint)
    found = {
        name: existing(endpoints, version)
        for name, endpoints in by_name.items()
    }
    return {name: method for name, method in found.items() if method}


def errors(path: str, verb: str, facts: Operation) -> set[int]:
    """The statuses of the refusals that an operation may give."""
    found = set(_EVERYWHERE)
    if "{" in path:
        found.add(404)
    if verb in _BODIES:
        found |= _WITH_BODY
    if facts.errors is not None:
        found.update(facts.errors)
    elif verb in _WRITES:
        found.add(409)
    return found


def _operation(
    path: str, verb: str, method: Method, version: Version
) -> dict[str, Any]:
    facts = operation_of(method)
    made: dict[str, Any] = {
        **_head(path, verb),
        "summary": summary(method),
        "parameters": [components.VERSION_PARAMETER, *_query(facts, version)],
    }
    if facts.until is not None or facts.status.at(version) >= 400:
        made["deprecated"] = True
    if facts.body is not None:
        made["requestBody"] = _body(facts.body.at(version))
    made["responses"] = _responses([method], path, verb, version)
    return made


def _action_operation(
    path: str, present: Mapping[str, Method], version: Version
) -> dict[str, Any]:
    schemas = [
        _action_schema(name, method, version)
        for name, method in present.items()
    ]
    body = _body({"oneOf": schemas} if len(schemas) > 1 else schemas[0])
    return {
        **_head(path, "POST"),
        "summary": "Do one of: " + ", ".join(present),
        "parameters": [components.VERSION_PARAMETER],
        "requestBody": body,
        "responses": _responses(present.values(), path, "POST", version),
    }


def _action_schema(name: str, method: Method, version: Version) -> JSONSchema:
    body = operation_of(method).body
    schema: JSONSchema = (
        {
            "type": "object",
            "properties": {name: {}},
            "required": [name],
            "additionalProperties": False,
        }
        if body is None
        else body.at(version)
    )
    return {**schema, "title": name, "description": summary(method)}


def _head(path: str, verb: str) -> dict[str, Any]:
    slug = re.sub(r"\W+", "-", path).strip("-")
    return {
        "operationId": f"{verb.lower()}-{slug}",
        "tags": [path.split("/")[1]],
    }


def summary(method: Method) -> str:
    """The first line of a method's docstring."""
    return (method.__doc__ or "").strip().partition("\n")[0]


def _query(facts: Operation, version: Version) -> list[dict[str, Any]]:
    if facts.query is None:
        return []
    properties = facts.query.at(version).get("properties", {})
    return [
        components.query_parameter(name, schema)
        for name, schema in properties.items()
    ]


def _body(schema: JSONSchema) -> dict[str, Any]:
    return {
        "required": True,
        "content": {"application/json": {"schema": schema}},
    }


def _responses(
    methods: Iterable[Method], path: str, verb: str, version: Version
) -> dict[str, Any]:
    """Each status with its answer; of actions, those of all of them."""
    made: dict[int, dict[str, Any]] = {}
    for method in methods:
        facts = operation_of(method)
        status = facts.status.at(version)
        for code in errors(path, verb, facts):
            made[code] = components.fault_reference(code)
        if status >= 400:
            made[status] = components.fault_reference(status)
        elif status not in made or "content" in made[status]:
            # Where one of several actions answers without a body, a body
            # cannot be promised.
            made[status] = _success(method, facts, status, version)
        if facts.partial is not None:
            made[facts.partial] = _success(
                method, facts, facts.partial, version
            )
    return {str(status): made[status] for status in sorted(made)}


def _success(
    method: Method, facts: Operation, status: int, version: Version
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "description": http.HTTPStatus(status).phrase,
        "headers": components.header_references(),
    }
    if method.__annotations__["return"] not in (None, "None"):
        schema: JSONSchema = (
            components.answer(facts.answer or {}, version)
            if facts.media_type == "application/json"
            else {"type": "string"}
        )
        made["content"] = {facts.media_type: {"schema": schema}}
    return made
