# SPDX-License-Identifier: Apache-2.0
"""What the API may do with the interfaces of servers, and their addresses.

Part of compute.API, in the API process. What the network service alone does
is asked of it with the user's own token; the server's host is then told to
read the server's interfaces anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.compute import begin, info_cache, transitions
from nova_lite.compute.acting import Acting
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.db.repositories import instance
from nova_lite.network import model
from nova_lite.network.api import NetworkRequest
from nova_lite.network.model import VIF
from nova_lite.objects.external_event import InstanceExternalEvent

LOG = logging.getLogger(__name__)


class InterfaceAPI(Acting):
    """Interfaces come and go; addresses change."""

    def attach_interface(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        request: NetworkRequest,
    ) -> VIF:
        """Give a server one more interface, and wait until it has it.

        A request without network and port is for the project's only network.
        Raises: what NetworkAPI.validate raises; InterfaceAttachFailed,
        InstanceInvalidState, InstanceIsLocked, MessagingUnavailable.
        """
        begin.check(context, row, transitions.ATTACH_INTERFACE)
        self._need_service(context)
        named = request.network_id or request.port_id
        if not self._network.validate(
            context, row["project_id"], [request] if named else []
        ):
            raise exception.PortLimitExceeded()
        made: Mapping[str, Any] = self._act(
            context,
            row,
            transitions.ATTACH_INTERFACE,
            arguments={"request": dataclasses.asdict(request)},
            also=_expect_ports,
            wait=True,
        )
        return VIF.from_dict(made)

    def detach_interface(
        self, context: RequestContext, row: Mapping[str, Any], port_id: str
    ) -> None:
        """Take an interface from a server.

        Raises: PortNotFound when it has no such, InstanceInvalidState,
        InstanceIsLocked.
        """
        begin.check(context, row, transitions.DETACH_INTERFACE)
        self._need_service(context)
        if not any(
            vif.id == port_id for vif in model.load(row["network_info"])
        ):
            raise exception.PortNotFound(port_id=port_id)
        self._act(
            context,
            row,
            transitions.DETACH_INTERFACE,
            arguments={"port_id": port_id},
        )

    def add_fixed_ip(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        network_id: str,
    ) -> None:
        """One more address. Raises: NetworkNotFoundForInstance ..."""
        begin.check_lock(context, row)
        self._need_service(context)
        self._network.add_fixed_ip(context, row["uuid"], network_id)
        self.network_changed(context, row)

    def remove_fixed_ip(
        self, context: RequestContext, row: Mapping[str, Any], address: str
    ) -> None:
        """Raises: FixedIpNotFoundForSpecificInstance."""
        begin.check_lock(context, row)
        self._need_service(context)
        self._network.remove_fixed_ip(context, row["uuid"], address)
        self.network_changed(context, row)

    def network_changed(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Have what is known of a server's interfaces read anew."""
        if not row["host"]:
            self._read_anew(row["uuid"])
            return
        event = InstanceExternalEvent(
            instance_uuid=row["uuid"],
            name="network-changed",
            status="completed",
            tag=None,
        )
        self._compute.external_instance_event(context, row["host"], [event])

    def _read_anew(self, uuid: str) -> None:
        """What a host does for its servers, for one that is on none.

        With the daemons' account: users are not shown all of their ports.
        """
        try:
            info_cache.read(get_admin_context(), self._network, uuid, None)
        except exception.ServiceUnavailable as error:
            # What was asked for is done; its next host reads it anyway.
            LOG.warning("The network of %s is read later: %s", uuid, error)

    def _need_service(self, context: RequestContext) -> None:
        """Raises: UnsupportedNetworks."""
        if not self._network.exists(context):
            raise exception.UnsupportedNetworks()


def _expect_ports(session: Any, now: Mapping[str, Any]) -> None:
    """From now on a server may have a port: a delete is to look for it."""
    instance.expect_ports(session, now["uuid"])
