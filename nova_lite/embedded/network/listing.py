# SPDX-License-Identifier: Apache-2.0
"""Query strings of lists: filters, fields, order, pages and their links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from nova_lite.db.repositories.network_query import Query, Table
from nova_lite.embedded import http
from nova_lite.network import errors

_SPECIAL = ("fields", "sort_key", "sort_dir", "limit", "marker")


def parse(params: Any, table: Table, most: int = -1) -> Query:
    """What a list asks for; ``most``: items of a page, -1 for no limit.

    Raises: BadRequest.
    """
    filters: dict[str, list[str]] = {}
    for name, value in params.items():
        if name not in (*_SPECIAL, "page_reverse"):
            filters.setdefault(name, []).append(value)
    unknown = set(filters) - table.filter_names()
    if unknown:
        raise errors.InvalidAttribute(
            f"{sorted(unknown)} is invalid attribute for filtering"
        )
    return Query(
        filters=filters,
        sort=_order(params, table),
        limit=_limit(params, most),
        marker=params.get("marker") or None,
        reverse=_reverse(params),
    )


def wanted(params: Any) -> set[str]:
    """The names in ``fields`` of the query; none asks for all."""
    return {name for name in params.getall("fields") if name}


def fields(params: Any, shown: dict[str, Any]) -> dict[str, Any]:
    """The part of a view that ``fields`` of the query ask for."""
    names = wanted(params)
    if not names:
        return shown
    return {name: value for name, value in shown.items() if name in names}


def links(
    request: http.Request, query: Query, rows: Sequence[Any]
) -> list[dict[str, str]]:
    """Links to the pages before and after; none without a limit."""
    if query.limit is None:
        return []
    partial = len(rows) < query.limit
    found = []
    if query.reverse or not partial:
        found.append(_link(request, "next", rows[-1].id if rows else None))
    if not query.reverse or not partial:
        found.append(_link(request, "previous", rows[0].id if rows else None))
    return found


def _link(
    request: http.Request, rel: str, marker: str | None
) -> dict[str, str]:
    params = [
        (name, value)
        for name, value in request.GET.items()
        if name not in ("marker", "page_reverse")
    ]
    if marker is not None:
        params.append(("marker", marker))
    if rel == "previous":
        params.append(("page_reverse", "True"))
    return {"rel": rel, "href": f"{request.path_url}?{urlencode(params)}"}


def _order(params: Any, table: Table) -> list[tuple[str, str]]:
    keys = params.getall("sort_key")
    directions = params.getall("sort_dir") or ["asc"] * len(keys)
    if len(keys) != len(directions):
        raise errors.InvalidAttribute(
            "The number of sort_keys and sort_dirs must be same"
        )
    for key, direction in zip(keys, directions, strict=True):
        if key not in table.columns:
            raise errors.InvalidAttribute(
                f"['{key}'] is invalid attribute for sort_keys"
            )
        if direction not in ("asc", "desc"):
            raise errors.InvalidAttribute(
                f"sort_dirs must be asc or desc, not '{direction[:40]}'"
            )
    return list(zip(keys, directions, strict=True))


def _limit(params: Any, most: int) -> int | None:
    text = params.get("limit", "")
    if text and not (text.isascii() and text.isdigit()):
        raise errors.BadRequest(
            reason="limit must be an integer 0 or greater and not "
            f"'{text[:40]}'"
        )
    limit = int(text[:9]) if text else 0
    if most > 0:
        limit = min(limit or most, most)
    return limit or None


def _reverse(params: Any) -> bool:
    text = params.get("page_reverse", "false").lower()
    return text in ("true", "1", "yes")
