# SPDX-License-Identifier: Apache-2.0
"""How what a token opens is shown."""

from __future__ import annotations

from nova_lite.api.openstack.compute.views.columns import column
from nova_lite.api.openstack.versioned import Field, Fields

CONSOLE = Fields(
    Field("2.31", "instance_uuid", column("instance_uuid")),
    Field("2.31", "host", column("host")),
    Field("2.31", "port", column("port")),
    Field("2.31", "internal_access_path", column("internal_access_path")),
)
