# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI documents: each version is valid, and nothing is left out."""

from __future__ import annotations

import gzip
import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import webob
from openapi_spec_validator import OpenAPIV31SpecValidator

from nova_lite.api.openstack.compute import routes, server_actions
from nova_lite.api.openstack.compute.gone import GoneController
from nova_lite.api.openstack.microversions import HISTORY, Version, parse
from nova_lite.api.openstack.openapi import components, document
from nova_lite.api.openstack.openapi.app import OpenAPIApp
from nova_lite.api.openstack.versioned import Schema
from nova_lite.api.openstack.wsgi import Endpoint, operation_of

ROUTES, ACTIONS = routes.ROUTES, server_actions.ACTIONS
# Keywords that later drafts of JSON Schema no longer know.
OLD = {"dependencies", "definitions", "additionalItems", "$ref"}


def every() -> Iterator[tuple[str, str, Endpoint]]:
    """Path, verb and method of each row."""
    for path, verbs in ROUTES.items():
        for verb, endpoints in verbs.items():
            for endpoint in endpoints:
                yield path, verb, endpoint
    for path, rows in ACTIONS.items():
        for row in rows:
            yield path, "POST", row.endpoint


def ids(row: Any) -> str:
    return "-".join(str(part) for part in row[:2]) + "-" + row[2][1]


def changes() -> set[Version]:
    """The versions at which some document is not the one before."""
    found: set[Version] = set()
    for _, _, (cls, name) in every():
        facts = operation_of(getattr(cls, name))
        found.add(parse(facts.since))
        if facts.until is not None:
            last = parse(facts.until)
            found.add(Version(last.major, last.minor + 1))
        for schema in (facts.body, facts.query):
            found.update(schema.changes if schema is not None else ())
        found.update(version for version, _ in facts.status.steps)
    return {version for version in found if str(version) in HISTORY}


@pytest.mark.parametrize("version", sorted(changes()), ids=str)
def test_each_version_is_valid(version: Version) -> None:
    made = document.build(ROUTES, ACTIONS, version)
    errors = list(OpenAPIV31SpecValidator(made).iter_errors())
    assert not errors, errors[0].message
    operations = [
        operation
        for item in made["paths"].values()
        for verb, operation in item.items()
        if verb != "parameters"
    ]
    idents = [operation["operationId"] for operation in operations]
    assert len(set(idents)) == len(idents)


@pytest.mark.parametrize("row", list(every()), ids=ids)
def test_each_operation_says_what_openapi_needs(
    row: tuple[str, str, Endpoint],
) -> None:
    path, verb, (cls, name) = row
    method = getattr(cls, name)
    facts = operation_of(method)
    assert document.summary(method).endswith("."), "a sentence is its summary"
    assert "return" in method.__annotations__
    arguments = inspect.signature(method).parameters
    if cls is not GoneController and "_arguments" not in arguments:
        in_path = set(re.findall(r"{(\w+)}", path))
        assert set(arguments) - {"self", "request", "body"} == in_path
    assert ("body" in arguments) == (facts.body is not None)
    source = inspect.getsource(method)
    if re.search(r"request\.(one\(|query\b)|page_of\(", source):
        assert facts.query is not None, "it reads a query without a schema"
    for code in document.errors(path, verb, facts):
        assert components.fault_reference(code)


def schemas() -> Iterator[Any]:
    for path, verb, (cls, name) in every():
        facts = operation_of(getattr(cls, name))
        for kind, schema in (("body", facts.body), ("query", facts.query)):
            if schema is not None:
                yield pytest.param(schema, id=f"{verb}-{path}-{name}-{kind}")


def words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield key
            if key not in ("properties", "patternProperties", "enum"):
                yield from words(inside)
            elif isinstance(inside, dict):
                for named in inside.values():
                    yield from words(named)
    elif isinstance(value, list):
        for item in value:
            yield from words(item)


