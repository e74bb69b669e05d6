# SPDX-License-Identifier: Apache-2.0
"""The parts that all operations of the OpenAPI document share."""

from __future__ import annotations

import http
from typing import Any

from nova_lite.api.openstack import faults, microversions
from nova_lite.api.openstack.microversions import Version
from nova_lite.api.openstack.versioned import Fields, JSONSchema
from nova_lite.api.openstack.wsgi import Answer

# Every status that some operation may refuse with.
FAULTS = (400, 401, 403, 404, 406, 409, 410, 413, 415, 422, 429, 501, 503)

VERSION_PARAMETER = {"$ref": "#/components/parameters/version"}

_HEADERS = {
    microversions.HEADER: "The microversion that answered.",
    microversions.LEGACY_HEADER: "The same in its older form.",
    "Vary": "The headers that the answer hangs on.",
    "X-Compute-Request-Id": "The id under which the logs know the request.",
    "X-OpenStack-Request-ID": "The same.",
}


def build(version: Version) -> dict[str, Any]:
    """The document's components at a version."""
    return {
        "securitySchemes": {
            "token": {
                "type": "apiKey",
                "in": "header",
                "name": "X-Auth-Token",
                "description": "A token of the identity service.",
            }
        },
        "parameters": {
            "version": {
                "name": microversions.HEADER,
                "in": "header",
                "required": True,
                "description": "Asks for this microversion; without it, the "
                f"answer is that of {microversions.MIN}.",
                "schema": {"const": f"{microversions.SERVICE} {version}"},
            }
        },
        "headers": {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in _HEADERS.items()
        },
        "responses": {f"fault-{code}": _fault(code) for code in FAULTS},
        "schemas": {"fault": _FAULT},
    }


_FAULT: JSONSchema = {
    "type": "object",
    "properties": {
        "code": {"type": "integer", "description": "The HTTP status."},
        "message": {
            "type": "string",
            "description": "What was wrong, for a person.",
        },
    },
    "required": ["code", "message"],
}


def _fault(code: int) -> dict[str, Any]:
    kind = faults.KINDS.get(code, "computeFault")
    schema: JSONSchema = {
        "type": "object",
        "properties": {kind: {"$ref": "#/components/schemas/fault"}},
        "required": [kind],
    }
    if code == 401:
        # It may be the identity service's middleware that says it.
        schema = {
            "type": "object",
            "additionalProperties": {"$ref": "#/components/schemas/fault"},
        }
    return {
        "description": http.HTTPStatus(code).phrase,
        "headers": header_references(),
        "content": {"application/json": {"schema": schema}},
    }


def fault_reference(code: int) -> dict[str, str]:
    """Where the answer of a refusal is described."""
    if code not in FAULTS:
        raise ValueError(f"{code} is not described")
    return {"$ref": f"#/components/responses/fault-{code}"}


def header_references() -> dict[str, Any]:
    """The headers of each answer."""
    return {
        name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS
    }


def path_parameter(name: str) -> dict[str, Any]:
    """A parameter of a path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1},
    }


def query_parameter(name: str, schema: JSONSchema) -> dict[str, Any]:
    """A parameter of a query, whose schema is one of its list of values."""
    made: dict[str, Any] = {"name": name, "in": "query"}
    if schema.get("maxItems") == 1 and "items" in schema:
        return {**made, "schema": schema["items"]}
    return {**made, "schema": schema, "style": "form", "explode": True}


def answer(views: Answer, version: Version) -> JSONSchema:
    """An answer: the names of the fields that its views have by then."""
    properties: dict[str, JSONSchema] = {}
    for key, fields in views.items():
        if isinstance(fields, list):
            (each,) = fields
            properties[key] = {"type": "array", "items": _view(each, version)}
        else:
            properties[key] = _view(fields, version)
    made: JSONSchema = {"type": "object"}
    if properties:
        made |= {"properties": properties, "required": list(properties)}
    return made


def _view(fields: Fields, version: Version) -> JSONSchema:
    # What has nothing to show may be left out: no field is required.
    return {
        "type": "object",
        "properties": {name: {} for name, _ in fields.at(version)},
        "additionalProperties": False,
    }
