# SPDX-License-Identifier: Apache-2.0
"""Where a shelved server may be asked to go.

Called by compute.API in the API process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nova_lite import exception
from nova_lite.compute import vm_states
from nova_lite.db import session as db
from nova_lite.db.repositories import service, service_query

_COMPUTE = "nova-lite-compute"
_ZONE = "availability_zone"
# Wishes of the create: they were for its first host.
_FIRST_HOST = ("force_host", "force_node", "requested_host", "requested_node")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a request names. ``zone`` counts when ``has_zone``; None unpins."""

    host: str | None = None
    zone: str | None = None
    has_zone: bool = False


def request_spec(row: Mapping[str, Any], wishes: Wishes) -> dict[str, Any]:
    """What the server asks of the scheduler from now on.

    Raises: UnshelveInstanceInvalidState, UnshelveHostNotInAZ, InvalidInput.
    """
    spec = dict(row["request_spec"])
    for name in _FIRST_HOST:
        spec.pop(name, None)
    if not (wishes.has_zone or wishes.host):
        return spec
    if row["vm_state"] != vm_states.SHELVED_OFFLOADED:
        raise exception.UnshelveInstanceInvalidState(
            instance_uuid=row["uuid"], state=row["vm_state"]
        )
    if wishes.has_zone:
        spec[_ZONE] = wishes.zone
        if wishes.zone is None:
            del spec[_ZONE]
    _check(wishes, spec.get(_ZONE), row["uuid"])
    return spec


@db.transaction
def _check(wishes: Wishes, zone: str | None, uuid: str) -> None:
    with db.reader() as session:
        if wishes.zone is not None and wishes.zone not in service.zones(
            session
        ):
            raise exception.InvalidInput(
                reason="The requested availability zone is not available"
            )
        if wishes.host is None:
            return
        found = service_query.services(session, wishes.host, _COMPUTE)
    if not found:
        raise exception.InvalidInput(
            reason=f"Compute host {wishes.host} could not be found."
        )
    if zone is not None and found[0][_ZONE] != zone:
        raise exception.UnshelveHostNotInAZ(host=wishes.host, zone=zone)
