# SPDX-License-Identifier: Apache-2.0
"""What a server needs of a host, and what the scheduler chose."""

from __future__ import annotations

import math
from typing import Any

from nova_lite import exception
from nova_lite.objects import base, fields

# An extra spec of this beginning says how much of a resource class.
_RESOURCES = "resources:"


@base.NovaObjectRegistry.register
class RequestSpec(base.NovaObject):
    """Servers of one request: alike in flavor, image and wishes.

    ``flavor`` and ``image`` are the documents kept on the instance row
    (``image`` has ``properties``, ``min_disk_gb``, ``disk_format``).
    ``ignore_hosts`` are those on which the build has failed already.
    ``force_host``/``force_node`` skip the filters, as upstream's
    "zone:host:node" does; ``requested_host``/``requested_node`` (2.74) are
    wishes that the filters still check.
    """

    VERSION = "1.0"

    # Where the servers are that the hints name (scheduler.neighbours): put
    # here by the scheduler for its filters and weighers, and never sent.
    neighbours: Any = None

    fields = {
        "project_id": fields.StringField(),
        "user_id": fields.StringField(),
        "instance_uuids": fields.ListOfStringsField(),
        "flavor": fields.JsonField(),
        "image": fields.JsonField(),
        "availability_zone": fields.StringField(nullable=True),
        "force_host": fields.StringField(nullable=True),
        "force_node": fields.StringField(nullable=True),
        "requested_host": fields.StringField(nullable=True),
        "requested_node": fields.StringField(nullable=True),
        "ignore_hosts": fields.ListOfStringsField(default=[]),
        "scheduler_hints": fields.JsonField(),
    }

    def needs(self) -> dict[str, int]:
        """Amount by resource class of one server of the request.

        An extra spec "resources:CLASS" overrides the flavor's figure or adds
        a class; 0 asks for none of it.
        Raises: Invalid when such a figure is no whole number.
        """
        flavor = self.flavor
        needs = {
            "VCPU": int(flavor["vcpus"]),
            "MEMORY_MB": int(flavor["memory_mb"]),
            "DISK_GB": int(flavor.get("root_gb") or 0)
            + int(flavor.get("ephemeral_gb") or 0)
            + math.ceil(int(flavor.get("swap_mb") or 0) / 1024),
        }
        for key, value in (flavor.get("extra_specs") or {}).items():
            if key.startswith(_RESOURCES):
                if not str(value).isdecimal():
                    raise exception.Invalid(
                        f"The flavor's extra spec {key} must be a whole "
                        f"number, not {value!r}."
                    )
                needs[key.removeprefix(_RESOURCES)] = int(value)
        return {name: amount for name, amount in needs.items() if amount}


@base.NovaObjectRegistry.register
class Selection(base.NovaObject):
    """One host for one server; its resources are claimed already."""

    VERSION = "1.0"

    fields = {
        "host": fields.StringField(),
        "node": fields.StringField(),
        "compute_node_uuid": fields.UUIDField(),
        "availability_zone": fields.StringField(nullable=True),
        # {"VCPU": 1, ...}: what was claimed, or has to be for an alternate.
        "resources": fields.JsonField(),
        # {"VCPU": 64, "MEMORY_MB": ..., "DISK_GB": ...}: what the host may
        # hold in all, ratio included, for compute's own check.
        "limits": fields.JsonField(),
    }


@base.NovaObjectRegistry.register
class Destination(base.NovaObject):
    """The scheduler's answer for one server.

    Either ``selection`` with ``alternates`` (not claimed), or none, and then
    ``reasons`` says why: {"host": ..., "filter": ..., "reason": ...} each.
    """

    VERSION = "1.0"

    fields = {
        "instance_uuid": fields.UUIDField(),
        "selection": fields.ObjectField("Selection", nullable=True),
        "alternates": fields.ListOfObjectsField("Selection"),
        "reasons": fields.JsonField(),
    }
