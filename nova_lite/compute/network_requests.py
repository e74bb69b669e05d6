# SPDX-License-Identifier: Apache-2.0
"""What networks a user asks for with a new server.

Checked by compute.API in the API process, with the user's token; kept in the
action's arguments, from where the host that builds the server takes it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oslo_utils import uuidutils

from nova_lite import exception
from nova_lite.compute.request import CreateRequest
from nova_lite.context import RequestContext
from nova_lite.network.api import (
    AUTO,
    NONE,
    NetworkAPI,
    NetworkRequest,
    Requested,
    plain_address,
)

_ARGUMENT = "networks"
_GROUPS = "security_groups"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The interfaces of one server; ``security_groups`` are ids."""

    requested: Requested = NONE
    security_groups: Sequence[str] = ()

    @property
    def any(self) -> bool:
        """Whether the network service is to be asked at all."""
        return self.requested != NONE

    def to_arguments(self) -> dict[str, Any]:
        """As an action keeps it."""
        if not self.any:
            return {}
        requested: Any = self.requested
        if not isinstance(requested, str):
            requested = [dataclasses.asdict(one) for one in requested]
        return {_ARGUMENT: requested, _GROUPS: list(self.security_groups)}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Wanted:
        """The inverse of ``to_arguments``."""
        requested = arguments.get(_ARGUMENT, NONE)
        if not isinstance(requested, str):
            requested = [NetworkRequest(**one) for one in requested]
        return cls(requested, arguments.get(_GROUPS, ()))


def check(
    context: RequestContext, network: NetworkAPI, request: CreateRequest
) -> tuple[Wanted, CreateRequest]:
    """What the servers are to have, and how many the port quota lets be.

    Raises: UnsupportedNetworks in a cloud without a network service,
    SecurityGroupNotFound, PortLimitExceeded, and what validate raises.
    """
    if not network.exists(context):
        _refuse_all(request)
        return Wanted(), request
    groups = _group_ids(context, network, request.security_groups)
    requested = _requested(request.networks)
    if requested == NONE:
        return Wanted(), request
    if request.max_count > 1:
        _see_repeatable(requested)
    try:
        fits = network.validate(
            context, context.project_id or "", requested, request.max_count
        )
    except _BAD as error:
        raise exception.Invalid(error.format_message()) from error
    if fits < request.min_count:
        raise exception.PortLimitExceeded()
    return Wanted(requested, groups), dataclasses.replace(
        request, max_count=min(fits, request.max_count)
    )


# What a user names wrong is no more than a bad request.
_BAD = (
    exception.NetworkNotFound,
    exception.PortNotFound,
    exception.FixedIpAlreadyInUse,
)


def _see_repeatable(requested: Requested) -> None:
    """What there is only one of cannot be of several servers.

    Raises: Invalid.
    """
    if isinstance(requested, str):
        return
    if any(one.address for one in requested):
        raise exception.Invalid(
            "Invalid fixed IP: one address cannot be of several servers; "
            "leave fixed_ip out, or ask for one server."
        )
    if any(one.port_id for one in requested):
        raise exception.Invalid(
            "Failed to launch multiple instances with a single configured "
            "port ID. Please launch your instance one by one with different "
            "ports."
        )


def _refuse_all(request: CreateRequest) -> None:
    """Without a service servers have no networks."""
    if request.networks not in (None, NONE, [], ()):
        raise exception.UnsupportedNetworks()
    for name in request.security_groups:
        if name != "default":
            raise exception.InvalidInput(
                reason=f"Security group {name} not found: this cloud has no "
                "network service, so 'default' is the only one."
            )


def _requested(
    networks: str | Sequence[Mapping[str, Any]] | None,
) -> Requested:
    if isinstance(networks, str):
        return AUTO if networks == AUTO else NONE
    return [_one(asked) for asked in networks or ()]


def _one(asked: Mapping[str, Any]) -> NetworkRequest:
    """Raises: InvalidInput."""
    port, network = asked.get("port"), asked.get("uuid")
    address, tag = asked.get("fixed_ip"), asked.get("tag")
    if port:
        if address:
            raise exception.InvalidInput(
                reason=f"Specified Fixed IP '{address}' cannot be used with "
                f"port '{port}': the two cannot be specified together."
            )
        return NetworkRequest(port_id=port, tag=tag)
    if network is None:
        raise exception.InvalidInput(
            reason="Bad network format: each of 'networks' needs a uuid or a "
            "port."
        )
    if not uuidutils.is_uuid_like(network):
        raise exception.InvalidInput(
            reason="Bad networks format: network uuid is not in proper "
            f"format ({network})"
        )
    return NetworkRequest(network, address=plain_address(address), tag=tag)


def _group_ids(
    context: RequestContext, network: NetworkAPI, names: Sequence[str]
) -> list[str]:
    """Ids of the groups of these names or ids.

    The default one needs none: the service gives it to a port without any.
    Raises: InvalidInput, NoUniqueMatch.
    """
    found = []
    named = [name for name in dict.fromkeys(names) if name != "default"]
    for name in named:
        key = "id" if uuidutils.is_uuid_like(name) else "name"
        groups = network.security_groups(
            context, {key: name, "project_id": context.project_id}
        )
        if not groups:
            raise exception.InvalidInput(
                reason=f"Security group {name} not found for project "
                f"{context.project_id}."
            )
        if len(groups) > 1:
            raise exception.NoUniqueMatch(what="security groups", name=name)
        found.append(groups[0]["id"])
    if found and "default" in names:
        groups = network.security_groups(
            context, {"name": "default", "project_id": context.project_id}
        )
        found += [group["id"] for group in groups]
    return found


def may_have_ports(row: Mapping[str, Any]) -> bool:
    """Whether a server can own ports.

    One that was asked for without networks has an empty list of interfaces,
    one that was never on a host has had none allocated.
    """
    return row["network_info"] != [] and row["launched_on"] is not None
