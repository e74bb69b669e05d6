# SPDX-License-Identifier: Apache-2.0
"""Schemas of suspend and resume."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

SUSPEND = Schema(types.bare_action("suspend"))
RESUME = Schema(types.bare_action("resume"))
