# SPDX-License-Identifier: Apache-2.0
"""Who asks: the context that travels with each request and message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oslo_context import context as oslo_context

# What crosses the bus: a token never does.
_WIRE = (
    "user_id",
    "project_id",
    "roles",
    "is_admin",
    "request_id",
    "global_request_id",
    "user_name",
    "project_name",
)


class RequestContext(oslo_context.RequestContext):
    """User, project, roles and request id of one request.

    ``auth_token`` and ``service_catalog`` are there only in the API process;
    they are used to act for the user at the image service.
    """

    def __init__(
        self,
        *,
        is_admin: bool = False,
        service_catalog: list[dict[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(is_admin=is_admin, overwrite=True, **kwargs)
        self.service_catalog = service_catalog or []

    def to_wire(self) -> dict[str, Any]:
        """The part that is sent with a message or kept with an action."""
        return {name: getattr(self, name) for name in _WIRE}

    @classmethod
    def from_wire(cls, values: Mapping[str, Any]) -> RequestContext:
        """A context as a peer sent it; unknown keys are passed over."""
        return cls(**{k: v for k, v in values.items() if k in _WIRE})

    def to_policy_values(self) -> dict[str, Any]:
        """The credentials that policy rules compare with a target."""
        values = dict(super().to_policy_values())
        values["is_admin"] = self.is_admin
        return values


def get_admin_context() -> RequestContext:
    """A context for the service's own work, with no user behind it."""
    return RequestContext(is_admin=True, roles=["admin"])
