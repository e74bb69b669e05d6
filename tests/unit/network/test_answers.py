# SPDX-License-Identifier: Apache-2.0
"""What the service's refusals mean here, and what a user reads."""

from __future__ import annotations

from typing import Any

import pytest

from nova_lite import exception
from nova_lite.network import answers


def _neutron(kind: str, message: str = "a sentence") -> dict[str, Any]:
    error = {"type": kind, "message": message, "detail": ""}
    return {"NeutronError": error}


@pytest.mark.parametrize(
    ("status", "kind", "path", "error"),
    [
        (404, "NetworkNotFound", "/ports", exception.NetworkNotFound),
        (404, "PortNotFound", "/ports/1", exception.PortNotFound),
        (404, "HTTPNotFound", "/ports/1", exception.PortNotFound),
        (404, "HTTPNotFound", "/tags", exception.NotFound),
        (404, "SubnetNotFound", "/ports", exception.NotFound),
        (409, "IpAddressInUse", "/ports", exception.FixedIpAlreadyInUse),
        (
            409,
            "IpAddressAlreadyAllocated",
            "/ports",
            exception.FixedIpAlreadyInUse,
        ),
        (
            409,
            "IpAddressGenerationFailure",
            "/ports",
            exception.NoMoreFixedIps,
        ),
        (
            409,
            "IpAddressGenerationFailure",
            "/floatingips",
            exception.NoMoreFloatingIps,
        ),
        (409, "OverQuota", "/ports", exception.PortLimitExceeded),
        (409, "OverQuota", "/ports/1", exception.PortLimitExceeded),
        (
            409,
            "OverQuota",
            "/floatingips",
            exception.FloatingIpLimitExceeded,
        ),
        (
            409,
            "OverQuota",
            "/security-group-rules",
            exception.SecurityGroupLimitExceeded,
        ),
        (409, "OverQuota", "/networks", exception.OverQuota),
        (409, "SecurityGroupInUse", "/security-groups/1", exception.Conflict),
        (400, "InvalidIpForNetwork", "/ports", exception.Invalid),
        (400, "HTTPBadRequest", "/ports", exception.Invalid),
        (403, "PolicyNotAuthorized", "/ports", exception.Forbidden),
        (
            412,
            "RevisionNumberConstraintFailed",
            "/ports/1",
            exception.RevisionChanged,
        ),
        (
            503,
            "MacAddressGenerationFailure",
            "/ports",
            exception.NetworkMacAddressPoolExhausted,
        ),
        (503, "", "/ports", exception.ServiceUnavailable),
        (500, "HTTPInternalServerError", "/ports", exception.NetworkError),
    ],
)
def test_kind(
    status: int, kind: str, path: str, error: type[Exception]
) -> None:
    found = answers.error_of(status, _neutron(kind), path, False)
    assert type(found) is error
    assert "a sentence" in found.format_message()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"NeutronError": "in short"}, "in short"),
        ({"error": {"code": 401, "message": "no token"}}, "no token"),
        ({"message": "from a proxy"}, "from a proxy"),
        (None, "The network service answered 400."),
        ([], "The network service answered 400."),
        ({"NeutronError": None}, "The network service answered 400."),
    ],
)
def test_sentence(body: Any, sentence: str) -> None:
    found = answers.error_of(400, body, "/ports", False)
    assert found.format_message() == sentence


@pytest.mark.parametrize("status", [401, 403])
def test_the_account_has_too_few_rights(status: int) -> None:
    body = _neutron("PolicyNotAuthorized")
    found = answers.error_of(status, body, "/ports", True)
    assert type(found) is exception.NetworkError
    assert "service_user" in found.format_message()
