# SPDX-License-Identifier: Apache-2.0
"""/images of the Compute API, which old clients ask, and the image service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.cloud import Cloud

LAST = "2.35"
LAST_METADATA = "2.38"


@pytest.fixture
def image(cloud: Cloud) -> Iterator[str]:
    """A tenant's own image, with properties."""
    made = cloud.tenant.post(
        "/image/v2/images",
        {
            "name": "of-the-tenant",
            "disk_format": "raw",
            "container_format": "bare",
            "min_ram": 64,
            "auto_disk_config": "False",
            "image_type": "snapshot",
            "instance_uuid": "00000000-0000-4000-8000-000000000009",
        },
    )
    yield made["id"]
    cloud.admin.send("DELETE", f"/image/v2/images/{made['id']}")


def _names(answer: dict[str, Any]) -> list[str]:
    return sorted(image["name"] for image in answer["images"])


def test_show(cloud: Cloud, image: str) -> None:
    shown = cloud.tenant.get(f"/images/{image}", version=LAST)["image"]
    assert shown["name"] == "of-the-tenant"
    assert (shown["status"], shown["progress"]) == ("SAVING", 25)
    assert (shown["minRam"], shown["minDisk"]) == (64, 0)
    assert shown["OS-DCF:diskConfig"] == "MANUAL"
    assert shown["OS-EXT-IMG-SIZE:size"] is None
    assert shown["metadata"]["image_type"] == "snapshot"
    assert shown["server"]["id"].endswith("9")
    self_, bookmark, alternate = (link["href"] for link in shown["links"])
    assert self_ == f"{cloud.url}/v2.1/images/{image}"
    assert bookmark == f"{cloud.url}/images/{image}"
    assert alternate.endswith(f"/images/{image}")

    ready = cloud.tenant.get(f"/images/{cloud.image}", version=LAST)["image"]
    assert (ready["status"], ready["progress"]) == ("ACTIVE", 100)
    assert ready["OS-EXT-IMG-SIZE:size"] == 4096
    assert "server" not in ready


def test_lists(cloud: Cloud, image: str) -> None:
    def names(query: str = "") -> list[str]:
        path = f"/images/detail{query}"
        return _names(cloud.tenant.get(path, version=LAST))

    assert names() == ["of-the-tenant", "tiny"]
    assert names("?name=tiny") == ["tiny"]
    assert names("?status=ACTIVE") == ["tiny"]
    assert names("?type=snapshot") == ["of-the-tenant"]
    assert names("?minRam=64") == ["of-the-tenant"]
    assert names("?property-auto_disk_config=False") == ["of-the-tenant"]
    server = "http://x/v2.1/servers/00000000-0000-4000-8000-000000000009"
    assert names(f"?server={server}") == ["of-the-tenant"]
    assert names("?changes-since=2100-01-01T00:00:00Z") == []
    assert set(cloud.tenant.get("/images", version=LAST)["images"][0]) == {
        "id",
        "name",
        "links",
    }


def test_pages(cloud: Cloud, image: str) -> None:
    first = cloud.tenant.get("/images?limit=1", version=LAST)
    (link,) = first["images_links"]
    path = link["href"].removeprefix(cloud.url)
    second = cloud.tenant.get(path, version=LAST)
    assert _names(first) + _names(second) in (
        ["of-the-tenant", "tiny"],
        ["tiny", "of-the-tenant"],
    )
    cloud.tenant.refusal(400, "GET", "/images?limit=-1", version=LAST)
    cloud.tenant.refusal(400, "GET", "/images?marker=none", version=LAST)


def test_metadata(cloud: Cloud, image: str) -> None:
    path = f"/images/{image}/metadata"

    def call(method: str, where: str, body: Any = None) -> Any:
        return cloud.tenant.call(method, where, body, version=LAST_METADATA)

    assert call("GET", path)["metadata"]["image_type"] == "snapshot"
    found = call("POST", path, {"metadata": {"a": "1", "b": "2"}})
    assert {"a": "1", "b": "2", "image_type": "snapshot"}.items() <= (
        found["metadata"].items()
    )
    assert call("GET", f"{path}/a") == {"meta": {"a": "1"}}
    assert call("PUT", f"{path}/a", {"meta": {"a": "3"}}) == {
        "meta": {"a": "3"}
    }
    assert call("DELETE", f"{path}/a") is None
    assert "a" not in call("GET", path)["metadata"]
    replaced = call("PUT", path, {"metadata": {"only": "this"}})
    assert replaced == {"metadata": {"only": "this"}}
    assert call("GET", path) == replaced


def test_refusals(cloud: Cloud, image: str) -> None:
    tenant, path = cloud.tenant, f"/images/{image}/metadata"
    for method, where, body, status in (
        ("GET", "/images/none", None, 404),
        ("DELETE", "/images/none", None, 404),
        ("GET", f"{path}/none", None, 404),
        ("DELETE", f"{path}/none", None, 404),
        ("PUT", f"{path}/a", {"meta": {"b": "1"}}, 400),
        ("PUT", f"{path}/a", {"meta": {}}, 400),
        ("POST", path, {"metadata": {"a": 1}}, 400),
        # It is the administrator's.
        ("DELETE", f"/images/{cloud.image}", None, 403),
        ("POST", f"/images/{cloud.image}/metadata", {"metadata": {}}, 403),
    ):
        answer = tenant.send(method, where, body, version=LAST)
        assert answer.status_code == status, (method, where, answer.text)
    stranger = cloud.new_user("image-stranger", "elsewhere", "member")
    stranger.refusal(404, "GET", f"/images/{image}", version=LAST)


def test_no_more_metadata_than_the_quota_allows(
    cloud: Cloud, image: str
) -> None:
    path = f"/images/{image}/metadata"
    many = {"metadata": {f"k{number}": "v" for number in range(128)}}
    for method in ("POST", "PUT"):
        more = {"metadata": {**many["metadata"], "one": "more"}}
        said = cloud.tenant.refusal(403, method, path, more, version=LAST)
        assert "metadata items" in said
    cloud.tenant.call("PUT", path, many, version=LAST)
    one = {"meta": {"one": "more"}}
    cloud.tenant.refusal(403, "PUT", f"{path}/one", one, version=LAST)
    again = {"meta": {"k1": "w"}}
    cloud.tenant.call("PUT", f"{path}/k1", again, version=LAST)


def test_delete(cloud: Cloud, image: str) -> None:
    cloud.tenant.delete(f"/images/{image}", version=LAST)
    cloud.tenant.refusal(404, "GET", f"/images/{image}", version=LAST)


def test_above_their_cap(cloud: Cloud, image: str) -> None:
    for path, version in (
        ("/images", "2.36"),
        ("/images/detail", "2.36"),
        (f"/images/{image}", "2.36"),
        (f"/images/{image}/metadata", "2.39"),
    ):
        cloud.tenant.refusal(404, "GET", path, version=version)
    metadata = f"/images/{image}/metadata"
    assert cloud.tenant.get(metadata, version=LAST_METADATA)["metadata"]
