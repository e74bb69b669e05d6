# SPDX-License-Identifier: Apache-2.0
"""/v3/domains, /projects, /users and /roles: one controller, four tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.db import session
from nova_lite.db.models.identity import Domain, Project, Role, User
from nova_lite.db.repositories import identity as repository
from nova_lite.embedded.http import Request, Row
from nova_lite.embedded.identity.api import Api, listing, self_link
from nova_lite.embedded.identity.values import Identity

CONF = cfg.CONF

# Characters: MariaDB's TEXT has 65,535 bytes, and a character up to four.
_LONGEST_TEXT = 16000
_TRUE = ("1", "true", "yes", "on", "")
_FALSE = ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Field:
    """One writable attribute; ``longest`` in characters."""

    kind: type[Any] = str
    longest: int = 255
    nullable: bool = False
    fixed: bool = False


_NAME = Field()
_DESCRIPTION = Field(longest=_LONGEST_TEXT, nullable=True)
_ENABLED = Field(kind=bool)
_DOMAIN_ID = Field(longest=64, fixed=True)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is particular to one collection.

    ``readable`` tells whether a caller who is no administrator may see a
    row. An attribute that is neither in ``fields`` nor in ``ignored`` is
    kept with the row and shown again, as Keystone does.
    """

    name: str
    collection: str
    model: Any
    view: Callable[[Request, Any], dict[str, Any]]
    fields: Mapping[str, Field]
    readable: Callable[[Identity, Any], bool]
    filters: tuple[str, ...]
    ignored: frozenset[str] = field(
        default_factory=lambda: frozenset({"id", "links"})
    )


def _view(
    request: Request, collection: str, row: Any, *names: str
) -> dict[str, Any]:
    found: dict[str, Any] = {"tags": [], **row.extra, "options": {}}
    found.update({name: getattr(row, name) for name in ("id", "name", *names)})
    found["description"] = row.description
    found["links"] = self_link(request, collection, row.id)
    return found


def domain_view(request: Request, row: Any) -> dict[str, Any]:
    """A domain as the API shows it."""
    return _view(request, "domains", row, "enabled")


def project_view(request: Request, row: Any) -> dict[str, Any]:
    """A project as the API shows it; the tree of projects is flat."""
    found = _view(request, "projects", row, "enabled", "domain_id")
    found.update(parent_id=row.domain_id, is_domain=False)
    return found


def user_view(request: Request, row: Any) -> dict[str, Any]:
    """A user as the API shows it, without any secret."""
    found = _view(request, "users", row, "enabled", "domain_id")
    del found["tags"]
    found["password_expires_at"] = None
    if row.default_project_id:
        found["default_project_id"] = row.default_project_id
    return found


def role_view(request: Request, row: Any) -> dict[str, Any]:
    """A role as the API shows it; all roles are global."""
    found = _view(request, "roles", row)
    del found["tags"]
    found["domain_id"] = None
    return found


KINDS = (
    Kind(
        "domain",
        "domains",
        Domain,
        domain_view,
        {"name": _NAME, "description": _DESCRIPTION, "enabled": _ENABLED},
        lambda caller, row: (
            row.id in (caller.user_domain_id, caller.project_domain_id)
        ),
        ("name", "enabled"),
    ),
    Kind(
        "project",
        "projects",
        Project,
        project_view,
        {
            "name": _NAME,
            "description": _DESCRIPTION,
            "enabled": _ENABLED,
            "domain_id": _DOMAIN_ID,
        },
        lambda caller, row: row.id == caller.project_id,
        ("name", "enabled", "domain_id"),
        frozenset({"id", "links", "parent_id", "is_domain"}),
    ),
    Kind(
        "user",
        "users",
        User,
        user_view,
        {
            "name": _NAME,
            "description": _DESCRIPTION,
            "enabled": _ENABLED,
            "domain_id": _DOMAIN_ID,
            "default_project_id": Field(longest=64, nullable=True),
            "password": Field(longest=4096, nullable=True),
        },
        lambda caller, row: row.id == caller.user_id,
        ("name", "enabled", "domain_id"),
        frozenset({"id", "links", "password_expires_at"}),
    ),
    Kind(
        "role",
        "roles",
        Role,
        role_view,
        {"name": _NAME, "description": _DESCRIPTION},
        lambda caller, row: False,
        ("name",),
        frozenset({"id", "links", "domain_id"}),
    ),
)


