# SPDX-License-Identifier: Apache-2.0
"""What a compute tells of a running guest, in the API's form."""

from __future__ import annotations

from nova_lite.objects import base, fields


@base.NovaObjectRegistry.register
class InstanceDiagnostics(base.NovaObject):
    """A guest as its hypervisor sees it.

    The details are dicts by the names of ``nova_lite.virt.diagnostics``.
    """

    VERSION = "1.0"

    fields = {
        "state": fields.StringField(),
        "driver": fields.StringField(),
        "hypervisor": fields.StringField(nullable=True),
        "hypervisor_os": fields.StringField(nullable=True),
        "memory_details": fields.JsonField(),
        "cpu_details": fields.JsonField(),
        "disk_details": fields.JsonField(),
        "nic_details": fields.JsonField(),
    }
