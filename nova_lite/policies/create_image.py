# SPDX-License-Identifier: Apache-2.0
"""Policy of images that are made of servers."""

from __future__ import annotations

from nova_lite.policies.base import PROJECT_MEMBER_OR_ADMIN, rule

_ACTION = "/servers/{server_id}/action"

IMAGE = "os_compute_api:servers:create_image"
BACKUP = "os_compute_api:os-create-backup"

RULES = [
    rule(
        "servers:create_image",
        PROJECT_MEMBER_OR_ADMIN,
        "Make an image of a server.",
        ("POST", f"{_ACTION} (createImage)"),
    ),
    rule(
        "servers:create_image:allow_volume_backed",
        PROJECT_MEMBER_OR_ADMIN,
        "Make an image of a server that boots from a volume.",
        ("POST", f"{_ACTION} (createImage)"),
    ),
    rule(
        "os-create-backup",
        PROJECT_MEMBER_OR_ADMIN,
        "Make a backup of a server.",
        ("POST", f"{_ACTION} (createBackup)"),
    ),
]
