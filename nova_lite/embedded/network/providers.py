# SPDX-License-Identifier: Apache-2.0
"""/v2.0/service-providers: who does what here; routers, and nothing else.

Clients look whether there is a provider of VPNs before they ask for those.
"""

from __future__ import annotations

from typing import Any

from nova_lite.embedded import http
from nova_lite.embedded.network import listing

_PROVIDERS = (
    {
        "service_type": "L3_ROUTER_NAT",
        "name": "nova-lite-netd",
        "default": True,
    },
)
_NAMES = ("service_type", "name")


def rows() -> list[http.Row]:
    """The routes."""
    return [("GET", "/v2.0/service-providers", index)]


def index(request: http.Request) -> Any:
    """GET /v2.0/service-providers."""
    asked = {
        name: request.GET.getall(name)
        for name in _NAMES
        if name in request.GET
    }
    return {
        "service_providers": [
            listing.fields(request.GET, dict(one))
            for one in _PROVIDERS
            if all(one[name] in values for name, values in asked.items())
        ]
    }
