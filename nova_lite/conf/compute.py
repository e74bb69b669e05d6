# SPDX-License-Identifier: Apache-2.0
"""[compute]: nova-lite-compute."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("compute", title="Compute")

OPTS = [
    cfg.IntOpt(
        "max_concurrent_builds",
        default=10,
        min=1,
        max=1000,
        help="Builds that this host works on at a time; more wait.",
    ),
    cfg.IntOpt(
        "operation_threads",
        default=64,
        min=1,
        max=1000,
        help="Operations of every kind that this host has in hand at a "
        "time, those that wait for a build's turn included.",
    ),
    cfg.IntOpt(
        "update_resources_interval",
        default=60,
        min=1,
        max=86400,
        help="Seconds between two reports of this host's resources.",
    ),
    cfg.IntOpt(
        "reconcile_interval",
        default=60,
        min=1,
        max=86400,
        help="Seconds between two comparisons of the hypervisor and the "
        "disk with the database.",
    ),
    cfg.FloatOpt(
        "cpu_allocation_ratio",
        default=4.0,
        min=0.01,
        max=1000,
        help="Virtual CPUs that may be given out for each real one.",
    ),
    cfg.FloatOpt(
        "ram_allocation_ratio",
        default=1.0,
        min=0.01,
        max=1000,
        help="Memory that may be given out, as a multiple of the real one.",
    ),
    cfg.FloatOpt(
        "disk_allocation_ratio",
        default=1.0,
        min=0.01,
        max=1000,
        help="Disk that may be given out, as a multiple of the real one.",
    ),
    cfg.IntOpt(
        "reserved_host_cpus",
        default=0,
        min=0,
        help="CPUs kept for the host itself.",
    ),
    cfg.IntOpt(
        "reserved_host_memory_mb",
        default=512,
        min=0,
        help="MiB of memory kept for the host itself.",
    ),
    cfg.IntOpt(
        "reserved_host_disk_mb",
        default=0,
        min=0,
        help="MiB of disk kept for the host itself, rounded up to GiB.",
    ),
]
