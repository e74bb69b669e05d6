# SPDX-License-Identifier: Apache-2.0
"""[workarounds]: ways around what others do wrong."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "workarounds", title="Ways around what hypervisors and others do wrong"
)

OPTS = [
    cfg.BoolOpt(
        "handle_virt_lifecycle_events",
        default=True,
        help="Act on the hypervisor's events: a guest that powers itself off "
        "is a stopped server at once. When false, only the comparison each "
        "sync_power_state_interval finds it.",
    ),
]
