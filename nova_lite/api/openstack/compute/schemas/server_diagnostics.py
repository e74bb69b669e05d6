# SPDX-License-Identifier: Apache-2.0
"""Schema of the query of diagnostics."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import Schema

QUERY = Schema(types.query({}))
