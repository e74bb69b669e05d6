# SPDX-License-Identifier: Apache-2.0
"""The WSGI base of the embedded services: rows, bodies, errors, paging."""

from __future__ import annotations

from typing import Any

import pytest

from nova_lite import exception
from nova_lite.embedded import http


def show(request: http.Request, row_id: str) -> dict[str, str]:
    return {"id": row_id, "url": request.application_url}


def create(request: http.Request) -> tuple[int, Any]:
    return 201, request.object("thing")


def fail(request: http.Request) -> None:
    raise ValueError("a secret of the inside")


def forbid(request: http.Request) -> None:
    raise exception.Forbidden("Not you.")


def page(request: http.Request) -> dict[str, Any]:
    limit, marker = request.paging(default=5, maximum=10)
    return {
        "limit": limit,
        "marker": marker,
        "next": request.next_path("m 2"),
    }


def error_body(status: int, title: str, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "title": title, "message": message}}


APP = http.App(
    [
        ("GET", "/", lambda request: {}),
        ("POST", "/things", create),
        ("GET", "/things", page),
        ("GET", "/things/{row_id}", show),
        ("DELETE", "/things/{row_id}", lambda request, row_id: None),
        ("GET", "/fails", fail),
        ("GET", "/forbidden", forbid),
        ("GET", "/mine", lambda request: {"id": request.context.user_id}),
    ],
    error_body,
)


def call(method: str, path: str, body: bytes | None = None) -> Any:
    request = http.Request.blank(
        path, method=method, environ={"SCRIPT_NAME": "/service"}
    )
    if body is not None:
        request.body = body
    return request.get_response(APP)


@pytest.mark.parametrize("path", ["", "/"])
def test_the_root_has_two_spellings(path: str) -> None:
    assert call("GET", path).json == {}


def test_arguments_come_decoded_and_links_know_the_mount() -> None:
    answer = call("GET", "/things/a%20b/")
    assert answer.json == {"id": "a b", "url": "http://localhost/service"}
    assert answer.content_type == "application/json"
    assert answer.headers["x-openstack-request-id"].startswith("req-")


def test_none_is_204_and_get_answers_head() -> None:
    gone = call("DELETE", "/things/1")
    assert (gone.status_code, gone.body) == (204, b"")
    head = call("HEAD", "/things/1")
    assert (head.status_code, head.body) == (200, b"")


def test_a_wrong_method_tells_the_right_ones() -> None:
    answer = call("PUT", "/things/1")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, DELETE"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/things/%00", 404),
        ("/things/%ff", 400),
        ("/things/1?x=%ff", 400),
        ("/things/1?x=%00", 400),
        ("/forbidden", 403),
        ("/mine", 401),
        ("/things?limit=0", 400),
        ("/things?limit=-1", 400),
        ("/things?limit=x", 400),
    ],
)
def test_errors_have_the_services_form(path: str, status: int) -> None:
    answer = call("GET", path)
    assert answer.status_code == status
    assert answer.json["error"]["code"] == status
    assert answer.json["error"]["message"]


def test_an_unforeseen_error_says_nothing_of_the_inside() -> None:
    answer = call("GET", "/fails")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    request_id = answer.headers["x-openstack-request-id"]
    assert request_id in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"thing": {"a": 1}}', 201),
        (b'{"thing": 1}', 400),
        (b"[]", 400),
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 100000, 400),
        (b'{"thing": {"a": NaN}}', 400),
        (b'{"thing": {"a": "\\u0000"}}', 400),
        (b'{"thing": {"\\ud800": 1}}', 400),
        (b'{"thing": ' + b"9" * 5000 + b"}", 400),
        (b" " * 200000, 413),
    ],
)
def test_a_body_is_checked_before_it_is_used(body: bytes, status: int) -> None:
    assert call("POST", "/things", body).status_code == status


def test_paging_is_bounded_and_keeps_the_query() -> None:
    assert call("GET", "/things").json["limit"] == 5
    found = call("GET", "/things?limit=99999999999&name=x&marker=m1").json
    assert found["limit"] == 10
    assert found["marker"] == "m1"
    assert found["next"] == "/things?limit=99999999999&name=x&marker=m+2"
