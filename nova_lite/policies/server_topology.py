# SPDX-License-Identifier: Apache-2.0
"""Policy of a server's NUMA topology."""

from __future__ import annotations

from nova_lite.policies.base import ADMIN, PROJECT_READER_OR_ADMIN, rule

INDEX = "compute:server:topology:index"
HOST = "compute:server:topology:host:index"

_PATH = ("GET", "/servers/{server_id}/topology")

RULES = [
    rule(
        INDEX,
        PROJECT_READER_OR_ADMIN,
        "See a server's NUMA nodes.",
        _PATH,
    ),
    rule(
        HOST,
        ADMIN,
        "See on which of the host's NUMA nodes and CPUs a server's lie.",
        _PATH,
    ),
]
