# SPDX-License-Identifier: Apache-2.0
"""Which version answers, and what every answer and refusal looks like."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.compute_api import Answer, ComputeAPI

NEW = "OpenStack-API-Version"
OLD = "X-OpenStack-Nova-API-Version"
REQUEST_IDS = ("X-Compute-Request-Id", "X-OpenStack-Request-ID")
LIMIT = 114688
SERVER = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("headers", "version"),
    [
        ({}, "2.1"),
        ({NEW: "compute 2.53"}, "2.53"),
        ({NEW: "Compute 2.53"}, "2.53"),
        ({NEW: "compute  2.53 "}, "2.53"),
        ({NEW: "compute latest"}, "2.96"),
        ({OLD: "2.7"}, "2.7"),
        ({OLD: "latest"}, "2.96"),
        ({NEW: "compute 2.53", OLD: "2.7"}, "2.53"),
        ({NEW: "volume 3.1", OLD: "2.7"}, "2.7"),
        ({NEW: "volume 3.1,compute 2.30,placement 1.2"}, "2.30"),
        ({NEW: "volume 9.9"}, "2.1"),
        ({NEW: ""}, "2.1"),
    ],
)
def test_the_version_that_is_asked_for_answers(
    compute_api: ComputeAPI, headers: dict[str, str], version: str
) -> None:
    answer = compute_api("GET", "/servers", headers=headers)
    assert answer.status == 200
    assert answer.headers[NEW] == f"compute {version}"
    assert answer.headers[OLD] == version
    assert answer.headers.getall("Vary") == [NEW, OLD]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({NEW: "compute 2.97"}, 406),
        ({NEW: "compute 3.0"}, 406),
        ({OLD: "1.1"}, 406),
        ({NEW: "compute 2.999999"}, 406),
        ({NEW: "compute two"}, 400),
        ({NEW: "compute"}, 400),
        ({NEW: "compute 2"}, 400),
        ({NEW: "compute 2.1.1"}, 400),
        ({NEW: "compute 2.-1"}, 400),
        ({NEW: "compute LATEST"}, 400),
        ({NEW: "compute 2.9999999"}, 400),
        ({OLD: ""}, 400),
        # The newer header decides alone.
        ({NEW: "compute two", OLD: "2.7"}, 400),
    ],
)
def test_a_version_that_is_refused(
    compute_api: ComputeAPI, headers: dict[str, str], status: int
) -> None:
    answer = compute_api("GET", "/servers", headers=headers)
    assert answer.status == status
    kind = "badRequest" if status == 400 else "computeFault"
    assert answer.json[kind]["code"] == status
    assert NEW not in answer.headers
    assert OLD not in answer.headers
    assert answer.headers.getall("Vary") == [NEW, OLD]
    _has_request_ids(answer)


# (what is sent, status, the fault's name)
REFUSALS: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("GET", "/servers?limit=x", {}, 400, "badRequest"),
    ("POST", "/servers", {"raw": b"{"}, 400, "badRequest"),
    ("POST", "/servers", {"raw": b"[]"}, 400, "badRequest"),
    ("POST", "/servers", {"raw": b'"\\ud800"'}, 400, "badRequest"),
    ("POST", "/servers", {"raw": b"\xff"}, 400, "badRequest"),
    ("POST", f"/servers/{SERVER}/action", {"body": {}}, 400, "badRequest"),
    ("GET", "/servers", {"as_": None}, 401, "unauthorized"),
    ("GET", "/os-services", {}, 403, "forbidden"),
    ("GET", f"/servers/{SERVER}", {}, 404, "itemNotFound"),
    ("GET", "/nothing", {}, 404, "itemNotFound"),
    ("PATCH", "/servers", {}, 404, "itemNotFound"),
    ("GET", "/os-networks", {"version": "2.36"}, 404, "itemNotFound"),
    ("GET", "/os-agents", {}, 410, "computeFault"),
    ("POST", "/servers", {"raw": b" " * (LIMIT + 1)}, 413, "overLimit"),
    (
        "POST",
        "/servers",
        {"raw": b"<a/>", "headers": {"Content-Type": "text/xml"}},
        415,
        "badMediaType",
    ),
    ("GET", "/os-networks", {}, 501, "notImplemented"),
]


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "kind"),
    REFUSALS,
    ids=lambda value: str(value)[:40],
)
def test_every_refusal_has_one_form(
    compute_api: ComputeAPI,
    method: str,
    path: str,
    sent: dict[str, Any],
    status: int,
    kind: str,
) -> None:
    answer = compute_api(method, path, **sent)
    assert answer.status == status
    assert list(answer.json) == [kind]
    assert answer.json[kind]["code"] == status
    assert len(answer.message) > 10
    assert "Traceback" not in answer.text
    assert answer.headers["Content-Type"] == "application/json"
    _has_request_ids(answer)


def test_a_conflict_has_the_same_form(compute_api: ComputeAPI) -> None:
    compute_api.add("keypair", name="k")
    body = {"keypair": {"name": "k"}}
    answer = compute_api("POST", "/os-keypairs", body)
    assert answer.status == 409
    assert list(answer.json) == ["conflictingRequest"]


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.openstack.compute+json",
        "text/plain",
    ],
)
def test_what_is_taken_as_json(compute_api: ComputeAPI, kind: str) -> None:
    answer = compute_api(
        "POST",
        f"/servers/{SERVER}/action",
        {"paint": None},
        headers={"Content-Type": kind},
    )
    assert answer.status == 400
    assert "There is no such action: paint" in answer.message


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", "*/*", "application/json;q=0"]
)
def test_whatever_is_accepted_the_answer_is_json(
    compute_api: ComputeAPI, accept: str
) -> None:
    answer = compute_api("GET", "/servers", headers={"Accept": accept})
    assert answer.status == 200
    assert answer.json == {"servers": []}


def _has_request_ids(answer: Answer) -> None:
    found = {answer.headers[name] for name in REQUEST_IDS}
    assert len(found) == 1
    assert found.pop().startswith("req-")
