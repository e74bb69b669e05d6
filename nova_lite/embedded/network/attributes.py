# SPDX-License-Identifier: Apache-2.0
"""The attributes of a resource as a table: what a body may have.

A resource of the embedded network service is a tuple of ``Attribute`` rows;
``for_create`` and ``for_update`` check a body against them and convert it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nova_lite.embedded.network import rules
from nova_lite.network import errors

# (value) -> the value as it is kept. Raises: ValueError with the reason.
Check = Callable[[Any], Any]


class _Unset:
    """The default of an attribute that a body must have, or may leave."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


REQUIRED = _Unset("REQUIRED")
# What the body does not name is absent from the values too.
ABSENT = _Unset("ABSENT")


@dataclass(frozen=True, slots=True)
class Attribute:
    """A row. ``post`` and ``put``: whether such a body may have it.

    ``default`` is a value, a function that makes one, REQUIRED or ABSENT.
    ``admin``: only administrators may give it another value than its
    default (on create) or any (on update); ``owner_reads`` False: only they
    see it.
    """

    name: str
    check: Check
    default: Any = ABSENT
    post: bool = True
    put: bool = True
    admin: bool = False
    owner_reads: bool = True


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource by its names in bodies and URLs, with its attributes."""

    name: str
    plural: str
    attributes: Sequence[Attribute]

    @property
    def path(self) -> str:
        """Its collection's URL."""
        return f"/v2.0/{self.plural.replace('_', '-')}"

    def admin_reads(self) -> set[str]:
        """Attributes that only administrators see."""
        return {one.name for one in self.attributes if not one.owner_reads}


def for_create(
    resource: Resource, context: rules.Context, body: Mapping[str, Any]
) -> dict[str, Any]:
    """A body of POST as values, with defaults and ``project_id``.

    Raises: InvalidAttribute, Forbidden.
    """
    body = _with_project(body)
    project_id = body.pop("project_id", None) or context.project_id or ""
    action = f"create_{resource.name}"
    rules.check_create(context, action, project_id)
    known = _known(resource, body)
    values: dict[str, Any] = {"project_id": project_id}
    for one in resource.attributes:
        if one.name in body and not one.post:
            raise errors.InvalidAttribute(
                f"Attribute '{one.name}' not allowed in POST"
            )
        default = one.default() if callable(one.default) else one.default
        if one.name in known:
            values[one.name] = _checked(one, body[one.name])
            if one.admin and values[one.name] != default:
                rules.check_admin(context, f"{action}:{one.name}")
        elif default is REQUIRED:
            raise errors.InvalidAttribute(
                "Failed to parse request. Required attribute "
                f"'{one.name}' not specified"
            )
        elif default is not ABSENT:
            values[one.name] = default
    return values


def for_update(
    resource: Resource, context: rules.Context, body: Mapping[str, Any]
) -> dict[str, Any]:
    """A body of PUT as values: what it names.

    Raises: InvalidAttribute, Forbidden.
    """
    body = _with_project(body)
    if "project_id" in body:
        raise errors.InvalidAttribute(
            "Cannot update read-only attribute project_id"
        )
    known = _known(resource, body)
    values = {}
    for one in resource.attributes:
        if one.name not in known:
            continue
        if not one.put:
            raise errors.InvalidAttribute(
                f"Cannot update read-only attribute {one.name}"
            )
        if one.admin:
            rules.check_admin(context, f"update_{resource.name}:{one.name}")
        values[one.name] = _checked(one, body[one.name])
    return values


def _with_project(body: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(body)
    tenant = found.pop("tenant_id", None)
    if tenant is not None and (
        found.setdefault("project_id", tenant) != tenant
    ):
        raise errors.InvalidAttribute(
            "'project_id' and 'tenant_id' do not match"
        )
    project = found.get("project_id")
    if project is not None and not (
        isinstance(project, str) and 0 < len(project) <= 255
    ):
        raise errors.InvalidAttribute(
            name="project_id", reason="it is not an id"
        )
    return found


def _known(resource: Resource, body: Mapping[str, Any]) -> set[str]:
    unknown = set(body) - {one.name for one in resource.attributes}
    if unknown:
        names = ", ".join(sorted(unknown))[:200]
        raise errors.InvalidAttribute(f"Unrecognized attribute(s) '{names}'")
    return set(body)


def _checked(one: Attribute, value: Any) -> Any:
    try:
        return one.check(value)
    except ValueError as error:
        raise errors.InvalidAttribute(
            name=one.name, reason=str(error)
        ) from error
