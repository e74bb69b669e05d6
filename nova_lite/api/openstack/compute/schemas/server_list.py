# SPDX-License-Identifier: Apache-2.0
"""The schema of the query of GET /servers, and what it can be sorted by."""

from __future__ import annotations

from nova_lite.api.openstack.compute.schemas import types
from nova_lite.api.openstack.versioned import (
    JSONSchema,
    Schema,
    add_named,
    strict,
)

# Keys by which a list can be sorted, with the column of each. The others
# that upstream takes have nothing here to sort by.
SORT_COLUMNS = {
    name: name
    for name in (
        "access_ip_v4",
        "access_ip_v6",
        "availability_zone",
        "config_drive",
        "created_at",
        "display_name",
        "host",
        "hostname",
        "image_ref",
        "key_name",
        "launch_index",
        "launched_at",
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
    )
} | {
    "display_description": "display_description",
    "locked": "locked",
    "name": "display_name",
    "id": "uuid",
}
_SORT_KEYS = [
    *(set(SORT_COLUMNS) - {"locked", "name", "id"}),
    "auto_disk_config",
    "instance_type_id",
    "kernel_id",
    "ramdisk_id",
]

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
    "root_device_name",
)
_TEXT_FILTERS = (
    "all_tenants",
    "auto_disk_config",
    "cell_name",
    "config_drive",
    "created_at",
    "deleted",
    "deleted_at",
    "ephemeral_gb",
    "flavor",
    "host",
    "image",
    "image_ref",
    "info_cache",
    "instance_type_id",
    "is_public",
    "kernel_id",
    "launched_at",
    "memory_mb",
    "metadata",
    "pci_devices",
    "project_id",
    "ramdisk_id",
    "reservation_id",
    "root_gb",
    "security_groups",
    "services",
    "soft_deleted",
    "status",
    "system_metadata",
    "tags",
    "task_state",
    "tenant_id",
    "terminated_at",
    "user_id",
    "uuid",
    "vcpus",
    "vm_mode",
    "vm_state",
)
_LIST: dict[str, JSONSchema] = {
    **types.PAGING,
    "sort_key": types.many({"type": "string", "enum": sorted(_SORT_KEYS)}),
    "sort_dir": types.many({"type": "string", "enum": ["asc", "desc"]}),
    "changes-since": types.many(types.TIME),
    **dict.fromkeys(_REGEX_FILTERS, _REGEX),
    **dict.fromkeys(_TEXT_FILTERS, _TEXT),
    "launch_index": _SMALL_INT,
    "power_state": _SMALL_INT,
    "progress": _SMALL_INT,
}
_TAG_FILTERS = ("tags", "tags-any", "not-tags", "not-tags-any")
_TAGS = types.many({"type": "string", "maxLength": 2000})


def _locked_sort(schema: JSONSchema) -> None:
    keys = schema["properties"]["sort_key"]["items"]
    keys["enum"] = sorted([*keys["enum"], "locked"])


LIST = (
    Schema(types.query(_LIST))
    .since(
        "2.26",
        add_named(
            [],
            dict.fromkeys(
                ("tags", "tags-any", "not-tags", "not-tags-any"), _TAGS
            ),
        ),
    )
    .since("2.66", add_named([], {"changes-before": types.many(types.TIME)}))
    .since("2.73", add_named([], {"locked": _TEXT}), _locked_sort)
    .since("2.75", strict())
)
