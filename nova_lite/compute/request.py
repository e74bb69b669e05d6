# SPDX-License-Identifier: Apache-2.0
"""What a user asks for, as the controllers hand it to compute.API."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# How many tags a server may have.
MAX_TAGS = 50


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """A validated POST /servers.

    ``networks`` is None (absent), "none", "auto" or a list of dicts;
    ``auto_disk_config`` None leaves it to the image;
    ``user_data`` is base64, so are the contents of ``files``, which come
    behind their paths in the guest; ``host`` and ``hypervisor_hostname``
    are those of 2.74, ``availability_zone`` may also be the form
    "zone:host:node".
    """

    name: str
    flavor_ref: str
    image_ref: str | None
    description: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    key_name: str | None = None
    user_data: str | None = None
    availability_zone: str | None = None
    min_count: int = 1
    max_count: int = 1
    networks: str | Sequence[Mapping[str, Any]] | None = None
    security_groups: Sequence[str] = ()
    config_drive: bool = False
    auto_disk_config: bool | None = None
    hostname: str | None = None
    access_ip_v4: str | None = None
    access_ip_v6: str | None = None
    admin_password: str | None = None
    files: Sequence[tuple[str, str]] = ()
    host: str | None = None
    hypervisor_hostname: str | None = None
    scheduler_hints: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InstanceQuery:
    """Which servers a list asks for, in what order, how many.

    ``filters`` maps a column-like name to a value or a list of values that
    are ORed: uuid, vm_state, task_state, host, node, image_ref, flavor_id,
    availability_zone, user_id, reservation_id, key_name, launch_index,
    power_state, locked, ...; flavor_id is the id that users see.
    ``regexes`` maps a column to a pattern that is found anywhere in it,
    ``tags`` one of "tags", "tags-any", "not-tags", "not-tags-any" to tags.
    ``addresses`` maps a version (4 or 6) to a pattern, of which one fits the
    beginning of one of the server's fixed addresses.
    ``soft_deleted`` None: such servers are shown with the deleted ones.
    ``sort`` is (column, "asc" | "desc") pairs, most important first.
    """

    project_id: str | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)
    regexes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    addresses: Mapping[int, str] = field(default_factory=dict)
    changes_since: datetime.datetime | None = None
    changes_before: datetime.datetime | None = None
    deleted: bool | None = False
    soft_deleted: bool | None = None
    sort: Sequence[tuple[str, str]] = (
        ("created_at", "desc"),
        ("id", "desc"),
    )
    limit: int | None = None
    marker: str | None = None
