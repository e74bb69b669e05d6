# SPDX-License-Identifier: Apache-2.0
"""[image]: the image service inside nova-lite-api."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("image", title="Embedded image service")

OPTS = [
    cfg.StrOpt(
        "filesystem_store_datadir",
        default="$state_path/images",
        help="Directory of the images' bytes. Several nova-lite-api hosts "
        "must share it (NFSv4 or a cluster file system, with locks). A "
        "compute on a host that can read it clones from there and downloads "
        "nothing.",
    ),
    cfg.IntOpt(
        "image_size_cap",
        default=1 << 40,
        min=1,
        max=1 << 53,
        help="Largest image in bytes; an upload beyond it gets 413. Very "
        "small values refuse every image.",
    ),
    cfg.IntOpt(
        "image_property_quota",
        default=128,
        min=-1,
        max=1024,
        help="Properties that one image may have. -1 means no limit, 0 "
        "refuses them all.",
    ),
    cfg.IntOpt(
        "image_tag_quota",
        default=128,
        min=-1,
        max=1024,
        help="Tags that one image may have. -1 means no limit, 0 refuses "
        "them all.",
    ),
    cfg.IntOpt(
        "image_member_quota",
        default=128,
        min=-1,
        max=10000,
        help="Projects that one image may be shared with. -1 means no limit, "
        "0 refuses sharing.",
    ),
    cfg.IntOpt(
        "limit_param_default",
        default=25,
        min=1,
        max=1000,
        help="Images in one page of a list when the request names no limit.",
    ),
    cfg.IntOpt(
        "api_limit_max",
        default=1000,
        min=1,
        max=10000,
        help="Most images in one page of a list, whatever the request asks.",
    ),
]
