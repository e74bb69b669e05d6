# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with security groups of the embedded network service.

A class has the name that Neutron's API gives it: see ``errors``.
"""

from __future__ import annotations

from nova_lite import exception


class SecurityGroupRuleNotFound(exception.NotFound):
    message = "Security group rule %(id)s does not exist"


class SecurityGroupInvalidPortRange(exception.Invalid):
    message = (
        "With TCP, UDP and their like, both are needed, and "
        "port_range_min must be <= port_range_max"
    )


class SecurityGroupInvalidPortValue(exception.Invalid):
    message = "Invalid value for port %(port)s"


class SecurityGroupInvalidIcmpValue(exception.Invalid):
    message = (
        "Invalid value for ICMP %(field)s (%(attr)s) %(value)s. It must be "
        "0 to 255."
    )


class SecurityGroupMissingIcmpType(exception.Invalid):
    message = (
        "To ICMP code (port-range-max) %(value)s the ICMP type "
        "(port-range-min) is missing."
    )


class SecurityGroupRuleInvalidProtocol(exception.Invalid):
    message = (
        "Security group rule protocol %(protocol)s not supported. A number "
        "from 0 to 255 or one of these names is: %(values)s."
    )


class SecurityGroupRuleInvalidEtherType(exception.Invalid):
    message = (
        "Security group rule for ethertype '%(ethertype)s' not supported. "
        "Allowed values are %(values)s."
    )


class SecurityGroupInvalidProtocolForPort(exception.Invalid):
    message = (
        "Invalid protocol %(protocol)s for port range, only supported for "
        "%(valid_port_protocols)s."
    )


class SecurityGroupEthertypeConflictWithProtocol(exception.Invalid):
    message = "Invalid ethertype %(ethertype)s for protocol %(protocol)s."


class SecurityGroupProtocolRequiredWithPorts(exception.Invalid):
    message = "A port range needs a protocol as well."


class SecurityGroupRuleParameterConflict(exception.Invalid):
    message = "Conflicting value ethertype %(ethertype)s for CIDR %(cidr)s"


class SecurityGroupRemoteGroupAndRemoteIpPrefix(exception.Invalid):
    message = "Only remote_ip_prefix or remote_group_id may be provided."


class SecurityGroupNotSingleGroupRules(exception.Invalid):
    message = "The rules of one request must belong to one security group"


class SecurityGroupInUse(exception.Conflict):
    message = "Security Group %(id)s in use: a port has it."


class SecurityGroupCannotRemoveDefault(exception.Conflict):
    message = "Insufficient rights for removing default security group."


class SecurityGroupCannotUpdateDefault(exception.Conflict):
    message = "Updating default security group not allowed."


class SecurityGroupDefaultAlreadyExists(exception.Conflict):
    message = "Default security group already exists."


class SecurityGroupRuleExists(exception.Conflict):
    message = "Security group rule already exists. Rule id is %(id)s."


class DuplicateSecurityGroupRuleInPost(exception.Conflict):
    message = "Duplicate Security Group Rule in POST."
