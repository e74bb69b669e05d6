# SPDX-License-Identifier: Apache-2.0
"""Who sees which image, and sharing."""

from __future__ import annotations

from typing import Any

from tests.unit.embedded.image.conftest import Client


def test_who_sees_what(
    alice: Client, bob: Client, admin: Client, client: Any
) -> None:
    ids = {
        kind: alice.create(name=kind, visibility=kind)["id"]
        for kind in ("private", "shared", "community")
    }
    ids["public"] = admin.create(name="public", visibility="public")["id"]
    seen = {
        kind: bob("GET", f"/v2/images/{image_id}").status_code
        for kind, image_id in ids.items()
    }
    assert seen == {
        "private": 404,
        "shared": 404,
        "community": 200,
        "public": 200,
    }
    assert bob.names() == ["public"]
    assert bob.names("visibility=community") == ["community"]
    assert bob.names("visibility=all") == ["public", "community"]
    assert bob.names("visibility=private") == []
    assert alice.names() == ["public", "community", "shared", "private"]
    assert len(admin.names()) == 4
    service = client("service:service")
    assert len(service.names()) == 4
    for image_id in ids.values():
        assert bob("DELETE", f"/v2/images/{image_id}").status_code in (
            403,
            404,
        )


def test_a_foreign_image_is_no_marker(alice: Client, bob: Client) -> None:
    made = alice.create(visibility="private")
    answer = bob("GET", f"/v2/images?marker={made['id']}")
    assert answer.status_code == 400


def test_members(alice: Client, bob: Client, client: Any) -> None:
    image_id = alice.active(b"x", name="s")["id"]
    path = f"/v2/images/{image_id}"
    members = f"{path}/members"
    answer = alice("POST", members, json={"member": "p2"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "pending"
    again = alice("POST", members, json={"member": "p2"})
    assert again.status_code == 409
    alice("POST", members, json={"member": "p3"})

    assert bob("GET", path).status_code == 200
    assert bob.names() == []
    assert bob.names("visibility=shared&member_status=pending") == ["s"]
    rows = bob("GET", members).json()["members"]
    assert [row["member_id"] for row in rows] == ["p2"]
    rows = alice("GET", members).json()["members"]
    assert [row["member_id"] for row in rows] == ["p2", "p3"]

    mine = f"{members}/p2"
    body = {"status": "accepted"}
    assert alice("PUT", mine, json=body).status_code == 403
    assert bob("PUT", f"{members}/p3", json=body).status_code == 404
    assert bob("PUT", mine, json={"status": "maybe"}).status_code == 400
    assert bob("PUT", mine, json=body).json()["status"] == "accepted"
    assert bob.names() == ["s"]
    assert bob("GET", f"{path}/file").content == b"x"
    assert bob("GET", mine).json()["status"] == "accepted"
    assert bob("DELETE", path).status_code == 403
    assert bob("DELETE", mine).status_code == 403

    assert client("p4")("GET", members).status_code == 404
    assert alice("DELETE", mine).status_code == 204
    assert alice("DELETE", mine).status_code == 404
    assert bob("GET", path).status_code == 404


def test_only_shared_images_have_members(alice: Client) -> None:
    made = alice.create(visibility="private")
    path = f"/v2/images/{made['id']}/members"
    assert alice("GET", path).status_code == 403
    answer = alice("POST", path, json={"member": "p2"})
    assert answer.status_code == 403
    shared = alice.create()
    path = f"/v2/images/{shared['id']}/members"
    for body in ({}, {"member": 5}, {"member": ""}):
        assert alice("POST", path, json=body).status_code == 400
