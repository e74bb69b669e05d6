# SPDX-License-Identifier: Apache-2.0
"""The tables of the API: versions, schemas, views, routes, policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from oslo_config import cfg

import nova_lite
from nova_lite import policies
from nova_lite.api.openstack import formats
from nova_lite.api.openstack.compute import routes, server_actions, status
from nova_lite.api.openstack.compute.views import server_fields as views
from nova_lite.api.openstack.microversions import HISTORY, MAX, MIN, parse
from nova_lite.api.openstack.versioned import (
    Field,
    Fields,
    Schema,
    Value,
    add,
    remove,
    require,
)
from nova_lite.api.openstack.wsgi import Operation, operation_of
from nova_lite.compute import vm_states

API = Path(nova_lite.__file__).parent / "api"


def _operations() -> Iterator[tuple[str, Operation]]:
    endpoints = [
        endpoint
        for verbs in routes.ROUTES.values()
        for rows in verbs.values()
        for endpoint in rows
    ]
    endpoints += [
        row.endpoint
        for rows in server_actions.ACTIONS.values()
        for row in rows
    ]
    for cls, name in endpoints:
        yield f"{cls.__name__}.{name}", operation_of(getattr(cls, name))


OPERATIONS = dict(_operations())
SCHEMAS = [
    (name, schema)
    for name, facts in OPERATIONS.items()
    for schema in (facts.body, facts.query)
    if schema is not None
]


def _formats_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("format"), str):
            yield schema["format"]
        for value in schema.values():
            yield from _formats_in(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _formats_in(value)


def test_no_version_is_left_out() -> None:
    assert list(HISTORY) == [f"2.{n}" for n in range(1, MAX.minor + 1)]
    assert (str(MIN), str(MAX)) == ("2.1", "2.96")


def test_versions_compare_by_number() -> None:
    assert parse("2.9") < parse("2.10") < parse("2.96") < parse("3.0")


@pytest.mark.parametrize(("name", "schema"), SCHEMAS)
def test_every_form_of_a_schema_is_one(name: str, schema: Schema) -> None:
    for version in schema.changes:
        form = schema.at(version)
        jsonschema.Draft7Validator.check_schema(form)
        unknown = set(_formats_in(form)) - set(formats.REASONS)
        assert not unknown, name
        assert set(_formats_in(form)) <= set(formats.CHECKER.checkers)


@pytest.mark.parametrize(("name", "facts"), OPERATIONS.items())
def test_every_operation_stands_in_known_versions(
    name: str, facts: Operation
) -> None:
    assert facts.since in HISTORY, name
    assert facts.until is None or parse(facts.until) <= MAX


def test_one_method_of_a_verb_answers_at_each_version() -> None:
    for path, verbs in routes.ROUTES.items():
        for verb, rows in verbs.items():
            facts = [operation_of(getattr(cls, name)) for cls, name in rows]
            for text in HISTORY:
                found = [f for f in facts if f.exists_at(parse(text))]
                assert len(found) <= 1, (path, verb, text)


def test_controllers_compare_no_versions() -> None:
    """Versions stand in tables: schema, view, operation, Value."""
    for path in sorted((API / "openstack" / "compute").glob("*.py")):
        text = path.read_text()
        assert not re.search(r"version\s*[<>]=?|[<>]=?\s*\S*version", text)
        assert "parse(" not in text.replace("urlparse(", ""), path


def test_schemas_build_on_one_another() -> None:
    base = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
    }
    schema = (
        Schema(base)
        .since("2.5", add(b={"type": "integer"}))
        .since("2.10", remove([], "a"), require([], "b"))
    )
    assert schema.at(parse("2.4")) == base
    assert set(schema.at(parse("2.5"))["properties"]) == {"a", "b"}
    assert schema.at(parse("2.96"))["required"] == ["b"]
    assert schema.at(parse("2.96")) is schema.at(parse("2.10"))
    assert set(base["properties"]) == {"a"}
    with pytest.raises(ValueError, match=r"2\.6"):
        schema.since("2.6", add(c={}))


def test_values_and_fields() -> None:
    value = Value("old").since("2.10", "new")
    assert [value.at(parse(v)) for v in ("2.9", "2.10", "2.96")] == [
        "old",
        "new",
        "new",
    ]
    fields = Fields(
        Field("2.1", "a", lambda row, _: row, until="2.9"),
        Field("2.10", "a", lambda row, _: -row),
        Field("2.10", "b", lambda row, _: row),
    )
    assert fields.show(parse("2.9"), 1, None) == {"a": 1}
    assert fields.show(parse("2.10"), 1, None) == {"a": -1, "b": 1}


# What a version adds to GET /servers/detail for an administrator.
ADDED = {
    "2.3": {
        "OS-EXT-SRV-ATTR:hostname",
        "OS-EXT-SRV-ATTR:kernel_id",
        "OS-EXT-SRV-ATTR:launch_index",
        "OS-EXT-SRV-ATTR:ramdisk_id",
        "OS-EXT-SRV-ATTR:reservation_id",
        "OS-EXT-SRV-ATTR:root_device_name",
        "OS-EXT-SRV-ATTR:user_data",
    },
    "2.9": {"locked"},
    "2.16": {"host_status"},
    "2.19": {"description"},
    "2.26": {"tags"},
    "2.63": {"trusted_image_certificates"},
    "2.73": {"locked_reason"},
    "2.96": {"pinned_availability_zone"},
}


def test_server_view_grows_as_upstream_s() -> None:
    before: set[str] = set()
    for text in HISTORY:
        names = [name for name, _ in views.FULL.at(parse(text))]
        assert len(names) == len(set(names)), text
        if before:
            assert set(names) - before == ADDED.get(text, set()), text
            assert before <= set(names), text
        before = set(names)


def test_every_vm_state_has_a_status() -> None:
    assert set(status.STATES) == vm_states.ALL
    for vm_state in vm_states.ALL:
        shown = status.status(vm_state, None)
        vms, tasks = status.states_of([shown])
        assert vm_state in vms
        assert not tasks
    assert status.states_of(["REBOOT"]) == (
        {"active"},
        {"rebooting", "reboot_pending", "reboot_started"},
    )
    assert status.states_of(["painted"]) == (set(), set())


def test_every_rule_that_is_asked_is_defined() -> None:
    defined = {rule.name for rule in policies.list_rules()}
    assert len(defined) == len(policies.list_rules())
    for path in sorted((API.parent / "policies").glob("*.py")):
        text = path.read_text()
        for name in re.findall(
            r'^[A-Z_]+ = "(os_compute_api:[^"]+)"', text, re.M
        ):
            assert name in defined or name.endswith(":"), name


def test_rules_name_their_operations() -> None:
    for rule in policies.list_rules():
        if rule.name.startswith(("os_compute_api:", "compute:")):
            assert rule.scope_types == ["project"], rule.name
            assert rule.operations, rule.name
            assert rule.description


def test_options_of_the_api_say_their_range() -> None:
    from nova_lite.conf import api

    for option in api.OPTS:
        assert option.help, option.name
        if isinstance(option, cfg.IntOpt):
            assert option.type.min is not None, option.name
