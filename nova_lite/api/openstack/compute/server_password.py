# SPDX-License-Identifier: Apache-2.0
"""The administrator's password that a guest made up and reported.

The guest encrypts it with its user's public key and hands it to the
metadata service; only the owner of the private key can read it.
"""

from __future__ import annotations

from nova_lite.api.openstack import common
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import server_password
from nova_lite.policies import server_password as policies


class ServerPasswordController(common.Controller):
    """/servers/{server_id}/os-server-password."""

    @operation()
    def show(self, request: Request, server_id: str) -> dict[str, str]:
        """Show the encrypted password; empty when there is none."""
        row = common.allowed_instance(request, server_id, policies.SHOW)
        return {"password": server_password.of_row(row)}

    @operation(status=204)
    def clear(self, request: Request, server_id: str) -> None:
        """Forget the password; the guest's own stays as it is."""
        common.allowed_instance(request, server_id, policies.CLEAR)
        common.write(server_password.store, server_id, "")
