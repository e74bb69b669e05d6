# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: how power states are compared."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.IntOpt(
        "sync_power_state_interval",
        default=600,
        min=-1,
        help="Seconds between two comparisons of the guests' power states "
        "with the database. A guest's own doings are known by events within "
        "a second; this finds what no event told. 0 means each minute, -1 "
        "never.",
    ),
]
