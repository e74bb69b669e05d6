# SPDX-License-Identifier: Apache-2.0
"""A resource's REST handlers, written once: list, create, show, change ...

A resource is a subclass of ``Collection`` that says what a row is made of
(``insert``, ``change``, ``remove``) and how rows look (``views``). Each write
is one transaction, which may run several times; hints follow its commit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.repositories import network_change, network_query
from nova_lite.db.repositories.network_change import Changes, Told
from nova_lite.db.repositories.network_query import Table
from nova_lite.embedded import http
from nova_lite.embedded.network import attributes, listing, rules
from nova_lite.embedded.network.attributes import Resource
from nova_lite.embedded.network.notify import Notifier
from nova_lite.embedded.network.settings import Settings
from nova_lite.network import errors

_IF_MATCH = re.compile(r"^revision_number=(\d{1,9})$")
# Handlers read and write at most so many resources by one request.
_BULK_MAX = 1000


@dataclass(slots=True)
class Work:
    """One transaction: what its steps need, and what they changed.

    ``shared`` is room for what several items of one request have in common,
    such as the network of ports that are made together.
    """

    session: Any
    context: rules.Context
    settings: Settings
    changes: Changes = field(default_factory=Changes)
    shared: dict[str, Any] = field(default_factory=dict)


class Collection:
    """Base of the resources' handlers."""

    resource: Resource
    table: Table

    def __init__(self, settings: Settings, notifier: Notifier) -> None:
        self.settings = settings
        self.notifier = notifier

    def rows(self) -> list[http.Row]:
        """The routes of this resource."""
        path = self.resource.path
        one = f"{path}/{{ident}}"
        return [
            ("GET", path, self.index),
            ("POST", path, self.create),
            ("GET", one, self.show),
            ("PUT", one, self.update),
            ("DELETE", one, self.delete),
        ]

    # --- what a resource says of itself ---

    def prepare(
        self, context: rules.Context, values: dict[str, Any]
    ) -> dict[str, Any]:
        """Check values of a new row together, before any transaction."""
        return values

    def reserve(self, work: Work, items: Sequence[dict[str, Any]]) -> None:
        """See that a request's new rows fit; called first, once."""
        return

    def insert(self, work: Work, values: dict[str, Any]) -> Any:
        """Write a new row; its model."""
        raise NotImplementedError

    def change(self, work: Work, row: Any, values: dict[str, Any]) -> None:
        """Make a row, locked for this transaction, have other values."""
        raise NotImplementedError

    def remove(self, work: Work, row: Any) -> None:
        """Delete a row that is locked for this transaction."""
        raise NotImplementedError

    def views(
        self, session: Any, context: rules.Context, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """Rows as the API shows them, in one statement a table."""
        raise NotImplementedError

    def part_views(
        self,
        session: Any,
        context: rules.Context,
        rows: Sequence[Any],
        wanted: Set[str],
    ) -> list[dict[str, Any]]:
        """The same for a list of which only some fields are shown.

        What it has of the others does not matter, so they may be left out.
        """
        return self.views(session, context, rows)

    def made_views(
        self, work: Work, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """New rows as the API shows them."""
        return self.views(work.session, work.context, rows)

    def owners(self, session: Any, row: Any) -> tuple[str, ...]:
        """Projects whose members may change a row."""
        return (row.project_id,)

    # --- handlers ---

    def index(self, request: http.Request) -> Any:
        """GET of the collection."""
        most = self.settings.pagination_max_limit
        query = listing.parse(request.GET, self.table, most)
        wanted = listing.wanted(request.GET)
        rows, shown = self._page(request.context, query, wanted)
        body: dict[str, Any] = {
            self.resource.plural: [
                listing.fields(request.GET, one) for one in shown
            ]
        }
        links = listing.links(request, query, rows)
        if links:
            body[f"{self.resource.plural}_links"] = links
        return body

    def show(self, request: http.Request, ident: str) -> Any:
        """GET of one."""
        shown = self._shown(request.context, ident)
        return {self.resource.name: listing.fields(request.GET, shown)}

    def create(self, request: http.Request) -> Any:
        """POST: one, or several at once, of which all are made or none."""
        context = request.context
        body = request.object()
        single = self.resource.name in body
        key = self.resource.name if single else self.resource.plural
        items = [body.get(key)] if single else body.get(key)
        if not isinstance(items, list) or not items:
            raise errors.InvalidAttribute(
                f"The request body must have '{self.resource.name}', or "
                f"'{self.resource.plural}' with a list."
            )
        if len(items) > _BULK_MAX:
            raise errors.InvalidAttribute(
                f"At most {_BULK_MAX} can be made by one request."
            )
        values = [self._new(context, one) for one in items]
        shown, told = self._create(context, values)
        self.notifier.tell(context, told)
        return 201, {key: shown[0] if single else shown}

    def _new(self, context: rules.Context, item: Any) -> dict[str, Any]:
        if not isinstance(item, dict):
            raise errors.InvalidAttribute(
                f"'{self.resource.name}' must be a JSON object."
            )
        values = attributes.for_create(self.resource, context, item)
        return self.prepare(context, values)

    def update(self, request: http.Request, ident: str) -> Any:
        """PUT of one: the attributes that the body names."""
        context = request.context
        body = request.object().get(self.resource.name)
        if not isinstance(body, dict):
            raise errors.InvalidAttribute(
                f"The request body must have '{self.resource.name}', a JSON "
                "object."
            )
        shown, told = self._update(context, ident, body, _expected(request))
        self.notifier.tell(context, told)
        return {self.resource.name: shown}

    def delete(self, request: http.Request, ident: str) -> None:
        """DELETE of one."""
        context = request.context
        told = self._delete(context, ident, _expected(request))
        self.notifier.tell(context, told)

    # --- transactions ---

    @db.transaction
    def _page(
        self,
        context: rules.Context,
        query: network_query.Query,
        wanted: Set[str],
    ) -> tuple[list[Any], list[dict[str, Any]]]:
        with db.reader() as session:
            rows = network_query.page(
                session, self.table, rules.viewer(context), query
            )
            if not rows or not wanted:
                return rows, self._views(session, context, rows)
            shown = self.part_views(session, context, rows, wanted)
            return rows, self._for(context, shown)

    @db.transaction
    def _shown(self, context: rules.Context, ident: str) -> dict[str, Any]:
        with db.reader() as session:
            viewer = rules.viewer(context)
            row = network_query.get(session, self.table, viewer, ident)
            return self._views(session, context, [row])[0]

    @db.transaction
    def _create(
        self, context: rules.Context, items: Sequence[Mapping[str, Any]]
    ) -> tuple[list[dict[str, Any]], Told]:
        with db.writer() as session:
            work = Work(session, context, self.settings)
            # Steps may change the values, and the transaction run again.
            copies = [dict(one) for one in items]
            self.reserve(work, copies)
            rows = [self.insert(work, one) for one in copies]
            return (
                self._for(context, self.made_views(work, rows)),
                network_change.told(session, work.changes),
            )

    @db.transaction
    def _update(
        self,
        context: rules.Context,
        ident: str,
        body: Mapping[str, Any],
        expected: int | None,
    ) -> tuple[dict[str, Any], Told]:
        with db.writer() as session:
            work = Work(session, context, self.settings)
            row = self.load(work, ident, "update", expected)
            values = attributes.for_update(self.resource, context, body)
            self.change(work, row, values)
            touch(row)
            session.flush()
            return (
                self._views(session, context, [row])[0],
                network_change.told(session, work.changes),
            )

    @db.transaction
    def _delete(
        self, context: rules.Context, ident: str, expected: int | None
    ) -> Told:
        with db.writer() as session:
            work = Work(session, context, self.settings)
            row = self.load(work, ident, "delete", expected)
            self.remove(work, row)
            network_query.forget_tags(session, [ident])
            return network_change.told(session, work.changes)

    def load(
        self, work: Work, ident: str, verb: str, expected: int | None = None
    ) -> Any:
        """A row to be changed, locked; the caller may do that.

        Raises: as the table says; Forbidden;
        RevisionNumberConstraintFailed when it is not the ``expected`` one.
        """
        row = network_query.get(
            work.session,
            self.table,
            rules.viewer(work.context),
            ident,
            for_update=True,
        )
        # Whose it is takes statements, and is nothing to administrators.
        if not rules.is_admin(work.context):
            rules.check_change(
                work.context,
                f"{verb}_{self.resource.name}",
                self.owners(work.session, row),
                self.table.missing(id=ident),
            )
        if expected not in (None, row.revision):
            raise errors.RevisionNumberConstraintFailed(
                expected=expected, actual=row.revision
            )
        return row

    def _views(
        self, session: Any, context: rules.Context, rows: Sequence[Any]
    ) -> list[dict[str, Any]]:
        shown = self.views(session, context, rows) if rows else []
        return self._for(context, shown)

    def _for(
        self, context: rules.Context, shown: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Views without what the caller is not to see."""
        if not rules.is_admin(context):
            for name in self.resource.admin_reads():
                for one in shown:
                    one.pop(name, None)
        return shown


def touch(row: Any) -> None:
    """Give a changed row its next revision."""
    row.revision += 1
    row.updated_at = now()


def standard(row: Any, tags: Sequence[str]) -> dict[str, Any]:
    """What every resource's view begins with."""
    updated_at = row.updated_at or row.created_at
    return {
        "id": row.id,
        "project_id": row.project_id,
        "tenant_id": row.project_id,
        "description": row.description,
        "revision_number": row.revision,
        "created_at": row.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "updated_at": updated_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tags": list(tags),
    }


def _expected(request: http.Request) -> int | None:
    """The revision that If-Match asks for."""
    text = request.headers.get("If-Match")
    if text is None:
        return None
    found = _IF_MATCH.match(text.strip('"'))
    if found is None:
        raise errors.InvalidAttribute(
            "Invalid value for If-Match: it must be revision_number=<number>"
        )
    return int(found[1])
