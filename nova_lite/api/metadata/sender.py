# SPDX-License-Identifier: Apache-2.0
"""Whose request it is: by the proxy's signed headers, or by its address.

Source: https://docs.openstack.org/nova/latest/admin/metadata-service.html
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.context import get_admin_context
from nova_lite.network.api import NetworkAPI

LOG = logging.getLogger(__name__)
CONF = cfg.CONF


@dataclass(frozen=True, slots=True)
class Sender:
    """A server, and the project that it must be of.

    Whoever knows a server's uuid can write it on a port of his own.
    """

    uuid: str
    project_id: str


class Proxied:
    """The proxy names the server, and signs what it says."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def find(self, request: Any) -> Sender:
        """Raises: Invalid without the headers, Forbidden for a signature
        that is not the proxy's.
        """
        uuid = _header(request, "X-Instance-ID")
        project_id = _header(request, "X-Tenant-ID")
        signature = request.headers.get("X-Instance-ID-Signature", "")
        # Anybody could sign with an empty secret.
        if not self._secret or not hmac.compare_digest(
            self._signature(uuid).encode(), signature.encode()
        ):
            LOG.warning(
                "A request for the metadata of %s from %s is not signed with "
                "[neutron] metadata_proxy_shared_secret: refused",
                uuid,
                request.remote_addr,
            )
            raise exception.Forbidden("Invalid proxy request signature.")
        return Sender(uuid, project_id)

    def _signature(self, uuid: str) -> str:
        return hmac.new(
            self._secret, uuid.encode(), hashlib.sha256
        ).hexdigest()


class ByAddress:
    """The server has the address that the request comes from."""

    def __init__(self, network: NetworkAPI, use_forwarded_for: bool) -> None:
        self._network = network
        self._use_forwarded_for = use_forwarded_for

    def find(self, request: Any) -> Sender:
        """Raises: NotFound when no server, or more than one, has it."""
        address = request.remote_addr or ""
        if self._use_forwarded_for:
            forwarded = request.headers.get("X-Forwarded-For", address)
            # The proxy has added the last one; others may be the guest's.
            address = forwarded.rpartition(",")[2].strip()
        if request.headers.get("X-Instance-ID"):
            LOG.warning(
                "X-Instance-ID from %s is not looked at: [neutron] "
                "service_metadata_proxy is off",
                address,
            )
        owners = self._owners(address)
        if len(owners) != 1:
            LOG.warning("%s servers have address %s", len(owners), address)
            raise exception.NotFound()
        return owners.pop()

    def _owners(self, address: str) -> set[Sender]:
        try:
            known = str(ipaddress.ip_address(address))
        except ValueError:
            return set()
        ports = self._network.ports(
            get_admin_context(), {"fixed_ips": f"ip_address={known}"}
        )
        return {
            Sender(port["device_id"], port["project_id"])
            for port in ports
            if port["device_owner"].startswith("compute:")
            and port["device_id"]
        }


def load(network: NetworkAPI) -> Proxied | ByAddress:
    """As the options say."""
    conf = CONF.neutron
    if conf.service_metadata_proxy:
        return Proxied(conf.metadata_proxy_shared_secret)
    return ByAddress(network, CONF.api.use_forwarded_for)


def _header(request: Any, name: str) -> str:
    value: str | None = request.headers.get(name)
    if value is None:
        raise exception.Invalid(f"{name} header is missing from request.")
    if "," in value:
        raise exception.Invalid(
            f"Multiple {name} headers found within request."
        )
    return value
