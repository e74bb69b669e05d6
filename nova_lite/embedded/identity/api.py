# SPDX-License-Identifier: Apache-2.0
"""What every resource of the identity application shares."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from nova_lite import exception
from nova_lite.embedded.http import Request
from nova_lite.embedded.identity.catalog import Catalog
from nova_lite.embedded.identity.directory import Directory
from nova_lite.embedded.identity.login import Authenticator
from nova_lite.embedded.identity.store import Store
from nova_lite.embedded.identity.values import Identity


class Api:
    """The parts of the service, and who calls."""

    def __init__(self) -> None:
        self.store = Store()
        self.authenticator = Authenticator(self.store)
        self.directory = Directory(self.store.passwords)
        self.catalog = Catalog()

    def caller(self, request: Request) -> Identity:
        """Who asks, by X-Auth-Token. Raises: Unauthorized."""
        token = request.headers.get("X-Auth-Token")
        if not token:
            raise exception.Unauthorized()
        return self.store.validate(token)

    def admin(self, request: Request, action: str) -> Identity:
        """Who asks, being an administrator.

        Raises: Unauthorized; Forbidden with the name of the ``action``.
        """
        caller = self.caller(request)
        if not caller.is_admin:
            raise exception.Forbidden(
                "You are not authorized to perform the requested action: "
                f"identity:{action}."
            )
        return caller

    def admin_or_self(
        self, request: Request, action: str, user_id: str
    ) -> Identity:
        """Who asks, being an administrator or that user."""
        caller = self.caller(request)
        if caller.user_id == user_id:
            return caller
        return self.admin(request, action)


def when(moment: datetime.datetime | None) -> str | None:
    """A moment in the form that Keystone gives it."""
    if moment is None:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def self_link(request: Request, *parts: str) -> dict[str, str]:
    """The ``links`` of one resource."""
    return {"self": "/".join((request.application_url, "v3", *parts))}


def listing(
    request: Request,
    collection: str,
    items: Sequence[Any],
    next_marker: str | None = None,
) -> dict[str, Any]:
    """The body of a list, with the link to its next page."""
    following = None
    if next_marker is not None:
        following = request.application_url + request.next_path(next_marker)
    return {
        collection: list(items),
        "links": {
            "self": request.path_url,
            "previous": None,
            "next": following,
        },
    }
