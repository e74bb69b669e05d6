# SPDX-License-Identifier: Apache-2.0
"""The service catalogue: made from options and the request, with no SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg

CONF = cfg.CONF

INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True)
class Service:
    """A service that nova-lite-api answers itself, below ``path``."""

    type: str
    name: str
    path: str


SERVICES = (
    Service("identity", "keystone", "/identity"),
    Service("compute", "nova", "/v2.1"),
    Service("image", "glance", "/image"),
)
# In the catalogue where this cloud has them.
OPTIONAL = (Service("network", "neutron", "/network"),)


def _stable_id(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:32]


class Catalog:
    """The endpoints that every token's catalogue has."""

    def __init__(self) -> None:
        self.region: str = CONF.identity.region
        self._public: str | None = CONF.identity.public_endpoint
        embedded = CONF.api.embedded_services
        self._services = (
            *SERVICES,
            *(one for one in OPTIONAL if one.type in embedded),
        )
        self._override: Mapping[str, str] = CONF.identity.endpoint_override

    def address(self, request_host_url: str) -> str:
        """The API's own address: the option, or the request's host."""
        return (self._public or request_host_url).rstrip("/")

    def _urls(self, base: str) -> dict[Service, str]:
        known = {service.type for service in self._services}
        others = [
            Service(kind, kind, "")
            for kind in self._override
            if kind not in known
        ]
        found = {
            service: self._override.get(service.type, base + service.path)
            for service in (*self._services, *others)
        }
        return {service: url for service, url in found.items() if url}

    def v3(self, base: str) -> list[dict[str, Any]]:
        """The catalogue in a token's form."""
        return [
            {
                "id": _stable_id(service.type),
                "type": service.type,
                "name": service.name,
                "endpoints": self._endpoints(service, url),
            }
            for service, url in self._urls(base).items()
        ]

    def _endpoints(self, service: Service, url: str) -> list[dict[str, Any]]:
        return [
            {
                "id": _stable_id(service.type, interface),
                "interface": interface,
                "region": self.region,
                "region_id": self.region,
                "url": url,
            }
            for interface in INTERFACES
        ]

    def v2(self, base: str) -> list[dict[str, Any]]:
        """The catalogue as keystonemiddleware hands it to a service."""
        return [
            {
                "type": service.type,
                "name": service.name,
                "endpoints": [
                    {
                        "region": self.region,
                        "publicURL": url,
                        "internalURL": url,
                        "adminURL": url,
                    }
                ],
            }
            for service, url in self._urls(base).items()
        ]
