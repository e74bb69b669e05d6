# SPDX-License-Identifier: Apache-2.0
"""How a server's interface is shown: a port, and the tag that it has here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite.api.openstack.compute.views.columns import column
from nova_lite.api.openstack.versioned import Field, Fields

# The getters are given the port, and the tags by the ports' ids.
INTERFACE = Fields(
    Field("2.1", "net_id", column("network_id")),
    Field("2.1", "port_id", column("id")),
    Field("2.1", "mac_addr", column("mac_address")),
    Field("2.1", "port_state", column("status")),
    Field("2.1", "fixed_ips", lambda port, _: port.get("fixed_ips")),
    Field("2.70", "tag", lambda port, tags: tags.get(port["id"])),
)


def tags(row: Mapping[str, Any]) -> dict[str, str | None]:
    """The tags of a server's interfaces, by the ids of their ports."""
    return {vif["id"]: vif["tag"] for vif in row["network_info"] or ()}
