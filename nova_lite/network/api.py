# SPDX-License-Identifier: Apache-2.0
"""The port to a network service: what nova_lite asks of any of them.

Called by compute.API and the controllers in the API process (contexts with
the user's token), by conductor and by nova-lite-compute (contexts without
one: the daemons' account acts). Clients are found by stevedore under
``nova_lite.network``. Everything that a server has is found by its uuid (the
port's device_id): each method may be called again after a crash.
"""

from __future__ import annotations

import abc
import ipaddress
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg

from nova_lite import context as nova_context
from nova_lite import exception
from nova_lite.network.model import VIF

CONF = cfg.CONF
NAMESPACE = "nova_lite.network"

Context = nova_context.RequestContext

AUTO = "auto"
NONE = "none"


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """One interface that a user asks for.

    ``port_id`` or ``network_id`` is set; ``address``: the fixed IP on the
    network; ``tag``: the device's role for the guest's metadata; ``key``:
    names an attach, so that one that begins again finds the port that it
    made. Kept as JSON in the action's arguments: fields are texts or None.
    """

    network_id: str | None = None
    port_id: str | None = None
    address: str | None = None
    tag: str | None = None
    key: str | None = None


def plain_address(text: str | None) -> str | None:
    """An address as the service writes it; IPv6 has several forms."""
    return str(ipaddress.ip_address(text)) if text else None


# "auto", "none", or interfaces in the user's order.
Requested = str | Sequence[NetworkRequest]


@dataclass(frozen=True, slots=True)
class Owner:
    """The server that ports are for.

    ``zone`` goes into the port's device_owner ("compute:<zone>").
    """

    uuid: str
    project_id: str
    hostname: str
    zone: str = "nova"


