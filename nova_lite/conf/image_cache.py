# SPDX-License-Identifier: Apache-2.0
"""[image_cache]: images that hosts keep."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("image_cache", title="Image cache")

OPTS = [
    cfg.IntOpt(
        "manager_interval",
        default=2400,
        min=1,
        max=604800,
        help="Seconds between two looks for images that this host's guests "
        "need no more.",
    ),
    cfg.BoolOpt(
        "remove_unused_base_images",
        default=True,
        help="Remove images from this host's cache that no disk stands on. "
        "Without it the cache only grows.",
    ),
    cfg.IntOpt(
        "remove_unused_original_minimum_age_seconds",
        default=86400,
        min=0,
        help="Seconds for which an image stays after it was last needed, so "
        "that the next server of it need not fetch it. 0: none.",
    ),
    cfg.IntOpt(
        "precache_concurrency",
        default=1,
        min=1,
        max=1000,
        help="Hosts of an aggregate that fetch images at a time when its "
        "caches are warmed, for each conductor. More is sooner done and "
        "loads the image service more.",
    ),
]
