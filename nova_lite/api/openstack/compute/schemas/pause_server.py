# SPDX-License-Identifier: Apache-2.0
"""Schemas of pause and unpause."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

PAUSE = Schema(types.bare_action("pause"))
UNPAUSE = Schema(types.bare_action("unpause"))
