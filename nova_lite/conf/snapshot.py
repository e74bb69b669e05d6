# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: images that are made of servers."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.IntOpt(
        "max_concurrent_snapshots",
        default=5,
        min=0,
        max=1000,
        help="Snapshots and backups that this host makes at a time; more "
        "wait. 0 means no limit but [compute] operation_threads.",
    ),
    cfg.ListOpt(
        "non_inheritable_image_properties",
        default=["cache_in_nova", "bittorrent"],
        help="Properties of a server's image that the images made of the "
        "server do not have. What belongs to one image alone, such as its "
        "signature, is never passed on.",
    ),
]
