# SPDX-License-Identifier: Apache-2.0
"""How server groups are shown."""

from __future__ import annotations

from nova_lite.api.openstack.versioned import Field, Fields

GROUP = Fields(
    Field("2.1", "id", lambda row, _: row["uuid"]),
    Field("2.1", "name", lambda row, _: row["name"]),
    Field("2.1", "policies", lambda row, _: [row["policy"]], until="2.63"),
    # Always empty: nothing was ever kept there.
    Field("2.1", "metadata", lambda _row, _: {}, until="2.63"),
    Field("2.1", "members", lambda row, _: row["members"]),
    Field("2.13", "project_id", lambda row, _: row["project_id"]),
    Field("2.13", "user_id", lambda row, _: row["user_id"]),
    Field("2.64", "policy", lambda row, _: row["policy"]),
    Field("2.64", "rules", lambda row, _: row["rules"]),
)
