# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: resizes."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.BoolOpt(
        "allow_resize_to_same_host",
        default=True,
        help="Whether a resize may stay on the server's host. In this "
        "release it always does, since disks do not move between hosts: "
        "false refuses every resize. Upstream's default is false.",
    ),
    cfg.IntOpt(
        "resize_confirm_window",
        default=0,
        min=0,
        help="Seconds after which a resize that nobody has confirmed or "
        "reverted is confirmed. 0 means never.",
    ),
]
