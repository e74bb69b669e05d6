# SPDX-License-Identifier: Apache-2.0
"""/v2.0/extensions: what of Neutron's API is here, by Neutron's own aliases.

A client asks for them before it uses what is not in every cloud, so an alias
stands here only when all that it promises is here.
"""

from __future__ import annotations

from typing import Any

from nova_lite.embedded import http
from nova_lite.embedded.network import listing
from nova_lite.network import errors

# alias -> name
EXTENSIONS = {
    "agent": "agent",
    "allowed-address-pairs": "Allowed Address Pairs",
    "auto-allocated-topology": "Auto Allocated Topology Services",
    "availability_zone": "Availability Zone",
    "binding": "Port Binding",
    "dns-integration": "DNS Integration",
    "empty-string-filtering": "Empty String Filtering Extension",
    "ext-gw-mode": "Neutron L3 Configurable external gateway mode",
    "external-net": "Neutron external network",
    "extraroute": "Neutron Extra Route",
    "extraroute-atomic": "Atomically add/remove extra routes",
    "filter-validation": "Filter parameters validation",
    "fip-port-details": "Floating IP Port Details Extension",
    "ip-substring-filtering": "IP address substring filtering",
    "l2_adjacency": "L2 Adjacency",
    "net-mtu": "Network MTU",
    "net-mtu-writable": "Network MTU (writable)",
    "network-ip-availability": "Network IP Availability",
    "network_availability_zone": "Network Availability Zone",
    "pagination": "Pagination support",
    "port-security": "Port Security",
    "project-id": "project_id field enabled",
    "provider": "Provider Network",
    "quota_details": "Quota details management support",
    "quotas": "Quota management support",
    "revision-if-match": "If-Match constraints based on revision_number",
    "router": "Neutron L3 Router",
    "security-group": "security-group",
    "service-type": "Neutron Service Type Management",
    "sorting": "Sorting support",
    "standard-attr-description": "standard-attr-description",
    "standard-attr-revisions": "Resource revision numbers",
    "standard-attr-tag": "Tag support for resources with standard attribute",
    "standard-attr-timestamp": "Resource timestamps",
    "tag-creation": "Tag creation extension",
    "stateful-security-group": "Stateful security group",
}


def rows() -> list[http.Row]:
    """The routes."""
    return [
        ("GET", "/v2.0/extensions", index),
        ("GET", "/v2.0/extensions/{alias}", show),
    ]


def index(request: http.Request) -> Any:
    """All of them."""
    shown = [listing.fields(request.GET, _view(one)) for one in EXTENSIONS]
    return {"extensions": shown}


def show(_request: http.Request, alias: str) -> Any:
    """One of them."""
    if alias not in EXTENSIONS:
        raise errors.ExtensionNotFound(alias=alias)
    return {"extension": _view(alias)}


def _view(alias: str) -> dict[str, Any]:
    name = EXTENSIONS[alias]
    return {
        "alias": alias,
        "name": name,
        "description": name,
        "updated": "2026-01-01T00:00:00-00:00",
        "links": [],
    }
