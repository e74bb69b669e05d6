# SPDX-License-Identifier: Apache-2.0
"""The application's outside: limits, errors, ids, proxies, health."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import webob
from oslo_config import cfg

from nova_lite import exception
from nova_lite.api.openstack import wsgi_app
from nova_lite.db import session
from tests.fixtures import compute_api as fixture
from tests.fixtures.compute_api import ComputeAPI

LIMIT = 114688


def test_a_long_body_is_refused(compute_api: ComputeAPI) -> None:
    answer = compute_api("POST", "/servers", raw=b"x" * (LIMIT + 1))
    assert answer.status == 413
    assert answer.json["overLimit"]["code"] == 413
    assert str(LIMIT) in answer.message


def test_a_body_of_the_limit_is_read(compute_api: ComputeAPI) -> None:
    body = b'{"server": {' + b" " * (LIMIT - 14) + b"}}"
    assert len(body) == LIMIT
    answer = compute_api("POST", "/servers", raw=body)
    assert answer.status == 400
    assert "is a required property" in answer.message


def test_a_long_body_in_chunks_is_refused(compute_api: ComputeAPI) -> None:
    request = webob.Request.blank("/v2.1/servers", method="POST")
    request.headers["X-Auth-Token"] = fixture.TOKENS["member"]
    request.body = b"x" * (LIMIT + 1)
    del request.headers["Content-Length"]
    request.headers["Transfer-Encoding"] = "chunked"
    assert request.get_response(compute_api.app).status_code == 413


def test_a_length_that_is_none(compute_api: ComputeAPI) -> None:
    answer = compute_api(
        "POST", "/servers", {}, headers={"Content-Length": "many"}
    )
    assert answer.status == 400


def test_an_unforeseen_error_tells_the_request_id_only(
    compute_api: ComputeAPI,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_args: Any) -> None:
        raise ZeroDivisionError("the secret")

    monkeypatch.setattr(fixture.ConsoleAPI, "delete", broken)
    compute_api.add("server", uuid="00000000-0000-4000-8000-000000000001")
    with caplog.at_level(logging.ERROR):
        answer = compute_api(
            "DELETE", "/servers/00000000-0000-4000-8000-000000000001"
        )
    assert answer.status == 500
    assert answer.headers["X-Compute-Request-Id"] in answer.message
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "the secret" in caplog.text


def test_the_database_is_away(
    compute_api: ComputeAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> Iterator[None]:
        raise exception.DatabaseUnavailable()

    monkeypatch.setattr(session, "reader", away)
    answer = compute_api("GET", "/servers")
    assert answer.status == 503
    assert answer.json["serviceUnavailable"]["code"] == 503
    assert "Retry-After" in answer.headers


def test_each_request_has_its_own_id(compute_api: ComputeAPI) -> None:
    first = compute_api("GET", "/servers").headers
    second = compute_api("GET", "/servers").headers
    assert first["X-Compute-Request-Id"] == first["X-OpenStack-Request-ID"]
    assert first["X-Compute-Request-Id"] != second["X-Compute-Request-Id"]


def test_head_answers_like_get(compute_api: ComputeAPI) -> None:
    assert compute_api("HEAD", "/servers").status == 200


def test_forwarded_headers_are_believed_when_told_to(
    compute_api: ComputeAPI,
) -> None:
    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "cloud.example.org",
        "X-Forwarded-Prefix": "/compute",
    }

    def link(api: ComputeAPI) -> str:
        answer = api("GET", "=/", as_=None, headers=headers)
        return str(answer.json["versions"][1]["links"][0]["href"])

    assert link(compute_api) == "http://localhost/v2.1/"
    cfg.CONF.set_override("enable_proxy_headers_parsing", True, "api")
    try:
        behind = ComputeAPI(
            wsgi_app.build(
                compute_api=fixture.ConsoleAPI(
                    fixture.Images(), fixture.NeutronAPI()
                ),
                strategy=fixture.Tokens(),
            )
        )
    finally:
        cfg.CONF.clear_override("enable_proxy_headers_parsing", "api")
    assert link(behind) == "https://cloud.example.org/compute/v2.1/"


def test_mounted_applications(compute_api: ComputeAPI) -> None:
    def show(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        known = "nova.context" in environ
        text = f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']} {known}"
        return [text.encode()]

    app = ComputeAPI(
        wsgi_app.build(
            mounts={"/image": show},
            open_mounts={"/identity": show},
            compute_api=fixture.ConsoleAPI(
                fixture.Images(), fixture.NeutronAPI()
            ),
            strategy=fixture.Tokens(),
        )
    )
    assert app("GET", "=/image/v2/images").text == "/image /v2/images True"
    open_ = app("GET", "=/identity/v3", as_=None)
    assert open_.text == "/identity /v3 False"
    assert app("GET", "=/identity").text == "/identity  False"


def test_an_unhealthy_part_is_told(compute_api: ComputeAPI) -> None:
    def broken() -> dict[str, Any]:
        raise exception.DatabaseUnavailable()

    app = ComputeAPI(
        wsgi_app.build(
            health={"bus": lambda: {"ok": True}, "database": broken},
            compute_api=fixture.ConsoleAPI(
                fixture.Images(), fixture.NeutronAPI()
            ),
            strategy=fixture.Tokens(),
        )
    )
    answer = app("GET", "=/healthz", as_=None)
    assert answer.status == 503
    assert answer.json == {
        "ok": False,
        "bus": {"ok": True},
        "database": {"ok": False, "error": "DatabaseUnavailable"},
    }


def test_a_list_is_one_statement_a_table(
    compute_api: ComputeAPI,
) -> None:
    for number in range(30):
        compute_api.add("server", vm_state="error", host=f"h{number}")

    def count(path: str) -> int:
        before = session.statements()
        answer = compute_api("GET", path, as_="admin", version="2.96")
        assert len(answer.json["servers"]) == 30
        return session.statements() - before

    # Servers, faults, services and tags; SQLite's BEGIN is one each.
    assert count("/servers/detail?all_tenants=1") == 8
    assert count("/servers?all_tenants=1") == 2


@pytest.mark.parametrize("depth", [65, 100, 450, 900, 50000])
def test_a_body_that_is_nested_too_deeply(
    depth: int, compute_api: ComputeAPI
) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        deep = opening * depth + "1" + closing * depth
        hint = f'{{"server": {{}}, "os:scheduler_hints": {{"query": {deep}}}}}'
        for text in (deep, hint):
            if len(text) <= LIMIT:
                answer = compute_api("POST", "/servers", raw=text.encode())
                assert answer.status == 400
