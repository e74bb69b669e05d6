# SPDX-License-Identifier: Apache-2.0
"""Schemas of restore and forceDelete."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

RESTORE = Schema(types.bare_action("restore"))
FORCE_DELETE = Schema(types.bare_action("forceDelete"))
