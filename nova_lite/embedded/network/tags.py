# SPDX-License-Identifier: Apache-2.0
"""Tags of networks, subnets, ports, routers, security groups, floating IPs."""

from __future__ import annotations

from typing import Any

from nova_lite.db import session as db
from nova_lite.db.repositories import network_query
from nova_lite.embedded import http
from nova_lite.embedded.network import checks, rules
from nova_lite.embedded.network.collection import Collection, Work, touch
from nova_lite.network import errors

_MOST = 50
_TAG = checks.text(60)
_TAGS = checks.list_of(_TAG, _MOST)


class Tags:
    """Handlers of /v2.0/<resource>/<id>/tags, of one resource."""

    def __init__(self, collection: Collection) -> None:
        self._of = collection

    def rows(self) -> list[http.Row]:
        """The routes."""
        all_of = f"{self._of.resource.path}/{{ident}}/tags"
        one = f"{all_of}/{{tag}}"
        return [
            ("GET", all_of, self.index),
            ("PUT", all_of, self.replace),
            ("POST", all_of, self.extend),
            ("DELETE", all_of, self.clear),
            ("GET", one, self.show),
            ("PUT", one, self.add),
            ("DELETE", one, self.remove),
        ]

    def index(self, request: http.Request, ident: str) -> Any:
        """All tags."""
        return {"tags": self._read(request.context, ident)}

    def show(self, request: http.Request, ident: str, tag: str) -> Any:
        """204 when the tag is there."""
        if tag not in self._read(request.context, ident):
            raise errors.TagNotFound(tag=tag)

    def replace(self, request: http.Request, ident: str) -> Any:
        """Make the tags be these."""
        wanted = _checked(_TAGS, request.object().get("tags"))
        return {"tags": self._write(request.context, ident, put=wanted)}

    def extend(self, request: http.Request, ident: str) -> Any:
        """Add these."""
        wanted = _checked(_TAGS, request.object().get("tags"))
        found = self._write(request.context, ident, add=wanted)
        return 201, {"tags": found}

    def clear(self, request: http.Request, ident: str) -> None:
        """No tags any more."""
        self._write(request.context, ident, put=[])

    def add(self, request: http.Request, ident: str, tag: str) -> Any:
        """One more."""
        wanted = [_checked(_TAG, tag)]
        self._write(request.context, ident, add=wanted)
        return 201, None

    def remove(self, request: http.Request, ident: str, tag: str) -> None:
        """One less."""
        self._write(request.context, ident, drop=tag)

    @db.transaction
    def _read(self, context: rules.Context, ident: str) -> list[str]:
        with db.reader() as session:
            viewer = rules.viewer(context)
            row = network_query.find(session, self._of.table, viewer, ident)
            if row is None:
                raise self._missing(ident)
            return network_query.tags(session, [ident])[ident]

    @db.transaction
    def _write(
        self,
        context: rules.Context,
        ident: str,
        put: list[str] | None = None,
        add: list[str] | None = None,
        drop: str | None = None,
    ) -> list[str]:
        with db.writer() as session:
            work = Work(session, context, self._of.settings)
            try:
                row = self._of.load(work, ident, "update")
            except self._of.table.missing as error:
                raise self._missing(ident) from error
            known = network_query.tags(session, [ident])[ident]
            if drop is not None and drop not in known:
                raise errors.TagNotFound(tag=drop)
            wanted = {*(known if put is None else put), *(add or [])} - {drop}
            if len(wanted) > _MOST:
                raise errors.BadRequest(
                    reason=f"a resource may have at most {_MOST} tags"
                )
            found = sorted(tag for tag in wanted if tag is not None)
            network_query.set_tags(session, ident, found)
            touch(row)
            return found

    def _missing(self, ident: str) -> errors.TagResourceNotFound:
        return errors.TagResourceNotFound(
            resource=self._of.resource.plural, id=ident
        )


def _checked(check: checks.Check, value: Any) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise errors.InvalidAttribute(
            name="tags", reason=str(error)
        ) from error
