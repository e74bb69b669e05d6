# SPDX-License-Identifier: Apache-2.0
"""What the fields of servers need beside their rows, for one answer.

What is the same for all servers of an answer (the links' base, policy,
faults, tags, hosts) is found once, and only when a field asks for it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from oslo_log import log as logging

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.common import Settings
from nova_lite.api.openstack.compute import status
from nova_lite.api.openstack.request import Request
from nova_lite.db.repositories import (
    instance_query,
    server_group,
    service_query,
    tag,
)
from nova_lite.db.repositories.server_view import Beside
from nova_lite.network.api import NetworkAPI
from nova_lite.policies import servers as policies

LOG = logging.getLogger(__name__)

Row = Mapping[str, Any]

_WITH_FAULT = frozenset({"ERROR", "DELETED"})
# Empty: the server has no host.
_HOST_STATES = frozenset({"UP", "DOWN", "UNKNOWN", "MAINTENANCE", ""})


class Answer:
    """What the getters need beside the row, for one answer."""

    def __init__(
        self,
        request: Request,
        settings: Settings,
        rows: Sequence[Row],
        networks: NetworkAPI | None = None,
        beside: Beside | None = None,
    ) -> None:
        """``networks``: who knows their security groups, where it is told.

        ``beside``: what was read together with the only server.
        """
        self.request = request
        self._networks = networks
        self._beside = beside
        self.settings = settings
        self.version = request.version
        self._rows = rows
        self._base = common.base_url(request, settings)
        self._bookmark = common.bookmark_url(request, settings)

    def links(self, row: Row) -> list[dict[str, str]]:
        """The links of one server."""
        path = f"servers/{row['uuid']}"
        return [
            {"rel": "self", "href": f"{self._base}/{path}"},
            {"rel": "bookmark", "href": f"{self._bookmark}/{path}"},
        ]

    def bookmark(self, collection: str, ident: str) -> list[dict[str, str]]:
        """The one link of something that a server was made of."""
        base = self._bookmark
        if collection == "images" and self.settings.glance_link_prefix:
            base = self.settings.glance_link_prefix.rstrip("/")
        return [{"rel": "bookmark", "href": f"{base}/{collection}/{ident}"}]

    def may(self, rule: str) -> bool:
        """Whether policy lets this user see a part of the view."""
        return policy.allows(self.request.context, rule)

    @functools.cached_property
    def extended(self) -> bool:
        """Whether host and hypervisor may be seen."""
        return self.may(policies.EXTENDED)

    @functools.cached_property
    def extra_specs(self) -> bool:
        """Whether the flavor's extra specs may be seen."""
        return self.may(policies.SHOW_FLAVOR_EXTRA_SPECS)

    @functools.cached_property
    def faults(self) -> dict[str, dict[str, Any]]:
        """The latest faults of the servers that show one."""
        uuids = [r["uuid"] for r in self._rows if shows_fault(r)]
        return common.read(instance_query.faults, uuids) if uuids else {}

    @functools.cached_property
    def _tags(self) -> dict[str, list[str]]:
        """The tags of the servers that have some."""
        if self._beside is not None and not self._beside.tagged:
            return {}
        return common.read(
            tag.of_instances, [row["uuid"] for row in self._rows]
        )

    @functools.cached_property
    def _security_groups(self) -> dict[str, list[dict[str, Any]]]:
        """The security groups of the servers that have interfaces.

        None where the network service does not tell: the servers are there
        all the same.
        """
        uuids = [row["uuid"] for row in self._rows if row["network_info"]]
        if not uuids or self._networks is None:
            return {}
        try:
            return self._networks.instance_security_groups(
                self.request.context, uuids
            )
        except exception.NovaLiteException as error:
            LOG.warning("Servers are shown without their groups: %s", error)
            return {}

    @functools.cached_property
    def host_states(self) -> dict[str, str]:
        """host -> UP, DOWN, UNKNOWN or MAINTENANCE."""
        if self._beside is not None:
            services = self._beside.services
        else:
            services = common.read(
                service_query.services, binary=service_query.COMPUTE
            )
        return {row["host"]: self._host_state(row) for row in services}

    def _host_state(self, service: Row) -> str:
        if service["forced_down"]:
            return "DOWN"
        if service["disabled"]:
            return "MAINTENANCE"
        up = service_query.is_up(service, self.settings.service_down_time_s)
        return "UP" if up else "UNKNOWN"

    @functools.cached_property
    def shown_host_states(self) -> frozenset[str]:
        """Which host states this user may see."""
        if self.may(policies.HOST_STATUS):
            return _HOST_STATES
        if self.may(policies.HOST_STATUS_UNKNOWN):
            return frozenset({"UNKNOWN"})
        return frozenset()

    def tags_of(self, row: Row) -> list[str]:
        """The tags of one server of the answer."""
        return self._tags.get(row["uuid"], [])

    def security_groups_of(self, row: Row) -> list[dict[str, str]]:
        """The security groups of one server of the answer, by name."""
        return [
            {"name": group["name"] or group["id"]}
            for group in self._security_groups.get(row["uuid"], ())
        ]

    def groups(self, row: Row) -> list[str]:
        """The server's group, if any; one SELECT, for one server at a time."""
        group = common.read(server_group.of_instance, row["uuid"])
        return [group] if group else []


def status_of(row: Row) -> str:
    """What a user sees as the server's status."""
    return status.status(row["vm_state"], row["task_state"])


def shows_fault(row: Row) -> bool:
    """Whether a server in this state shows what went wrong."""
    return status_of(row) in _WITH_FAULT
