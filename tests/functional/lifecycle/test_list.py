# SPDX-License-Identifier: Apache-2.0
"""Lists of servers: filters, order, pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fixtures.cloud import Cloud, wait_until


@pytest.fixture
def four(cloud: Cloud) -> list[str]:
    """Servers list-1 to list-4, all ACTIVE; names."""
    cloud.create("list", min_count=4, max_count=4)
    wait_until(
        lambda: len(_names(cloud, "status=ACTIVE")) == 4, 30, "4 are ACTIVE"
    )
    return [f"list-{number}" for number in range(1, 5)]


def _page(cloud: Cloud, query: str) -> dict[str, Any]:
    found: dict[str, Any] = cloud.tenant.get(f"/servers?{query}")
    return found


def _names(cloud: Cloud, query: str) -> list[str]:
    return [one["name"] for one in _page(cloud, query)["servers"]]


def test_filters(cloud: Cloud, four: list[str]) -> None:
    assert sorted(_names(cloud, "")) == four
    assert _names(cloud, "name=list-2") == ["list-2"]
    assert _names(cloud, "status=ERROR") == []
    assert len(_names(cloud, f"flavor={cloud.flavor}")) == 4
    assert len(_names(cloud, f"image={cloud.image}")) == 4
    cloud.tenant.refusal(400, "GET", "/servers?status=NONSENSE")


def test_order(cloud: Cloud, four: list[str]) -> None:
    ascending = _names(cloud, "sort_key=display_name&sort_dir=asc")
    descending = _names(cloud, "sort_key=display_name&sort_dir=desc")
    assert ascending == four
    assert descending == four[::-1]
    cloud.tenant.refusal(400, "GET", "/servers?sort_key=nonsense")


def test_pages(cloud: Cloud, four: list[str]) -> None:
    seen: list[str] = []
    query = "limit=3&sort_key=display_name&sort_dir=asc"
    page = _page(cloud, query)
    while True:
        seen += [one["name"] for one in page["servers"]]
        links = page.get("servers_links")
        if not links:
            break
        page = _page(cloud, urlsplit(links[0]["href"]).query)
    assert seen == four


def test_detail(cloud: Cloud, four: list[str]) -> None:
    found = cloud.tenant.get("/servers/detail")["servers"]
    assert sorted(one["name"] for one in found) == four
    assert {one["status"] for one in found} == {"ACTIVE"}
    # What only administrators see.
    assert "OS-EXT-SRV-ATTR:host" not in found[0]


def test_others_do_not_see_them(cloud: Cloud, four: list[str]) -> None:
    assert cloud.admin.get("/servers")["servers"] == []
    everybody = cloud.admin.get("/servers?all_tenants=1")["servers"]
    assert sorted(one["name"] for one in everybody) == four
