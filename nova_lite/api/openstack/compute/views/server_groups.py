# SPDX-License-Identifier: Apache-2.0
"""How server groups are shown."""

from __future__ import annotations

from nova_lite.api.openstack.compute.views.columns import column
from nova_lite.api.openstack.versioned import Field, Fields

GROUP = Fields(
    Field("2.1", "id", column("uuid")),
    Field("2.1", "name", column("name")),
    Field("2.1", "policies", lambda row, _: [row["policy"]], until="2.63"),
    # Always empty: nothing was ever kept there.
    Field("2.1", "metadata", lambda _row, _: {}, until="2.63"),
    Field("2.1", "members", column("members")),
    Field("2.13", "project_id", column("project_id")),
    Field("2.13", "user_id", column("user_id")),
    Field("2.64", "policy", column("policy")),
    Field("2.64", "rules", column("rules")),
)
