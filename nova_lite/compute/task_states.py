# SPDX-License-Identifier: Apache-2.0
"""What is being done to a server right now: OS-EXT-STS:task_state."""

from __future__ import annotations

SCHEDULING = "scheduling"
BLOCK_DEVICE_MAPPING = "block_device_mapping"
NETWORKING = "networking"
SPAWNING = "spawning"
DELETING = "deleting"
MIGRATING = "migrating"