class Resource:
    """List, show, create, update and delete of one kind."""

    def __init__(self, api: Api, kind: Kind) -> None:
        self._api = api
        self._kind = kind
        self._max_list: int = CONF.identity.max_list

    def rows(self) -> list[Row]:
        """The URLs of this collection."""
        whole = f"/v3/{self._kind.collection}"
        one = whole + "/{row_id}"
        return [
            ("GET", whole, self.index),
            ("POST", whole, self.create),
            ("GET", one, self.show),
            ("PATCH", one, self.update),
            ("DELETE", one, self.delete),
        ]

    @session.transaction
    def index(self, request: Request) -> dict[str, Any]:
        """List those that the query asks for, for administrators."""
        kind = self._kind
        self._api.admin(request, f"list_{kind.collection}")
        limit, marker = request.paging(self._max_list, self._max_list)
        with session.reader() as db:
            rows = repository.search(
                db,
                kind.model,
                _filters(request, kind),
                limit=limit + 1,
                marker=marker,
            )
        following = rows[limit - 1].id if len(rows) > limit else None
        shown = [kind.view(request, row) for row in rows[:limit]]
        return listing(request, kind.collection, shown, following)

    @session.transaction
    def show(self, request: Request, row_id: str) -> dict[str, Any]:
        """Show one, to administrators and whom it is about."""
        kind = self._kind
        caller = self._api.caller(request)
        with session.reader() as db:
            row = db.get(kind.model, row_id)
            if row is None or not kind.readable(caller, row):
                self._api.admin(request, f"get_{kind.name}")
            row = row or repository.get(db, kind.model, row_id)
        return {kind.name: kind.view(request, row)}

    def create(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Make one."""
        kind = self._kind
        self._api.admin(request, f"create_{kind.name}")
        values = _values(request.object(kind.name), kind)
        if "name" not in values:
            raise exception.Invalid(f"A {kind.name} must have a 'name'.")
        if "domain_id" in kind.fields:
            values.setdefault("domain_id", "default")
        row = self._api.directory.create(kind.model, values)
        return 201, {kind.name: kind.view(request, row)}

    def update(self, request: Request, row_id: str) -> dict[str, Any]:
        """Change one."""
        kind = self._kind
        self._api.admin(request, f"update_{kind.name}")
        values = _values(request.object(kind.name), kind)
        self._check_fixed(row_id, values)
        row = self._api.directory.update(kind.model, row_id, values)
        return {kind.name: kind.view(request, row)}

    @session.transaction
    def _check_fixed(self, row_id: str, values: dict[str, Any]) -> None:
        with session.reader() as db:
            row = repository.get(db, self._kind.model, row_id)
        for name, rule in self._kind.fields.items():
            if rule.fixed and values.get(name, getattr(row, name)) != getattr(
                row, name
            ):
                raise exception.Invalid(f"'{name}' cannot be changed.")

    def delete(self, request: Request, row_id: str) -> None:
        """Remove one, and what hangs on it."""
        self._api.admin(request, f"delete_{self._kind.name}")
        self._api.directory.delete(self._kind.model, row_id)


def _values(body: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """The row's values of a body. Raises: Invalid with the attribute."""
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in body.items():
        rule = kind.fields.get(name)
        if rule is not None:
            _check(name, value, rule)
            values[name] = value
        elif name not in kind.ignored:
            extra[name] = value
    if values.get("description", "") is None:
        values["description"] = ""
    return {**values, "extra": extra} if extra else values


def _check(name: str, value: Any, rule: Field) -> None:
    if value is None and rule.nullable:
        return
    if not isinstance(value, rule.kind):
        what = "true or false" if rule.kind is bool else "a string"
        raise exception.Invalid(f"'{name}' must be {what}.")
    if isinstance(value, str):
        if len(value) > rule.longest:
            raise exception.Invalid(
                f"'{name}' must have at most {rule.longest} characters."
            )
        if name == "name" and not value.strip():
            raise exception.Invalid("'name' must not be empty.")


def _filters(request: Request, kind: Kind) -> dict[str, Any]:
    """The filters that the query has; others are passed over."""
    found: dict[str, Any] = {}
    for name, value in request.GET.items():
        column, _, comparison = name.partition("__")
        if column not in kind.filters:
            continue
        if column == "enabled":
            found["enabled"] = _boolean(value)
        elif column == "name" or not comparison:
            found[name] = value
    return found


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise exception.Invalid(f"'{text[:40]}' is neither true nor false.")
