# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a request to the embedded network service.

Raised by its handlers and by the repositories of its tables. A class has the
name that Neutron's API gives it, which is the "type" of the error's body.
"""

from __future__ import annotations

from nova_lite import exception


class BadRequest(exception.Invalid):
    message = "The request is not valid: %(reason)s"


class InvalidInput(exception.Invalid):
    message = "Invalid input for operation: %(reason)s."


class InvalidAttribute(exception.Invalid):
    """A value that an attribute cannot have."""

    neutron_type = "HTTPBadRequest"
    message = "Invalid input for %(name)s. Reason: %(reason)s."


class Forbidden(exception.Forbidden):
    """Seen, but not this caller's to do."""

    neutron_type = "PolicyNotAuthorized"
    message = "(rule:%(action)s) is disallowed by policy"


class NotAllowedOnNetwork(exception.Forbidden):
    neutron_type = "HTTPForbidden"
    message = (
        "Tenant %(project_id)s not allowed to create %(resource)s on this "
        "network"
    )


class OverQuota(exception.Conflict):
    message = (
        "Quota exceeded for resources: ['%(resource)s']. The project has "
        "%(used)d of %(limit)d: delete what is not needed, or ask an "
        "administrator for more."
    )


class RevisionNumberConstraintFailed(exception.NovaLiteException):
    code = 412
    message = "Constrained to %(expected)s, but current revision is %(actual)s"


# --- 404 ---------------------------------------------------------------------


class NetworkNotFound(exception.NotFound):
    message = "Network %(id)s could not be found."


class SubnetNotFound(exception.NotFound):
    message = "Subnet %(id)s could not be found."


class PortNotFound(exception.NotFound):
    message = "Port %(id)s could not be found."


class SecurityGroupNotFound(exception.NotFound):
    message = "Security group %(id)s does not exist"


class TagNotFound(exception.NotFound):
    message = "Tag %(tag)s could not be found."


class TagResourceNotFound(exception.NotFound):
    message = "Resource %(resource)s %(id)s could not be found."


class ExtensionNotFound(exception.NotFound):
    message = "Extension with alias %(alias)s does not exist"


class TenantQuotaNotFound(exception.NotFound):
    message = "Quota for tenant %(project_id)s could not be found."


# --- networks ----------------------------------------------------------------


class NetworkInUse(exception.Conflict):
    message = (
        "Unable to complete operation on network %(id)s. There are one or "
        "more ports still in use on the network, id for these ports is: "
        "%(ports)s."
    )


class InvalidSharedSetting(exception.Conflict):
    message = (
        "Unable to reconfigure sharing settings for network %(id)s. "
        "Multiple tenants are using it."
    )


class ExternalNetworkInUse(exception.Conflict):
    message = (
        "External network %(id)s cannot be updated to be made non-external, "
        "since it has existing gateway ports."
    )


class FlatNetworkInUse(exception.Conflict):
    message = (
        "Unable to create the flat network. Physical network "
        "%(physical_network)s is in use."
    )


class TunnelIdInUse(exception.Conflict):
    message = (
        "Unable to create the network. The tunnel ID %(tunnel_id)s is in use."
    )


class NoNetworkAvailable(exception.ServiceUnavailable):
    message = (
        "Unable to create the network. No tenant network is available for "
        "allocation."
    )


class DefaultExternalNetworkExists(exception.Conflict):
    message = "A default external network already exists: %(net_id)s."


# --- subnets and addresses ---------------------------------------------------


class SubnetInUse(exception.Conflict):
    message = "Unable to complete operation on subnet %(id)s: %(reason)s."


class GatewayIpInUse(exception.Conflict):
    message = (
        "Current gateway ip %(ip_address)s already in use by port "
        "%(port_id)s. Unable to update."
    )


class GatewayConflictWithAllocationPools(exception.Conflict):
    message = (
        "Gateway ip %(ip_address)s conflicts with allocation pool %(pool)s."
    )


class InvalidAllocationPool(exception.Invalid):
    message = "The allocation pool %(pool)s is not valid."


class OutOfBoundsAllocationPool(exception.Invalid):
    message = (
        "The allocation pool %(pool)s spans beyond the subnet cidr %(cidr)s."
    )


class OverlappingAllocationPools(exception.Conflict):
    message = (
        "Found overlapping allocation pools %(pool_1)s %(pool_2)s for subnet "
        "%(cidr)s."
    )


class IpAddressGenerationFailure(exception.Conflict):
    message = "No more IP addresses available on network %(net_id)s."


class IpAddressAlreadyAllocated(exception.Conflict):
    message = "IP address %(ip)s already allocated in subnet %(subnet_id)s"


class IpAddressInUse(exception.Conflict):
    message = (
        "Unable to complete operation for network %(net_id)s. The IP address "
        "%(ip_address)s is in use."
    )


class InvalidIpForSubnet(exception.Invalid):
    message = (
        "IP address %(ip_address)s is not a valid IP for the specified subnet."
    )


class InvalidIpForNetwork(exception.Invalid):
    message = (
        "IP address %(ip_address)s is not a valid IP for any of the subnets "
        "on the specified network."
    )


class AllocationOnAutoAddressSubnet(exception.Invalid):
    message = (
        "IPv6 address %(ip)s cannot be directly assigned to a port on subnet "
        "%(subnet_id)s as the subnet is configured for automatic addresses"
    )


# --- ports -------------------------------------------------------------------


class PortInUse(exception.Conflict):
    message = (
        "Unable to complete operation on port %(port_id)s for network "
        "%(net_id)s. Port already has an attached device %(device_id)s."
    )


class ServicePortInUse(exception.Conflict):
    message = (
        "Port %(port_id)s cannot be deleted directly via the port API: "
        "%(reason)s."
    )


class MacAddressInUse(exception.Conflict):
    message = (
        "Unable to complete operation for network %(net_id)s. The mac "
        "address %(mac)s is in use."
    )


class PortBound(exception.Conflict):
    message = (
        "Unable to complete operation on port %(port_id)s, port is already "
        "bound, port type: %(vif_type)s, old_mac %(old_mac)s, new_mac "
        "%(new_mac)s."
    )


class AddressPairAndPortSecurityRequired(exception.Conflict):
    message = (
        "Port Security must be enabled in order to have allowed address "
        "pairs on a port."
    )


class AddressPairMatchesPortFixedIPAndMac(exception.Invalid):
    message = "Port's Fixed IP and Mac Address match an address pair entry."


class PortSecurityAndIPRequiredForSecurityGroups(exception.Invalid):
    message = (
        "Port security must be enabled and port must have an IP address in "
        "order to use security groups."
    )


class PortSecurityPortHasSecurityGroup(exception.Conflict):
    message = (
        "Port has security group associated. Cannot disable port security "
        "or IP address until security group is removed."
    )


class DeviceIDNotOwnedByTenant(exception.Conflict):
    message = (
        "A port of %(device_owner)s is made by adding the interface or the "
        "address to its router, not by device_id %(device_id)s of a port."
    )
