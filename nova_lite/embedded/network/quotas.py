# SPDX-License-Identifier: Apache-2.0
"""Quotas: /v2.0/quotas, and the check of those who create."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite.db import session as db
from nova_lite.db.repositories import network_quota
from nova_lite.embedded import http
from nova_lite.embedded.network import checks, rules
from nova_lite.embedded.network.collection import Work
from nova_lite.embedded.network.settings import Settings
from nova_lite.network import errors

_LIMIT = checks.integer(-1, (1 << 31) - 1)


def reserve(
    work: Work,
    resource: str,
    items: Sequence[Mapping[str, Any]],
    also: network_quota.Also | None = None,
) -> dict[str, Any]:
    """See that the projects of new rows may have them.

    Returns what ``also`` finds for each project, in the same statement.
    Raises: OverQuota.
    """
    added = Counter(one["project_id"] for one in items)
    return {
        project_id: network_quota.reserve(
            work.session,
            work.settings.quotas[resource],
            project_id,
            resource,
            count,
            also,
        )
        for project_id, count in sorted(added.items())
    }


class Quotas:
    """Handlers of /v2.0/quotas."""

    def __init__(self, settings: Settings) -> None:
        self._defaults = dict(settings.quotas)

    def rows(self) -> list[http.Row]:
        """The routes."""
        one = "/v2.0/quotas/{project_id}"
        return [
            ("GET", "/v2.0/quotas", self.index),
            ("GET", f"{one}/default", self.default),
            ("GET", f"{one}/details", self.details),
            ("GET", one, self.show),
            ("PUT", one, self.update),
            ("DELETE", one, self.delete),
        ]

    def index(self, request: http.Request) -> Any:
        """The projects that have limits of their own."""
        rules.check_admin(request.context, "get_quota")
        return {
            "quotas": [
                {
                    **self._defaults,
                    **limits,
                    "project_id": project_id,
                    "tenant_id": project_id,
                }
                for project_id, limits in _all_limits().items()
            ]
        }

    def show(self, request: http.Request, project_id: str) -> Any:
        """A project's limits."""
        _check_reads(request.context, project_id)
        return {"quota": self._defaults | _limits(project_id)}

    def default(self, request: http.Request, project_id: str) -> Any:
        """The limits of a project that has none of its own."""
        _check_reads(request.context, project_id)
        return {"quota": dict(self._defaults)}

    def details(self, request: http.Request, project_id: str) -> Any:
        """A project's limits, and what it has."""
        _check_reads(request.context, project_id)
        limits = self._defaults | _limits(project_id)
        return {
            "quota": {
                name: {"limit": limits[name], "used": used, "reserved": 0}
                for name, used in _used(project_id).items()
            }
        }

    def update(self, request: http.Request, project_id: str) -> Any:
        """Give a project limits of its own."""
        rules.check_admin(request.context, "update_quota")
        body = dict(request.object("quota"))
        for how in ("force", "check_limit"):
            body.pop(how, None)
        unknown = sorted(set(body) - set(self._defaults))
        if unknown:
            raise errors.InvalidAttribute(
                f"Unrecognized attribute(s) '{', '.join(unknown)[:200]}'"
            )
        values = {}
        for name, value in body.items():
            try:
                values[name] = _LIMIT(value)
            except ValueError as error:
                raise errors.InvalidAttribute(
                    name=name, reason=str(error)
                ) from error
        _set_limits(project_id, values)
        return {"quota": self._defaults | _limits(project_id)}

    def delete(self, request: http.Request, project_id: str) -> None:
        """Let a project have the defaults again."""
        rules.check_admin(request.context, "delete_quota")
        if not _forget(project_id):
            raise errors.TenantQuotaNotFound(project_id=project_id)


def _check_reads(context: rules.Context, project_id: str) -> None:
    if project_id != context.project_id:
        rules.check_admin(context, "get_quota")


@db.transaction
def _limits(project_id: str) -> dict[str, int]:
    with db.reader() as session:
        return network_quota.limits(session, project_id)


@db.transaction
def _all_limits() -> dict[str, dict[str, int]]:
    with db.reader() as session:
        return network_quota.all_limits(session)


@db.transaction
def _used(project_id: str) -> dict[str, int]:
    with db.reader() as session:
        return network_quota.used(session, project_id)


@db.transaction
def _set_limits(project_id: str, values: Mapping[str, int]) -> None:
    with db.writer() as session:
        network_quota.set_limits(session, project_id, values)


@db.transaction
def _forget(project_id: str) -> bool:
    with db.writer() as session:
        return network_quota.forget(session, project_id)