class NetworkAPI(abc.ABC):
    """A network service. Every method may raise ServiceUnavailable."""

    # --- what the service has ---

    def exists(self, context: Context) -> bool:
        """Whether this cloud has a network service at all.

        Without one servers have no networks. Sends no request but, once per
        process and only without a user's token, the account's login.
        """
        return True

    @abc.abstractmethod
    def has_extension(self, context: Context, alias: str) -> bool:
        """Whether the service has an extension ("dns-integration" ...)."""

    @abc.abstractmethod
    def networks(
        self, context: Context, filters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Networks that the context sees, as the REST API has them."""

    @abc.abstractmethod
    def ports(
        self, context: Context, filters: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Ports that the context sees, as the REST API has them."""

    @abc.abstractmethod
    def port(self, context: Context, port_id: str) -> dict[str, Any]:
        """Raises: PortNotFound."""

    # --- the interfaces of a server ---

    @abc.abstractmethod
    def validate(
        self,
        context: Context,
        project_id: str,
        requested: Requested,
        servers: int = 1,
    ) -> int:
        """See in the API that a request can be met; for how many servers.

        Fewer than ``servers`` when the port quota says so.
        Raises: NetworkNotFound, NetworkRequiresSubnet, PortNotFound,
        PortInUse, PortNotUsable, PortRequiresFixedIP, NetworkAmbiguous
        (absent with several networks), UnableToAutoAllocateNetwork,
        ExternalNetworkAttachForbidden, FixedIpAlreadyInUse,
        PortLimitExceeded (not enough for one server), UnsupportedNetworks.
        """

    @abc.abstractmethod
    def allocate(
        self,
        context: Context,
        owner: Owner,
        requested: Requested,
        host: str,
        security_groups: Collection[str] = (),
    ) -> list[VIF]:
        """Make or take the ports of a server and bind them to a host.

        ``security_groups`` are ids or names. Safe to repeat: ports that
        carry the server's uuid from an earlier attempt are used again. On
        failure what this call made is removed, as far as the service lets.
        Raises: as validate; PortBindingFailed; NoMoreFixedIps.
        """

    @abc.abstractmethod
    def deallocate(
        self, context: Context, instance_uuid: str, host: str | None = None
    ) -> None:
        """Remove or let go every port of a server; none is no error.

        A port that the user made is unbound and has no device any more; all
        others are deleted. With ``host`` those that are bound to another
        one stay: the server has gone on there meanwhile.
        """

    @abc.abstractmethod
    def info(self, context: Context, owner: Owner) -> list[VIF]:
        """The server's interfaces as the service has them now.

        In the order of creation; the caller keeps its own order.
        """

    @abc.abstractmethod
    def attach(
        self,
        context: Context,
        owner: Owner,
        request: NetworkRequest,
        host: str,
        security_groups: Collection[str] = (),
    ) -> VIF:
        """One more interface. Raises: as allocate."""

    @abc.abstractmethod
    def detach(
        self, context: Context, instance_uuid: str, port_id: str
    ) -> None:
        """Delete a port, or let the user's own go; gone is no error."""

    @abc.abstractmethod
    def bind(self, context: Context, owner: Owner, host: str | None) -> None:
        """Bind all ports of a server to a host, or (None) to no host."""

    # --- addresses ---

    @abc.abstractmethod
    def add_fixed_ip(
        self, context: Context, instance_uuid: str, network_id: str
    ) -> None:
        """Give the server's port on a network one more address.

        Raises: NetworkNotFoundForInstance, NoMoreFixedIps.
        """

    @abc.abstractmethod
    def remove_fixed_ip(
        self, context: Context, instance_uuid: str, address: str
    ) -> None:
        """Raises: FixedIpNotFoundForSpecificInstance."""

    @abc.abstractmethod
    def floating_ips(
        self, context: Context, filters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Floating IPs that the context sees, as the REST API has them."""

    @abc.abstractmethod
    def allocate_floating_ip(
        self, context: Context, pool: str | None
    ) -> dict[str, Any]:
        """Raises: FloatingIpPoolNotFound, FloatingIpLimitExceeded."""

    @abc.abstractmethod
    def release_floating_ip(self, context: Context, ident: str) -> None:
        """Raises: FloatingIpNotFound."""

    @abc.abstractmethod
    def associate_floating_ip(
        self,
        context: Context,
        instance_uuid: str,
        address: str,
        fixed_address: str | None = None,
    ) -> None:
        """Raises: FloatingIpNotFoundForAddress, InvalidInput."""

    @abc.abstractmethod
    def disassociate_floating_ip(
        self, context: Context, instance_uuid: str, address: str
    ) -> None:
        """Raises: FloatingIpNotFoundForAddress, FloatingIpNotAssociated."""

    # --- security groups ---

    @abc.abstractmethod
    def security_groups(
        self, context: Context, filters: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Groups with their rules, as the REST API has them."""

    @abc.abstractmethod
    def call(
        self,
        context: Context,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """A request of the caller's own to the service, for the proxies.

        ``path`` below /v2.0 ("/security-groups"). Raises: the domain error
        that the answer means, with the service's own sentence.
        """

    @abc.abstractmethod
    def add_security_group(
        self, context: Context, instance_uuid: str, group: str
    ) -> None:
        """Put a group (name or id) on every port of a server.

        Raises: SecurityGroupNotFound, NoUniqueMatch.
        """

    @abc.abstractmethod
    def remove_security_group(
        self, context: Context, instance_uuid: str, group: str
    ) -> None:
        """Raises: SecurityGroupNotFound."""

    @abc.abstractmethod
    def instance_security_groups(
        self, context: Context, instance_uuids: Collection[str]
    ) -> dict[str, list[dict[str, Any]]]:
        """uuid -> groups ({"id", "name"}) on its ports.

        Two requests at most for a page of servers. A service that was away
        a moment ago is not asked: this is for show.
        """

    def serve_locally(self, path: str, app: Any) -> None:
        """Call the WSGI ``app`` at ``path`` directly, from now on.

        For the API process with the embedded service inside: see
        image.api.ImageAPI.serve_locally.
        """
        return


def load(name: str | None = None) -> NetworkAPI:
    """The client of the given name, or of [neutron] driver.

    Raises: ConfigurationError when there is none of that name.
    """
    from stevedore import driver
    from stevedore import exception as stevedore_exc

    name = name or CONF.neutron.driver
    manager: Any
    try:
        manager = driver.DriverManager(NAMESPACE, name, invoke_on_load=True)
    except stevedore_exc.NoMatches as error:
        raise exception.ConfigurationError(
            reason=f"[neutron] driver '{name}' is not among the entry points "
            f"of {NAMESPACE}"
        ) from error
    client: NetworkAPI = manager.driver
    return client
