# SPDX-License-Identifier: Apache-2.0
"""What another service says has happened to a server."""

from __future__ import annotations

from nova_lite.objects import base, fields


@base.NovaObjectRegistry.register
class InstanceExternalEvent(base.NovaObject):
    """An event; ``tag`` names the port, volume ... that it is about."""

    VERSION = "1.0"

    fields = {
        "instance_uuid": fields.UUIDField(),
        "name": fields.StringField(),
        "status": fields.StringField(),
        "tag": fields.StringField(nullable=True),
    }
