# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: shelved servers."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.IntOpt(
        "shelved_offload_time",
        default=0,
        min=-1,
        help="Seconds that a shelved server keeps its place on its host, from "
        "where it is back soonest. 0: it leaves at once; -1: never by "
        "itself.",
    ),
    cfg.IntOpt(
        "shelved_poll_interval",
        default=3600,
        min=1,
        max=86400,
        help="Seconds between two looks for shelved servers whose time on "
        "this host is over.",
    ),
]
