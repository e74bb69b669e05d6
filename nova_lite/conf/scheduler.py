# SPDX-License-Identifier: Apache-2.0
"""[scheduler]: the daemon, its memory of hosts, and its callers."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("scheduler", title="Scheduler")

OPTS = [
    cfg.IntOpt(
        "workers",
        default=1,
        min=1,
        max=256,
        help="Processes of nova-lite-scheduler. Each keeps every host in "
        "memory; more than one only helps when decisions queue up.",
    ),
    cfg.IntOpt(
        "max_attempts",
        default=3,
        min=1,
        max=50,
        help="Hosts that a build is tried on. The scheduler names the chosen "
        "host and up to max_attempts - 1 alternates. 1 means that a build "
        "which fails is not tried elsewhere.",
    ),
    cfg.IntOpt(
        "select_timeout_s",
        default=15,
        min=1,
        max=600,
        help="Seconds that conductor waits for a decision before it takes "
        "the scheduler for dead and asks again.",
    ),
    cfg.FloatOpt(
        "host_state_max_age_s",
        default=2.0,
        min=0.0,
        max=60.0,
        help="Age in seconds at which the hosts in memory are brought up to "
        "date before a decision. 0 does so before each one. A larger value "
        "saves statements; no host is oversold by it, but one that came up, "
        "went down or was disabled is noticed that much later.",
    ),
    cfg.IntOpt(
        "host_state_reload_s",
        default=300,
        min=10,
        max=86400,
        help="Seconds after which all hosts are read anew, whatever the "
        "changes said: it heals what clocks that differ by a minute or more "
        "made the scheduler miss. Smaller costs a second of work each time "
        "where there are tens of thousands of hosts.",
    ),
]
