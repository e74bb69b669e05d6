# SPDX-License-Identifier: Apache-2.0
"""The whole tree of domain errors.

A class stands below the HTTP meaning that it has for a user: the API maps
the base class to a status, once. ``message`` is a sentence with keyword
fields; ``NotFound(name="x")`` fills them, ``NotFound("a sentence")`` replaces
them. Domain errors cross RPC as themselves, so each must be constructible
from its message alone.
"""

from __future__ import annotations

from typing import Any


class NovaLiteException(Exception):
    """Base of every domain error; ``code`` is the HTTP status it means.

    ``details`` is what only an administrator is to see, such as host names;
    ``for_users``: the sentence of a 500 that users are to see.
    """

    message = "An unknown error happened."
    code = 500
    for_users = False

    def __init__(
        self,
        message: str | None = None,
        details: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.kwargs = kwargs
        self.details = details
        if message is None:
            message = self.message % kwargs if kwargs else self.message
        super().__init__(message)

    def format_message(self) -> str:
        """The sentence for the user."""
        return str(self.args[0])


# --- 400: the request cannot be right --------------------------------------


class Invalid(NovaLiteException):
    message = "The request is not valid."
    code = 400


class InvalidInput(Invalid):
    message = "Invalid input: %(reason)s"


class ValidationError(Invalid):
    message = "%(detail)s"


class InvalidSortKey(Invalid):
    message = "Sort key '%(key)s' is not one of: %(allowed)s."


class MarkerNotFound(Invalid):
    message = "Marker %(marker)s could not be found."


class FlavorTooSmall(Invalid):
    message = "The flavor is too small for the image: %(reason)s"


class ImageNotActive(Invalid):
    message = "Image %(image_id)s is not active (it is %(status)s)."


class AutoDiskConfigDisabledByImage(Invalid):
    message = (
        "Requested image %(image)s has automatic disk resize disabled: leave "
        "OS-DCF:diskConfig at MANUAL."
    )


class ImageUnacceptable(Invalid):
    message = "Image %(image_id)s cannot be used: %(reason)s"


class InstanceNotRescuable(Invalid):
    message = "Instance %(instance_id)s cannot be rescued: %(reason)s"


class UnsupportedRescueImage(Invalid):
    message = "Requested rescue image '%(image)s' is not supported"


class InvalidMigrationState(Invalid):
    message = (
        "Migration %(migration_id)s state of instance %(instance_uuid)s is "
        "%(state)s. Cannot %(method)s while the migration is in this state."
    )


class CannotResizeToSameFlavor(Invalid):
    message = "When resizing, instances must change flavor!"


class CannotResizeDisk(Invalid):
    message = "Server disk was unable to be resized because: %(reason)s"


class CannotMigrateToSameHost(Invalid):
    message = "Cannot migrate to the host where the server exists."


class UnableToMigrateToSelf(Invalid):
    message = (
        "Unable to migrate instance (%(instance_id)s) to current host "
        "(%(host)s)."
    )


class UnsupportedNetworks(Invalid):
    message = (
        "This cloud has no network service: leave 'networks' out or give "
        '"none".'
    )


class PortRequiresFixedIP(Invalid):
    message = "Port %(port_id)s requires a FixedIP in order to be used."


class PortNotUsable(Invalid):
    message = "Port %(port_id)s not usable for instance %(instance)s."


class PortNotUsableDNS(Invalid):
    message = (
        "Port %(port_id)s not usable for the server. Value %(value)s assigned "
        "to dns_name attribute does not match instance's hostname "
        "%(hostname)s"
    )


class InterfaceAttachFailedNoNetwork(Invalid):
    message = (
        "No specific network was requested and none are available for "
        "project '%(project_id)s'."
    )


class NetworkRequiresSubnet(Invalid):
    message = (
        "Network %(network_id)s requires a subnet in order to boot instances "
        "on."
    )


class UnableToAutoAllocateNetwork(Invalid):
    message = (
        "Unable to automatically allocate a network for project "
        "%(project_id)s: create one, or name one in 'networks'."
    )


class NoMoreFixedIps(Invalid):
    message = "No fixed IP addresses available for network: %(network_id)s"


class FixedIpInvalidOnHost(Invalid):
    message = (
        "The fixed IP associated with port %(port_id)s is not for %(host)s."
    )


class SecurityGroupCannotBeApplied(Invalid):
    message = (
        "Network requires port_security_enabled and subnet associated in "
        "order to apply security groups."
    )


class InvalidQuota(Invalid):
    message = "%(reason)s"


class InvalidAggregateAction(Invalid):
    message = (
        "Cannot perform action '%(action)s' on aggregate %(aggregate_id)s: "
        "%(reason)s."
    )


class ComputeServiceUnavailable(Invalid):
    message = "Compute service of %(host)s is unavailable at this time."


class TooManyTags(Invalid):
    message = "The number of tags exceeded the per-server limit %(limit)d"


class InvalidKeypair(Invalid):
    message = "Keypair data is invalid: %(reason)s"


class ConsoleTypeInvalid(Invalid):
    message = "Invalid console type %(console_type)s"


class ConsoleTypeUnavailable(Invalid):
    message = "Unavailable console type %(console_type)s."


class InvalidGlobalAPIVersion(Invalid):
    message = (
        "Version %(version)s is not supported by the API. Minimum is "
        "%(minimum)s and maximum is %(maximum)s."
    )
    code = 406


class InvalidAPIVersionString(Invalid):
    message = (
        "API Version String %(version)s is of invalid format. Must be of "
        "format MajorNum.MinorNum."
    )


class MalformedRequestBody(Invalid):
    message = "Malformed request body: it must be a JSON document."


class RequestTooLarge(Invalid):
    message = "The request body is larger than %(limit)d bytes."
    code = 413


class UnsupportedMediaType(Invalid):
    message = "The request's content type must be %(expected)s."
    code = 415


class RangeNotSatisfiable(Invalid):
    message = "The requested range is not inside the %(size)d bytes."
    code = 416


# --- 401 and 403 -------------------------------------------------------------


class Unauthorized(NovaLiteException):
    message = "The request you have made requires authentication."
    code = 401


class Forbidden(NovaLiteException):
    message = "You are not authorized to perform this action."
    code = 403


class PolicyNotAuthorized(Forbidden):
    message = "Policy doesn't allow %(action)s to be performed."


class ConsoleTokenRefused(Forbidden):
    message = "The token is unknown, used or too old: ask for another."


class ExternalNetworkAttachForbidden(Forbidden):
    message = (
        "It is not allowed to create an interface on external network "
        "%(network_id)s"
    )


class FixedIpNotAllowed(Forbidden):
    message = (
        "Network %(network_id)s is another project's: which address an "
        "interface has there is not yours to choose."
    )


class FatalHookException(Forbidden):
    message = "A hook of this cloud refused it."


class OverQuota(Forbidden):
    message = (
        "Quota exceeded for %(overs)s: Requested %(requested)s, but already "
        "used %(used)s of %(allowed)s %(overs)s"
    )


class PortLimitExceeded(OverQuota):
    message = "Maximum number of ports exceeded"


class FloatingIpLimitExceeded(OverQuota):
    message = "Maximum number of floating IPs exceeded"


class SecurityGroupLimitExceeded(OverQuota):
    message = "Maximum number of security groups or rules exceeded"


class LimitExceeded(OverQuota):
    message = "Maximum number of %(resource)s exceeds %(allowed)d"


class OnsetFileLimitExceeded(OverQuota):
    message = "Personality file limit exceeded"


class OnsetFilePathLimitExceeded(OnsetFileLimitExceeded):
    message = "Personality file path exceeds maximum %(allowed)s"


class OnsetFileContentLimitExceeded(OnsetFileLimitExceeded):
    message = "Personality file content exceeds maximum %(allowed)s"


# --- 404 ---------------------------------------------------------------------


class NotFound(NovaLiteException):
    message = "The resource could not be found."
    code = 404


class MetadataNotFound(NotFound):
    message = "There is no metadata at %(path)s"


class InstanceNotFound(NotFound):
    message = "Instance %(instance_id)s could not be found."


class MetadataItemNotFound(NotFound):
    message = "Metadata item was not found"


class InstanceTagNotFound(NotFound):
    message = "Server %(server_id)s has no tag '%(tag)s'"


class InstanceActionNotFound(NotFound):
    message = (
        "Action for request_id %(request_id)s on instance %(instance_uuid)s "
        "not found"
    )


class MigrationNotFoundForInstance(NotFound):
    message = (
        "Migration %(migration_id)s not found for instance %(instance_id)s"
    )


class MigrationNotFound(NotFound):
    message = "Migration %(migration_id)s could not be found."


class InstanceNotResized(Invalid):
    message = "Instance has not been resized."


class FlavorNotFound(NotFound):
    message = "Flavor %(flavor_id)s could not be found."


class FlavorExtraSpecsNotFound(NotFound):
    message = (
        "Flavor %(flavor_id)s has no extra specs with key %(extra_specs_key)s."
    )


class FlavorAccessNotFound(NotFound):
    message = (
        "Flavor access not found for %(flavor_id)s / %(project_id)s "
        "combination."
    )


class KeypairNotFound(NotFound):
    message = "Keypair %(name)s not found for user %(user_id)s"


class ServerGroupNotFound(NotFound):
    message = "Instance group %(group_uuid)s could not be found."


class ImageNotFound(NotFound):
    message = "Image %(image_id)s could not be found."


class NetworkNotFound(NotFound):
    message = "Network %(network_id)s could not be found."


class NetworkNotFoundForInstance(NetworkNotFound):
    message = (
        "Instance %(instance_id)s has no interface on network %(network_id)s "
        "that could take one more address."
    )


class PortNotFound(NotFound):
    message = "Port %(port_id)s could not be found."


class FixedIpNotFoundForSpecificInstance(NotFound):
    message = "Instance %(instance_uuid)s doesn't have fixed IP '%(ip)s'."


class FloatingIpNotFound(NotFound):
    message = "Floating IP not found for ID %(id)s."


class FloatingIpNotFoundForAddress(FloatingIpNotFound):
    message = "Floating IP not found for address %(address)s."


class FloatingIpPoolNotFound(NotFound):
    message = "Floating IP pool not found: %(pool)s"


class NoMoreFloatingIps(FloatingIpNotFound):
    message = "Zero floating IPs available."


class SecurityGroupNotFound(NotFound):
    message = "Security group %(security_group_id)s not found."


class SecurityGroupNotExistsForInstance(SecurityGroupNotFound):
    message = (
        "Security group %(security_group_id)s is not associated with the "
        "instance %(instance_id)s"
    )


class ConsoleTokenNotFound(NotFound):
    message = "Token not found"


class ServiceNotFound(NotFound):
    message = "Service %(service_id)s could not be found."


class ComputeHostNotFound(NotFound):
    message = "Compute host %(host)s could not be found."


class AggregateNotFound(NotFound):
    message = "Aggregate %(aggregate_id)s could not be found."


class AggregateHostNotFound(NotFound):
    message = "Cannot remove host %(host)s in aggregate %(aggregate_id)s"


class Gone(NovaLiteException):
    message = (
        "This resource is no longer available. No forwarding address is given."
    )
    code = 410


# --- 409: the request fights with the present state --------------------------


class Conflict(NovaLiteException):
    message = "The request conflicts with the present state."
    code = 409


class InstanceInvalidState(Conflict):
    message = (
        "Cannot '%(method)s' instance %(instance_uuid)s while it is in "
        "%(attr)s %(state)s"
    )


class UnshelveInstanceInvalidState(Conflict):
    message = (
        "Server %(instance_uuid)s is %(state)s: a zone or a host can be named "
        "only for one that is SHELVED_OFFLOADED."
    )


class UnshelveHostNotInAZ(Conflict):
    message = (
        "Host %(host)s is not in the availability zone %(zone)s, where the "
        "server is to be."
    )


class InstanceNotReady(Conflict):
    message = "Instance %(instance_id)s is not ready"


class NetworkAmbiguous(Conflict):
    message = (
        "Multiple possible networks found, use a Network ID to be more "
        "specific."
    )


class PortInUse(Conflict):
    message = "Port %(port_id)s is still in use."


class RevisionChanged(Conflict):
    """Only if nobody had changed it: but somebody has."""


class FixedIpAlreadyInUse(Conflict):
    """At the create of a server the API makes it 400."""

    message = (
        "Fixed IP address %(address)s is already in use on instance "
        "%(instance_uuid)s."
    )


class FloatingIpNotAssociated(Conflict):
    message = "Floating IP %(address)s is not associated."


class NoUniqueMatch(Conflict):
    message = "Several %(what)s have the name '%(name)s': use an id."


class InstanceIsLocked(Conflict):
    message = "Instance %(instance_uuid)s is locked"


class PasswordNotSupported(Conflict):
    message = (
        "The password of instance %(instance_uuid)s cannot be changed: "
        "%(reason)s"
    )


class PasswordNotSet(Conflict):
    message = (
        "The password of instance %(instance_uuid)s was not changed: "
        "%(reason)s"
    )


class PasswordReported(Conflict):
    message = (
        "This server has reported a password already; its owner can clear "
        "it, then it may report another."
    )


class FlavorExists(Conflict):
    message = "Flavor with name %(name)s already exists."


class FlavorIdExists(Conflict):
    message = "Flavor with ID %(flavor_id)s already exists."


class FlavorAccessExists(Conflict):
    message = (
        "Flavor access already exists for flavor %(flavor_id)s and project "
        "%(project_id)s combination."
    )


class AggregateNameExists(Conflict):
    message = "Aggregate %(aggregate_name)s already exists."


class AggregateHostExists(Conflict):
    message = "Aggregate %(aggregate_id)s already has host %(host)s."


class AggregateConflict(Conflict):
    message = "The aggregate's hosts cannot change so: %(reason)s"


class KeypairExists(Conflict):
    message = "Key pair '%(key_name)s' already exists."


# --- 429 ---------------------------------------------------------------------


class TooManyStreamsOfProject(NovaLiteException):
    message = (
        "This project follows events through %(limit)s streams already. "
        "Close one, or try again later."
    )
    code = 429


# --- 501: what nobody has built here ---------------------------------------


class NotSupported(NovaLiteException):
    message = "The requested functionality is not supported."
    code = 501


# --- 501 and 503 -----------------------------------------------------------


class NoSuchService(NovaLiteException):
    message = (
        "This cloud has no %(service)s service for the Compute API to ask."
    )
    code = 501


class ServiceUnavailable(NovaLiteException):
    message = "The service is unavailable: %(reason)s"
    code = 503


class MessagingUnavailable(ServiceUnavailable):
    message = (
        "The message broker did not answer: %(reason)s. Try again shortly."
    )


class TooManyStreams(ServiceUnavailable):
    message = (
        "This service feeds %(limit)s streams of events, which is all that "
        "it may. Try again shortly."
    )


class DatabaseUnavailable(ServiceUnavailable):
    message = "The database did not answer. Try again shortly."


# --- 500: something of ours or below us failed -------------------------------


class Internal(NovaLiteException):
    message = "Internal error: %(reason)s"
    code = 500


class ConfigurationError(Internal):
    message = "Configuration error: %(reason)s"


class NoValidHost(Internal):
    message = "No valid host was found. %(reason)s"


class MaxRetriesExceeded(NoValidHost):
    message = "Exceeded maximum number of retries. %(reason)s"


class ResourcesUnavailable(Internal):
    """A claim on this host failed: another host may do."""

    message = "Insufficient compute resources: %(reason)s."


class ResizeError(Internal):
    message = "Resize error: %(reason)s"


class VirtError(Internal):
    message = "The hypervisor failed: %(reason)s"


class GuestNotFound(VirtError):
    message = "No guest %(uuid)s on this host."


class ConsoleNotAvailable(VirtError):
    message = "Guest does not have a console available."
    code = 404


class SerialPortsExhausted(VirtError):
    message = (
        "Every TCP port of [serial_console] port_range %(port_range)s is "
        "in use"
    )


class QuiesceNotSupported(VirtError):
    message = (
        "The file systems of instance %(instance_uuid)s cannot be frozen, "
        "which its image demands (os_require_quiesce): %(reason)s"
    )


class HypervisorUnavailable(VirtError):
    message = "Connection to the hypervisor is broken: %(reason)s"


class VirtualInterfacePlugException(VirtError):
    message = (
        "Interface %(port_id)s cannot be plugged on this host: %(reason)s"
    )


class VirtualInterfaceCreateException(VirtError):
    message = (
        "The network did not wire these ports within %(timeout_s)d s: "
        "%(ports)s"
    )


class DeviceDetachFailed(VirtError):
    message = "Device detach failed for %(device)s: %(reason)s"


class InvalidDiskInfo(VirtError):
    message = "Disk info is invalid: %(reason)s"


class DiskFull(VirtError):
    message = "No space for %(path)s: %(reason)s"


class ImageError(Internal):
    message = "The image service failed: %(reason)s"


class ImageDownloadFailed(ImageError):
    message = "Image %(image_id)s could not be downloaded: %(reason)s"


class ImageChecksumMismatch(ImageError):
    message = "Image %(image_id)s arrived damaged: %(reason)s"


class NetworkError(Internal):
    message = "The network service failed: %(reason)s"


class InterfaceAttachFailed(NetworkError):
    message = (
        "Failed to attach network adapter device to %(instance_uuid)s: it "
        "has no new interface, and the server's actions have the cause."
    )
    for_users = True


class PortBindingFailed(NetworkError):
    message = (
        "Binding failed for port %(port_id)s, please check neutron logs for "
        "more information."
    )


class NetworkMacAddressPoolExhausted(NetworkError):
    message = "No MAC address is left for a port: %(reason)s"


class SecretsUnreadable(VirtError):
    message = (
        "The password and files of the request cannot be read on this host: "
        "its transport_url has another password than the API's; set "
        "secrets_key to one text on every host."
    )


class ConfigDriveError(VirtError):
    message = "The config drive cannot be made: %(reason)s"


class VendorDataFailed(ConfigDriveError):
    message = (
        "The operator's service %(name)s did not give its data of this "
        "server; try again later."
    )


class PreserveEphemeralNotSupported(VirtError):
    message = (
        "The hypervisor cannot keep the ephemeral disk in a rebuild: leave "
        "preserve_ephemeral out."
    )


class BuildAbort(Internal):
    """A build that no other host could do either."""

    message = "Build of instance %(instance_uuid)s aborted: %(reason)s"
