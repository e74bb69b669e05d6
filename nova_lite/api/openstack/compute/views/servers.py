# SPDX-License-Identifier: Apache-2.0
"""How servers are shown: alone, in a list, in short and in full."""

from __future__ import annotations

from typing import Any

from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.views import addresses
from nova_lite.api.openstack.compute.views.server_answer import Answer, Row
from nova_lite.api.openstack.compute.views.server_fields import (
    COLUMNS,
    FULL,
    NOT_IN_REBUILD,
    NOT_IN_UPDATE,
    SHOWN,
)
from nova_lite.api.openstack.versioned import exists


class View(Answer):
    """The servers of one answer."""

    def brief(self, row: Row) -> dict[str, Any]:
        """As in GET /servers."""
        return {
            "id": row["uuid"],
            "name": row["display_name"],
            "links": self.links(row),
        }

    def full(self, row: Row) -> dict[str, Any]:
        """As in GET /servers/detail."""
        return FULL.show(self.version, row, self)

    def shown(self, row: Row) -> dict[str, Any]:
        """As in GET /servers/{id}, which has a little more."""
        return SHOWN.show(self.version, row, self)

    def updated(self, row: Row) -> dict[str, Any]:
        """As in the answer of PUT: less, before 2.75."""
        return self._less(row, NOT_IN_UPDATE.at(self.version))

    def rebuilt(self, row: Row) -> dict[str, Any]:
        """As in the answer of a rebuild."""
        shown = self._less(row, NOT_IN_REBUILD.at(self.version))
        if exists(self.version, "2.57", None):
            shown["user_data"] = row["user_data"]
        return shown

    def _less(self, row: Row, hidden: frozenset[str]) -> dict[str, Any]:
        """Without some fields and, before 2.75, parts of the addresses."""
        shown = {k: v for k, v in self.shown(row).items() if k not in hidden}
        if exists(self.version, "2.1", "2.74"):
            shown["addresses"] = addresses.short(shown["addresses"])
        return shown

    def list_(self, limit: int, *, detail: bool) -> dict[str, Any]:
        """A page, with the link to the next."""
        show = self.full if detail else self.brief
        body: dict[str, Any] = {"servers": [show(row) for row in self._rows]}
        body |= common.next_page(
            self.request,
            self.settings,
            "servers_links",
            "servers/detail" if detail else "servers",
            limit,
            self._rows,
            self._rows[-1]["uuid"] if self._rows else None,
        )
        return body


def columns(view: View) -> frozenset[str]:
    """What of a row the view will show; ``user_data`` is large."""
    shown = COLUMNS.at(view.version)
    if exists(view.version, "2.3", None) and view.extended:
        return shown | {"user_data"}
    return shown
