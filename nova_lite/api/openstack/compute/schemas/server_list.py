# SPDX-License-Identifier: Apache-2.0
"""The schema of the query of GET /servers, and what it can be sorted by."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import (
    JSONSchema,
    Schema,
    Value,
    add_named,
    strict,
)

# Keys by which a list can be sorted, each the name of a column.
_SORTED_BY = frozenset(
    {
        "access_ip_v4",
        "access_ip_v6",
        "availability_zone",
        "config_drive",
        "created_at",
        "display_description",
        "display_name",
        "host",
        "hostname",
        "image_ref",
        "key_name",
        "launch_index",
        "launched_at",
        "locked",
        "locked_by",
        "node",
        "power_state",
        "progress",
        "project_id",
        "root_device_name",
        "task_state",
        "terminated_at",
        "updated_at",
        "user_id",
        "uuid",
        "vm_state",
    }
)
# Upstream sorts by these, too; here they have nothing to sort by.
_WITHOUT_COLUMN = frozenset(
    {"auto_disk_config", "instance_type_id", "kernel_id", "ramdisk_id"}
)
# Taken before 2.75, and passed over.
_IGNORED = frozenset(
    {
        "architecture",
        "cell_name",
        "cleaned",
        "default_ephemeral_device",
        "default_swap_device",
        "deleted",
        "deleted_at",
        "disable_terminate",
        "ephemeral_gb",
        "ephemeral_key_uuid",
        "id",
        "key_data",
        "launched_on",
        "memory_mb",
        "os_type",
        "reservation_id",
        "root_gb",
        "shutdown_terminate",
        "user_data",
        "vcpus",
        "vm_mode",
    }
)
# Before, "locked" was one of those.
SORTED_BY = Value(_SORTED_BY - {"locked"}).since("2.73", _SORTED_BY)
_SORT_KEYS = sorted(_SORTED_BY | _WITHOUT_COLUMN)

_TEXT = types.many({"type": "string", "maxLength": 255})
_REGEX = types.many({"type": "string", "format": "regex", "maxLength": 255})
_SMALL_INT = types.many({"type": "string", "pattern": "^-?[0-9]{1,9}$"})
_REGEX_FILTERS = (
    "access_ip_v4",
    "access_ip_v6",
    "availability_zone",
    "description",
    "display_description",
    "display_name",
    "hostname",
    "ip",
    "ip6",
    "key_name",
    "locked_by",
    "name",
    "node",
    "reservation_id",
    "root_device_name",
)
# Parts of a server that are no filters: who may use all gets a 400.
NO_FILTERS = frozenset(
    {
        "block_device_mapping",
        "info_cache",
        "metadata",
        "pci_devices",
        "security_groups",
        "services",
        "system_metadata",
    }
)
_TEXT_FILTERS = (
    *sorted(NO_FILTERS),
    "all_tenants",
    "auto_disk_config",
    "config_drive",
    "created_at",
    "deleted",
    "flavor",
    "host",
    "image",
    "image_ref",
    "kernel_id",
    "launched_at",
    "project_id",
    "ramdisk_id",
    "soft_deleted",
    "status",
    "task_state",
    "tenant_id",
    "terminated_at",
    "user_id",
    "uuid",
    "vm_state",
)
_LIST: dict[str, JSONSchema] = {
    **types.PAGING,
    "sort_key": types.many(
        {"type": "string", "enum": [*_SORT_KEYS, *sorted(_IGNORED)]}
    ),
    "sort_dir": types.many({"type": "string", "enum": ["asc", "desc"]}),
    "changes-since": types.many(types.TIME),
    **dict.fromkeys(_REGEX_FILTERS, _REGEX),
    **dict.fromkeys(_TEXT_FILTERS, _TEXT),
    "launch_index": _SMALL_INT,
    "power_state": _SMALL_INT,
    "progress": _SMALL_INT,
}
TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")
_TAGS = types.many({"type": "string", "maxLength": 4000})


def _only_sorted(schema: JSONSchema) -> None:
    schema["properties"]["sort_key"]["items"]["enum"] = _SORT_KEYS


LIST = (
    Schema(types.query(_LIST))
    .since("2.26", add_named([], dict.fromkeys(TAG_FILTERS, _TAGS)))
    .since("2.66", add_named([], {"changes-before": types.many(types.TIME)}))
    .since("2.73", add_named([], {"locked": _TEXT}))
    .since("2.75", strict(), _only_sorted)
)
