# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: config drives."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.BoolOpt(
        "force_config_drive",
        default=False,
        help="Give every new server a config drive, whether it was asked for "
        "or not. Read by nova-lite-api; servers that exist stay as they are.",
    ),
    cfg.StrOpt(
        "config_drive_format",
        default="iso9660",
        choices=["iso9660"],
        help="File system of config drives. Every guest reads iso9660; vfat, "
        "which older clouds had for live migration, is not made.",
    ),
    cfg.StrOpt(
        "mkisofs_cmd",
        default="genisoimage",
        help="Command that makes config drives, by name or path: genisoimage "
        "or one with its options, such as mkisofs.",
    ),
]
