# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: what every daemon needs."""

from __future__ import annotations

import socket
from typing import Any

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.StrOpt(
        "concurrency",
        default="eventlet",
        choices=["eventlet", "threading"],
        help="Kind of thread that every daemon runs on. eventlet uses less "
        "memory; threading works with debuggers and profilers of native "
        "threads. Read before anything else at start.",
    ),
    cfg.HostAddressOpt(
        "my_ip",
        default="127.0.0.1",
        help="Address of this host on the management network, shown as "
        "host_ip of the hypervisor.",
    ),
    cfg.StrOpt(
        "host",
        default=socket.gethostname(),
        sample_default="<the host's name>",
        help="Name of this host in messages, services and servers. It must "
        "be unique, and stay the same for as long as the host has guests.",
    ),
    cfg.StrOpt(
        "state_path",
        default="/var/lib/nova-lite",
        help="Directory for what the daemons keep: instances, image cache, "
        "the SQLite database, the private broker.",
    ),
    cfg.StrOpt(
        "secrets_key",
        secret=True,
        help="Text, the same on every host, with which passwords and files "
        "of requests are encrypted while they wait in the database for their "
        "host. Unset takes the passwords in transport_url; set it where "
        "hosts log in to the broker with different ones, or with none.",
    ),
    cfg.IntOpt(
        "report_interval",
        default=10,
        min=1,
        max=300,
        help="Seconds between two heartbeats of a service. Smaller finds a "
        "dead daemon sooner and costs one statement each time.",
    ),
    cfg.IntOpt(
        "service_down_time",
        default=60,
        min=2,
        max=3600,
        help="Seconds without a heartbeat after which a service counts as "
        "down. Keep it at several times report_interval.",
    ),
    cfg.BoolOpt(
        "periodic_enable",
        default=True,
        help="Run periodic tasks. Off only for a debugging session.",
    ),
    cfg.IntOpt(
        "periodic_fuzzy_delay",
        default=60,
        min=0,
        max=600,
        help="Upper bound, in seconds, of the random delay before the first "
        "periodic task, so that many hosts do not report at one instant. 0 "
        "means none.",
    ),
    cfg.IntOpt(
        "rpc_response_timeout_conductor",
        default=10,
        min=1,
        max=600,
        help="Seconds that a compute waits for one answer of conductor "
        "before it asks again.",
    ),
]


def register_extra(conf: Any) -> None:
    """graceful_shutdown_timeout and log_options, which oslo.service has."""
    from oslo_service import opts

    opts.register_service_opts(conf)
