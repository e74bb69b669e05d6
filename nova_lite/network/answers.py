# SPDX-License-Identifier: Apache-2.0
"""What the network service's refusals mean here.

The service names the error by its type; where that says nothing, its status
does. The sentence that a user gets is the service's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite import exception

Kind = type[exception.NovaLiteException]

_TYPES: Mapping[str, Kind] = {
    "NetworkNotFound": exception.NetworkNotFound,
    "PortNotFound": exception.PortNotFound,
    "SecurityGroupNotFound": exception.SecurityGroupNotFound,
    "FloatingIPNotFound": exception.FloatingIpNotFound,
    "IpAddressInUse": exception.FixedIpAlreadyInUse,
    "IpAddressAlreadyAllocated": exception.FixedIpAlreadyInUse,
    "IpAddressGenerationFailure": exception.NoMoreFixedIps,
    "ExternalIpAddressExhausted": exception.NoMoreFloatingIps,
    "InvalidIpForNetwork": exception.Invalid,
    "InvalidIpForSubnet": exception.Invalid,
    "HostNotCompatibleWithFixedIps": exception.FixedIpInvalidOnHost,
    "PortInUse": exception.PortInUse,
    "RevisionNumberConstraintFailed": exception.RevisionChanged,
    "MacAddressGenerationFailure": exception.NetworkMacAddressPoolExhausted,
    "PortSecurityAndIPRequiredForSecurityGroups": (
        exception.SecurityGroupCannotBeApplied
    ),
}
# What has run out, by the collection that the request was for.
_OVER_QUOTA: Mapping[str, Kind] = {
    "ports": exception.PortLimitExceeded,
    "floatingips": exception.FloatingIpLimitExceeded,
    "security-groups": exception.SecurityGroupLimitExceeded,
    "security-group-rules": exception.SecurityGroupLimitExceeded,
}
_NOT_FOUND: Mapping[str, Kind] = {
    "networks": exception.NetworkNotFound,
    "ports": exception.PortNotFound,
    "floatingips": exception.FloatingIpNotFound,
    "security-groups": exception.SecurityGroupNotFound,
}
_STATUSES: Mapping[int, Kind] = {
    400: exception.Invalid,
    401: exception.Unauthorized,
    403: exception.Forbidden,
    404: exception.NotFound,
    409: exception.Conflict,
    412: exception.Conflict,
    413: exception.RequestTooLarge,
}


def error_of(
    status: int, body: Any, path: str, as_account: bool
) -> exception.NovaLiteException:
    """The domain error of an answer of 400 and above.

    ``path``: what was asked ("/ports/1"); ``as_account``: not by a user, who
    then is not who has too few rights.
    """
    kind, sentence = _parts(body)
    sentence = sentence or f"The network service answered {status}."
    if as_account and status in (401, 403) and kind != "OverQuota":
        return exception.NetworkError(
            reason=f"it refuses the account of [service_user]: {sentence}"
        )
    if kind in _TYPES:
        return _known(kind, path)(sentence)
    if status in (502, 503, 504):
        return exception.ServiceUnavailable(
            reason=f"the network service says: {sentence}"
        )
    if status >= 500:
        return exception.NetworkError(
            reason=f"it answered {status}: {sentence}"
        )
    return _meaning(kind, status, path)(sentence)


def _collection(path: str) -> str:
    return path.strip("/").partition("/")[0]


def _known(kind: str, path: str) -> Kind:
    floating = _collection(path) == "floatingips"
    if kind == "IpAddressGenerationFailure" and floating:
        return exception.NoMoreFloatingIps
    return _TYPES[kind]


def _meaning(kind: str, status: int, path: str) -> Kind:
    collection = _collection(path)
    if kind == "OverQuota":
        return _OVER_QUOTA.get(collection, exception.OverQuota)
    if status == 404 and kind in ("", "HTTPNotFound"):
        return _NOT_FOUND.get(collection, exception.NotFound)
    return _STATUSES.get(status, exception.Invalid)


def _parts(body: Any) -> tuple[str, str]:
    """Type and sentence of an error's body, whoever wrote it."""
    if not isinstance(body, dict):
        return "", ""
    found = body.get("NeutronError", body.get("error", body))
    if isinstance(found, str):
        return "", found
    if not isinstance(found, dict):
        return "", ""
    return str(found.get("type", "")), str(found.get("message", ""))
