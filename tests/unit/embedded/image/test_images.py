# SPDX-License-Identifier: Apache-2.0
"""Create, show, list, patch, delete, tags, actions, versions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.embedded.image.conftest import Client
from tests.unit.embedded.image.serve import Server


def sentence(answer: Any) -> str:
    return str(answer.json()["error"]["message"])


def test_versions_need_no_token(server: Server) -> None:
    anonymous = Client(server.url, "")
    for path, status in (("/", 300), ("/versions", 200), ("/v2/", 200)):
        answer = anonymous("GET", path)
        assert answer.status_code == status
        current = [
            v for v in answer.json()["versions"] if v["status"] == "CURRENT"
        ]
        assert current[0]["links"][0]["href"] == f"{server.url}/v2/"
    assert anonymous("GET", "/v2/images").status_code == 401


def test_create_shows_what_was_given(alice: Client) -> None:
    made = alice.create(
        name="tick", min_disk=1, min_ram=64, tags=["b", "a"], hw_disk_bus="sd"
    )
    shown = alice.show(made["id"])
    assert shown == made
    assert shown["status"] == "queued"
    assert shown["visibility"] == "shared"
    assert shown["owner"] == "p1"
    assert shown["tags"] == ["a", "b"]
    assert shown["hw_disk_bus"] == "sd"
    assert shown["size"] is None
    assert (shown["min_disk"], shown["min_ram"]) == (1, 64)
    assert shown["file"] == f"/v2/images/{made['id']}/file"


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        ({"disk_format": "floppy"}, 400, "disk_format"),
        ({"min_disk": -1}, 400, "min_disk"),
        ({"min_ram": 2**31}, 400, "min_ram"),
        ({"id": "x"}, 400, "id"),
        ({"name": "x" * 256}, 400, "name"),
        ({"hw_cpu": 1}, 400, "hw_cpu"),
        ({"tags": ["x" * 256]}, 400, "tags"),
        ({"size": 1}, 403, "read-only"),
        ({"status": "active"}, 403, "read-only"),
        ({"locations": []}, 403, "reserved"),
        ({"visibility": "public"}, 403, "administrator"),
        ({"owner": "p2"}, 403, "owner"),
        ({f"k{n}": "v" for n in range(129)}, 413, "128"),
        ({"tags": [str(n) for n in range(129)]}, 413, "128"),
        ([], 400, "object"),
    ],
)
def test_create_refuses(
    alice: Client, body: Any, status: int, part: str
) -> None:
    answer = alice("POST", "/v2/images", json=body)
    assert answer.status_code == status
    assert part in sentence(answer)


def test_create_with_a_taken_id(alice: Client, bob: Client) -> None:
    made = alice.create()
    answer = bob("POST", "/v2/images", json={"id": made["id"]})
    assert answer.status_code == 409


def test_readers_change_nothing(client: Any, alice: Client) -> None:
    made = alice.active()
    reader = client("p1:reader")
    assert reader("POST", "/v2/images", json={}).status_code == 403
    path = f"/v2/images/{made['id']}"
    assert reader("GET", path + "/file").status_code == 200
    assert reader("DELETE", path).status_code == 403


def test_filters(alice: Client) -> None:
    alice.active(b"12345", name="a", disk_format="qcow2", tags=["x", "y"])
    alice.active(b"1234567", name="b", hw_disk_bus="scsi", tags=["x"])
    alice.create(name="c,d", min_disk=7, protected=True)
    alice.create(name="h", os_hidden=True)
    for query, names in {
        "": ["c,d", "b", "a"],
        "name=a": ["a"],
        'name=in:a,"c,d"': ["c,d", "a"],
        "status=queued": ["c,d"],
        "status=in:queued,active": ["c,d", "b", "a"],
        "disk_format=qcow2": ["a"],
        "container_format=bare&disk_format=raw": ["c,d", "b"],
        "size_min=6": ["b"],
        "size_max=6": ["a"],
        "tag=x": ["b", "a"],
        "tag=x&tag=y": ["a"],
        "hw_disk_bus=scsi": ["b"],
        "hw_disk_bus=ide": [],
        "min_disk=7": ["c,d"],
        "protected=true": ["c,d"],
        "os_hidden=true": ["h"],
        "owner=p1": ["c,d", "b", "a"],
        "owner=p2": [],
        "created_at=gt:2020-01-01T00:00:00Z": ["c,d", "b", "a"],
        "created_at=lt:2020-01-01T00:00:00Z": [],
        "sort=name:asc": ["a", "b", "c,d"],
        "sort_key=size&sort_dir=desc": ["b", "a", "c,d"],
        "sort_key=status&sort_key=name&sort_dir=asc": ["a", "b", "c,d"],
    }.items():
        assert alice.names(query) == names, query


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=x",
        "marker=nope",
        "size_min=x",
        "visibility=secret",
        "member_status=maybe",
        "protected=maybe",
        "created_at=gt:yesterday",
        "sort=colour",
        "sort=name:up",
        "sort=name&sort_key=name",
        "sort_key=name&sort_key=id&sort_key=size&sort_dir=asc&sort_dir=asc",
        'name=in:"a',
    ],
)
def test_bad_queries(alice: Client, query: str) -> None:
    answer = alice("GET", f"/v2/images?{query}")
    assert answer.status_code == 400
    assert len(sentence(answer)) > 20


@pytest.mark.parametrize(
    "order", ["", "sort=size:asc", "sort=name:desc,size:asc", "sort=id:asc"]
)
def test_pages_are_the_whole_list(alice: Client, order: str) -> None:
    for n in range(7):
        body = {"name": f"n{n % 3}"} if n else {}
        if n % 2:
            alice.active(b"x" * n, **body)
        else:
            alice.create(**body)
    whole = alice("GET", f"/v2/images?{order}").json()["images"]
    found: list[Any] = []
    path = f"/v2/images?limit=2&{order}"
    while path:
        page = alice("GET", path).json()
        found += page["images"]
        path = page.get("next", "")
    assert len(whole) == 7
    assert [i["id"] for i in found] == [i["id"] for i in whole]


def test_patch(alice: Client) -> None:
    made = alice.create(name="old", colour="red", gone="1", tags=["t"])
    answer = alice.patch(
        made["id"],
        {"op": "replace", "path": "/name", "value": "new"},
        {"op": "add", "path": "/hw~1x~0y", "value": "v"},
        {"op": "replace", "path": "/colour", "value": "blue"},
        {"op": "remove", "path": "/gone"},
        {"op": "replace", "path": "/tags", "value": ["u", "t"]},
        {"op": "replace", "path": "/min_disk", "value": 3},
        {"op": "replace", "path": "/disk_format", "value": "qcow2"},
    )
    assert answer.status_code == 200
    shown = alice.show(made["id"])
    assert shown == answer.json()
    assert shown["name"] == "new"
    assert shown["hw/x~y"] == "v"
    assert shown["colour"] == "blue"
    assert "gone" not in shown
    assert shown["tags"] == ["t", "u"]
    assert shown["min_disk"] == 3
    assert shown["disk_format"] == "qcow2"


def test_patch_of_the_old_form(alice: Client) -> None:
    made = alice.create(name="old", gone="1")
    answer = alice(
        "PATCH",
        f"/v2/images/{made['id']}",
        json=[{"replace": "/name", "value": "new"}, {"remove": "/gone"}],
        headers={
            "Content-Type": "application/openstack-images-v2.0-json-patch"
        },
    )
    assert answer.status_code == 200
    assert answer.json()["name"] == "new"
    assert "gone" not in answer.json()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"op": "replace", "path": "/status", "value": "active"}, 403),
        ({"op": "replace", "path": "/id", "value": "x"}, 403),
        ({"op": "replace", "path": "/size", "value": 1}, 403),
        ({"op": "remove", "path": "/name"}, 403),
        ({"op": "replace", "path": "/visibility", "value": "public"}, 403),
        ({"op": "replace", "path": "/owner", "value": "p2"}, 403),
        ({"op": "replace", "path": "/disk_format", "value": "iso"}, 403),
        ({"op": "replace", "path": "/absent", "value": "x"}, 409),
        ({"op": "remove", "path": "/absent"}, 409),
        ({"op": "replace", "path": "/min_ram", "value": -1}, 400),
        ({"op": "replace", "path": "/min_ram", "value": "1"}, 400),
        ({"op": "add", "path": "/x", "value": 5}, 400),
        ({"op": "add", "path": "/x"}, 400),
        ({"op": "add", "path": "x", "value": "v"}, 400),
        ({"op": "add", "path": "/name/x", "value": "v"}, 400),
        ({"op": "fold", "path": "/name"}, 400),
        ({"op": "add", "path": "/~2", "value": "v"}, 400),
        ("text", 400),
    ],
)
def test_patch_refuses(alice: Client, change: Any, status: int) -> None:
    made = alice.active(b"x", name="n")
    answer = alice.patch(made["id"], change)
    assert answer.status_code == status, answer.text
    assert len(sentence(answer)) > 15
    assert alice.show(made["id"]) == made


def test_patch_needs_its_media_type(alice: Client) -> None:
    made = alice.create()
    answer = alice("PATCH", f"/v2/images/{made['id']}", json=[])
    assert answer.status_code == 415


def test_tags(alice: Client) -> None:
    path = f"/v2/images/{alice.create()['id']}"
    for _ in range(2):
        assert alice("PUT", f"{path}/tags/blue").status_code == 204
    assert alice("GET", path).json()["tags"] == ["blue"]
    assert alice("PUT", f"{path}/tags/{'x' * 256}").status_code == 400
    assert alice("DELETE", f"{path}/tags/blue").status_code == 204
    assert alice("DELETE", f"{path}/tags/blue").status_code == 404
    assert alice("GET", path).json()["tags"] == []


def test_protected_is_not_deleted(alice: Client) -> None:
    made = alice.create(protected=True)
    path = f"/v2/images/{made['id']}"
    answer = alice("DELETE", path)
    assert answer.status_code == 403
    assert "protected" in sentence(answer)
    off = {"op": "replace", "path": "/protected", "value": False}
    assert alice.patch(made["id"], off).status_code == 200
    assert alice("DELETE", path).status_code == 204
    for method in ("GET", "DELETE"):
        assert alice(method, path).status_code == 404
    assert alice.names() == []


def test_deactivate_and_reactivate(alice: Client, admin: Client) -> None:
    made = alice.active()
    path = f"/v2/images/{made['id']}"
    assert alice("POST", f"{path}/actions/deactivate").status_code == 204
    assert alice.show(made["id"])["status"] == "deactivated"
    assert alice("GET", f"{path}/file").status_code == 403
    assert admin("GET", f"{path}/file").status_code == 200
    assert alice("POST", f"{path}/actions/reactivate").status_code == 204
    assert alice("GET", f"{path}/file").status_code == 200
    queued = alice.create()["id"]
    answer = alice("POST", f"/v2/images/{queued}/actions/deactivate")
    assert answer.status_code == 403


def test_images_have_no_tasks(alice: Client, bob: Client) -> None:
    path = f"/v2/images/{alice.create()['id']}/tasks"
    assert alice("GET", path).json() == {"tasks": []}
    assert bob("GET", path).status_code == 404


def test_documents(alice: Client) -> None:
    for name in ("image", "images", "member", "members"):
        answer = alice("GET", f"/v2/schemas/{name}")
        assert answer.json()["name"] == name
    assert alice("GET", "/v2/schemas/other").status_code == 404
    methods = alice("GET", "/v2/info/import").json()["import-methods"]
    assert methods["value"] == []
    assert alice("GET", "/v2/info/stores").status_code == 404
    assert alice("POST", "/v2/schemas/image").status_code == 405
