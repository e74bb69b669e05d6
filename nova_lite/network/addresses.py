# SPDX-License-Identifier: Apache-2.0
"""More addresses for a server: fixed ones, and floating ones that lead there.

Called in the API process, with the user's token.
"""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.network import api
from nova_lite.network.service import Row, Service, is_id

CONF = cfg.CONF


class Addresses(Service):
    """Fixed and floating IPs."""

    def add_fixed_ip(
        self, context: api.Context, instance_uuid: str, network_id: str
    ) -> None:
        subnets = self._all(context, "subnets", {"network_id": network_id})
        ports = [
            port
            for port in self._ports_of(context, instance_uuid)
            if port["network_id"] == network_id
        ]
        full: exception.NovaLiteException | None = None
        for port in ports:
            for subnet in subnets:
                more = {"subnet_id": subnet["id"]}
                try:
                    self._update_port(
                        context,
                        port["id"],
                        fixed_ips=[*port["fixed_ips"], more],
                    )
                except exception.NoMoreFixedIps as error:
                    full = error
                else:
                    return
        raise full or exception.NetworkNotFoundForInstance(
            instance_id=instance_uuid, network_id=network_id
        )

    def remove_fixed_ip(
        self, context: api.Context, instance_uuid: str, address: str
    ) -> None:
        for port in self._ports_of(context, instance_uuid):
            left = [
                ip for ip in port["fixed_ips"] if ip["ip_address"] != address
            ]
            if len(left) < len(port["fixed_ips"]):
                self._update_port(context, port["id"], fixed_ips=left)
                return
        raise exception.FixedIpNotFoundForSpecificInstance(
            instance_uuid=instance_uuid, ip=address
        )

    def allocate_floating_ip(
        self, context: api.Context, pool: str | None
    ) -> dict[str, Any]:
        name = pool or CONF.neutron.default_floating_pool
        found = [
            row["id"]
            for row in self.networks(context, {"router:external": True})
            if name in (row["id"], row["name"])
        ]
        if not found:
            raise exception.FloatingIpPoolNotFound(pool=name)
        if len(found) > 1:
            raise exception.NoUniqueMatch(what="floating IP pools", name=name)
        body = {
            "floating_network_id": found[0],
            "project_id": context.project_id,
        }
        made = self._send(
            context, "POST", "/floatingips", {"floatingip": body}
        )
        row: Row = made["floatingip"]
        return row

    def release_floating_ip(self, context: api.Context, ident: str) -> None:
        if not is_id(ident):
            raise exception.FloatingIpNotFound(id=ident)
        self._send(context, "DELETE", f"/floatingips/{ident}")

    def associate_floating_ip(
        self,
        context: api.Context,
        instance_uuid: str,
        address: str,
        fixed_address: str | None = None,
    ) -> None:
        floating = self._by_address(context, address)
        for port in self._ports_of(context, instance_uuid):
            for ip in port["fixed_ips"]:
                found = ip["ip_address"]
                if found == fixed_address or (
                    not fixed_address and ":" not in found
                ):
                    self._lead(context, floating, port["id"], found)
                    return
        if fixed_address:
            raise exception.FixedIpNotFoundForSpecificInstance(
                instance_uuid=instance_uuid, ip=fixed_address
            )
        raise exception.InvalidInput(
            reason=f"instance {instance_uuid} has no fixed IPv4 address that "
            "a floating IP could lead to"
        )

    def disassociate_floating_ip(
        self, context: api.Context, instance_uuid: str, address: str
    ) -> None:
        floating = self._by_address(context, address)
        own = {port["id"] for port in self._ports_of(context, instance_uuid)}
        if floating["port_id"] not in own:
            raise exception.FloatingIpNotAssociated(address=address)
        self._lead(context, floating, None, None)

    def _by_address(self, context: api.Context, address: str) -> Row:
        filters = {"floating_ip_address": address}
        for row in self.floating_ips(context, filters):
            return row
        raise exception.FloatingIpNotFoundForAddress(address=address)

    def _lead(
        self,
        context: api.Context,
        floating: Row,
        port_id: str | None,
        fixed_address: str | None,
    ) -> None:
        target = {"port_id": port_id, "fixed_ip_address": fixed_address}
        if port_id is None:
            del target["fixed_ip_address"]
        path = f"/floatingips/{floating['id']}"
        self._send(context, "PUT", path, {"floatingip": target})
