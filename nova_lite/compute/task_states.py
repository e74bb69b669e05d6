# SPDX-License-Identifier: Apache-2.0
"""What is being done to a server right now: OS-EXT-STS:task_state."""

from __future__ import annotations

SCHEDULING = "scheduling"
SPAWNING = "spawning"
DELETING = "deleting"
MIGRATING = "migrating"
