# SPDX-License-Identifier: Apache-2.0
"""How flavors are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite import policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.common import Settings
from nova_lite.api.openstack.compute.views.columns import column
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import OMIT, Field, Fields
from nova_lite.policies import flavors as policies


class View:
    """What the getters need beside the row."""

    def __init__(self, request: Request, settings: Settings) -> None:
        self.version = request.version
        self._request = request
        self._settings = settings
        self._sees_specs: bool | None = None

    def links(self, row: Mapping[str, Any]) -> list[dict[str, str]]:
        """The links of one flavor."""
        return common.links(
            self._request, self._settings, "flavors", row["flavorid"]
        )

    def extra_specs(self, row: Mapping[str, Any]) -> Any:
        """The extra specs, when policy lets them be seen."""
        if self._sees_specs is None:
            self._sees_specs = policy.allows(
                self._request.context, policies.SPECS_INDEX
            )
        return row["extra_specs"] if self._sees_specs else OMIT

    def brief(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """As in GET /flavors."""
        return BRIEF.show(self.version, row, self)

    def full(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """As in GET /flavors/detail."""
        return FULL.show(self.version, row, self)

    def list_(
        self,
        rows: Sequence[Mapping[str, Any]],
        limit: int,
        *,
        detail: bool,
    ) -> dict[str, Any]:
        """A page, with the link to the next."""
        show = self.full if detail else self.brief
        body: dict[str, Any] = {"flavors": [show(row) for row in rows]}
        body |= common.next_page(
            self._request,
            self._settings,
            "flavors_links",
            "flavors/detail" if detail else "flavors",
            limit,
            rows,
            rows[-1]["flavorid"] if rows else None,
        )
        return body


BRIEF = Fields(
    Field("2.1", "id", column("flavorid")),
    Field("2.1", "name", column("name")),
    Field("2.1", "links", lambda row, view: view.links(row)),
    Field("2.55", "description", column("description")),
)

FULL = Fields(
    Field("2.1", "id", column("flavorid")),
    Field("2.1", "name", column("name")),
    Field("2.1", "ram", column("memory_mb")),
    Field("2.1", "disk", column("root_gb")),
    # No swap was shown as an empty text before.
    Field("2.1", "swap", lambda row, _: row["swap_mb"] or "", until="2.74"),
    Field("2.75", "swap", column("swap_mb")),
    Field(
        "2.1",
        "OS-FLV-EXT-DATA:ephemeral",
        column("ephemeral_gb"),
    ),
    Field("2.1", "OS-FLV-DISABLED:disabled", column("disabled")),
    Field("2.1", "vcpus", column("vcpus")),
    Field("2.1", "os-flavor-access:is_public", column("is_public")),
    Field("2.1", "rxtx_factor", column("rxtx_factor")),
    Field("2.1", "links", lambda row, view: view.links(row)),
    Field("2.55", "description", column("description")),
    Field("2.61", "extra_specs", lambda row, view: view.extra_specs(row)),
)
