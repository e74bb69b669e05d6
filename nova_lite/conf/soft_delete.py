# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: whether a deletion can be taken back."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.IntOpt(
        "reclaim_instance_interval",
        default=0,
        min=0,
        max=2**31 - 1,
        help="Seconds for which a deleted server can be restored. Until then "
        "it is SOFT_DELETED: off, with its disks and its place on the host, "
        "but not counted in quotas. 0 deletes at once. Set the same for "
        "nova-lite-api and nova-lite-compute.",
    ),
]
