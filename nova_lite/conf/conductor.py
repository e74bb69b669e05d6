# SPDX-License-Identifier: Apache-2.0
"""[conductor]"""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("conductor", title="Conductor")

OPTS = [
    cfg.IntOpt(
        "workers",
        default=1,
        min=1,
        max=256,
        help="Processes of nova-lite-conductor on this host.",
    ),
    cfg.IntOpt(
        "sweep_interval",
        default=10,
        min=1,
        max=300,
        help="Seconds between two looks at the journal for actions whose "
        "message or worker was lost. One statement each while nothing is "
        "open.",
    ),
    cfg.IntOpt(
        "resend_after",
        default=10,
        min=1,
        max=600,
        help="Seconds after which an action that nobody has taken is sent "
        "again. A daemon that is busy drops what it has already.",
    ),
    cfg.IntOpt(
        "build_concurrency",
        default=32,
        min=1,
        max=1000,
        help="Requests that one conductor process schedules at a time.",
    ),
    cfg.IntOpt(
        "token_cleanup_interval",
        default=300,
        min=1,
        max=86400,
        help="Seconds between two removals of the tokens of consoles whose "
        "time is over. They open nothing, however long they lie.",
    ),
]
