# SPDX-License-Identifier: Apache-2.0
"""[image_cache]: images that hosts keep."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("image_cache", title="Image cache")

OPTS = [
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