@pytest.mark.parametrize("schema", list(schemas()))
def test_schemas_are_the_same_in_both_drafts(schema: Schema) -> None:
    # Draft 7 validates requests, OpenAPI 3.1 is 2020-12.
    for version in schema.changes:
        made = schema.at(version)
        jsonschema.Draft7Validator.check_schema(made)
        jsonschema.Draft202012Validator.check_schema(made)
        assert not set(words(made)) & OLD


def test_a_path_is_there_from_and_to_its_versions() -> None:
    def paths(version: str) -> Any:
        return document.build(ROUTES, ACTIONS, parse(version))["paths"]

    assert "/images" in paths("2.35")
    assert "/images" not in paths("2.36")
    assert "/images/{image_id}/metadata" in paths("2.38")
    assert "/images/{image_id}/metadata" not in paths("2.39")
    assert "put" not in paths("2.54")["/flavors/{flavor_id}"]
    assert "put" in paths("2.55")["/flavors/{flavor_id}"]
    gone = paths("2.96")["/os-agents"]["get"]
    assert gone["deprecated"]
    assert sorted(gone["responses"]) == [
        "400",
        "401",
        "403",
        "406",
        "410",
        "503",
    ]


def test_an_operation_tells_its_form_at_the_version() -> None:
    def create(version: str) -> Any:
        made = document.build(ROUTES, ACTIONS, parse(version))
        return made["paths"]["/os-keypairs"]["post"]

    assert "200" in create("2.1")["responses"]
    assert "201" in create("2.2")["responses"]
    for version, has_type in (("2.1", False), ("2.2", True)):
        content = create(version)["requestBody"]["content"]
        body = content["application/json"]["schema"]
        asked = body["properties"]["keypair"]["properties"]
        assert ("type" in asked) == has_type


def test_actions_are_one_of() -> None:
    made = document.build(ROUTES, ACTIONS, parse("2.96"))
    post = made["paths"]["/flavors/{flavor_id}/action"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    titles = [one["title"] for one in schema["oneOf"]]
    assert titles == ["addTenantAccess", "removeTenantAccess"]


def ask(app: OpenAPIApp, query: str = "", **headers: str) -> webob.Response:
    request = webob.Request.blank("/" + query)
    request.headers.update(headers)
    return request.get_response(app)


def test_the_application_answers_by_version() -> None:
    app = OpenAPIApp(ROUTES, ACTIONS)
    assert ask(app).json["info"]["version"] == next(reversed(HISTORY))
    old = ask(app, "?microversion=2.1")
    assert old.json["info"]["version"] == "2.1"
    assert "Content-Encoding" not in old.headers
    packed = ask(app, "?microversion=2.1", **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == old.json


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("2.999", 406, "computeFault"),
        ("two", 400, "badRequest"),
        ("", 400, "badRequest"),
        ("%ff", 400, "badRequest"),
    ],
)
def test_a_version_that_is_none(text: str, status: int, kind: str) -> None:
    answer = ask(OpenAPIApp(ROUTES, ACTIONS), f"?microversion={text}")
    assert answer.status_code == status
    assert answer.json[kind]["code"] == status


def test_nothing_is_made_before_it_is_asked_for() -> None:
    app = OpenAPIApp(ROUTES, ACTIONS)
    assert not app._made
    first = ask(app, "?microversion=2.53").body
    assert list(app._made) == [parse("2.53")]
    assert ask(app, "?microversion=2.53").body == first
    assert len(app._made[parse("2.53")]) < 40_000


def test_an_answer_names_the_fields_of_its_version() -> None:
    def fields(version: str) -> Any:
        made = document.build(ROUTES, ACTIONS, parse(version))
        show = made["paths"]["/flavors/{flavor_id}"]["get"]
        content = show["responses"]["200"]["content"]
        answer = content["application/json"]["schema"]
        assert answer["required"] == ["flavor"]
        return answer["properties"]["flavor"]["properties"]

    assert "extra_specs" not in fields("2.60")
    assert "extra_specs" in fields("2.61")
