# SPDX-License-Identifier: Apache-2.0
"""Turns errors into answers in Nova's form: ``{"<kind>": {code, message}}``.

The one place that maps domain errors to HTTP; used by the dispatcher and by
the middleware around it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import webob
from oslo_log import log as logging

from nova_lite import exception

LOG = logging.getLogger(__name__)

WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

KINDS = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    415: "badMediaType",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}


def fault(code: int, message: str) -> webob.Response:
    """The answer for an error."""
    kind = KINDS.get(code, "computeFault")
    body: dict[str, Any] = {"code": code, "message": message}
    response = webob.Response(
        json.dumps({kind: body}).encode(),
        status=code,
        content_type="application/json",
        charset="UTF-8",
    )
    if code in (413, 429, 503):
        response.headers["Retry-After"] = "0" if code != 503 else "5"
    return response


def read_only() -> webob.Response:
    """The answer for any method but GET and HEAD."""
    response = fault(405, "This URL does not know that method.")
    response.allow = ["GET", "HEAD"]
    return response


def from_exception(error: Exception, request_id: str) -> webob.Response:
    """The answer for whatever a controller raised.

    A domain error speaks for itself; anything else is logged with its
    traceback, and the user gets the request id to ask with.
    """
    if isinstance(error, exception.NovaLiteException):
        if error.code < 500 or error.code == 501:
            return fault(error.code, error.format_message())
        LOG.error("%s: %s", type(error).__name__, error)
        if error.code == 503 or error.for_users:
            return fault(error.code, error.format_message())
    LOG.error("Unexpected error in the API", exc_info=error)
    return fault(
        500,
        "Unexpected API Error. The service's log has the details; "
        f"tell its administrator the request id {request_id}. "
        f"{type(error)}",
    )
