# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with routers and floating IPs of the embedded service.

A class has the name that Neutron's API gives it: see ``errors``.
"""

from __future__ import annotations

from nova_lite import exception


class RouterNotFound(exception.NotFound):
    message = "Router %(id)s could not be found"


class RouterInUse(exception.Conflict):
    message = "Router %(id)s still has ports"


class RouterInterfaceNotFound(exception.NotFound):
    message = (
        "Router %(router_id)s does not have an interface with id %(port_id)s"
    )


class RouterInterfaceNotFoundForSubnet(exception.NotFound):
    message = "Router %(router_id)s has no interface on subnet %(subnet_id)s"


class RouterInterfaceInUseByFloatingIP(exception.Conflict):
    message = (
        "Router interface for subnet %(subnet_id)s on router %(router_id)s "
        "cannot be deleted, as it is required by one or more floating IPs."
    )


class RouterInterfaceInUseByRoute(exception.Conflict):
    message = (
        "Router interface for subnet %(subnet_id)s on router %(router_id)s "
        "cannot be deleted, as it is required by one or more routes."
    )


class RouterExternalGatewayInUseByFloatingIp(exception.Conflict):
    message = (
        "Gateway cannot be updated for router %(router_id)s, since a gateway "
        "to external network %(net_id)s is required by one or more floating "
        "IPs."
    )


class SubnetMismatchForPort(exception.Invalid):
    message = (
        "Subnet on port %(port_id)s does not match the requested subnet "
        "%(subnet_id)s"
    )


class InvalidRoutes(exception.Invalid):
    message = "Invalid format for routes: %(routes)s, %(reason)s"


class RoutesExhausted(exception.Invalid):
    message = (
        "Unable to complete operation for %(router_id)s. The number of "
        "routes exceeds the maximum %(quota)s."
    )


class FloatingIPNotFound(exception.NotFound):
    message = "Floating IP %(id)s could not be found"


class ExternalGatewayForFloatingIPNotFound(exception.NotFound):
    message = (
        "External network %(external_network_id)s is not reachable from "
        "subnet %(subnet_id)s. Therefore, cannot associate Port %(port_id)s "
        "with a Floating IP."
    )


class FloatingIPPortAlreadyAssociated(exception.Conflict):
    message = (
        "Cannot associate floating IP %(floating_ip_address)s (%(fip_id)s) "
        "with port %(port_id)s using fixed IP %(fixed_ip)s, as that fixed IP "
        "already has a floating IP."
    )


class ExternalIpAddressExhausted(exception.Invalid):
    message = "Unable to find any IP address on external network %(net_id)s."


class AutoAllocationFailure(exception.Conflict):
    message = "Deployment error: %(reason)s."


class AgentNotFound(exception.NotFound):
    message = "Agent %(id)s could not be found"


class AgentInUse(exception.Conflict):
    message = (
        "Agent %(id)s is alive: stop nova-lite-netd on host %(host)s before "
        "the agent is deleted."
    )
