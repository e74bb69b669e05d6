# SPDX-License-Identifier: Apache-2.0
"""A hypervisor, as nova-lite-compute reports it."""

from __future__ import annotations

from nova_lite.objects import base, fields


@base.NovaObjectRegistry.register
class ComputeNode(base.NovaObject):
    """What a host has. Reported at start, every minute, and on a change.

    ``inventories``: {"VCPU": {"total", "reserved", "allocation_ratio"}, ...}.
    """

    VERSION = "1.0"

    fields = {
        "uuid": fields.UUIDField(),
        "host": fields.StringField(),
        "hypervisor_hostname": fields.StringField(),
        "hypervisor_type": fields.StringField(),
        "hypervisor_version": fields.IntegerField(),
        "host_ip": fields.StringField(nullable=True),
        "vcpus": fields.IntegerField(),
        "memory_mb": fields.IntegerField(),
        "local_gb": fields.IntegerField(),
        "vcpus_used": fields.IntegerField(),
        "memory_mb_used": fields.IntegerField(),
        "local_gb_used": fields.IntegerField(),
        "disk_available_least_gb": fields.IntegerField(nullable=True),
        "running_vms": fields.IntegerField(),
        "cpu_info": fields.JsonField(),
        "supported_instances": fields.JsonField(),
        "capabilities": fields.JsonField(),
        "uptime": fields.StringField(nullable=True),
        "inventories": fields.JsonField(),
    }

    @base.remotable
    def report(self) -> bool:
        """Write the node, its provider and inventories where they differ.

        True when something did.
        """
        row = {
            name: getattr(self, name)
            for name in self.fields
            if name != "inventories" and name in self
        }
        changed: bool = base.repository("compute_node").report(
            row, self.inventories
        )
        return changed
