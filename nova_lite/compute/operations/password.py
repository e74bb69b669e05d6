# SPDX-License-Identifier: Apache-2.0
"""Change password: asked of the agent inside the guest.

The caller waits for the result. The password is in this object alone: it is
not written to the journal, so nobody can run the action again.
"""

from __future__ import annotations

from nova_lite import exception
from nova_lite.compute import power_state, transitions
from nova_lite.compute.operations import specs
from nova_lite.context import RequestContext
from nova_lite.operation import HostServices, Operation


class SetAdminPassword(Operation):
    """On a guest that runs. ``error`` None: it was done."""

    row = transitions.CHANGE_PASSWORD
    event = "compute_set_admin_password"

    def __init__(
        self,
        context: RequestContext,
        action_id: int,
        instance_uuid: str,
        services: HostServices,
        password: str,
    ) -> None:
        super().__init__(context, action_id, instance_uuid, services)
        self._password = password
        self.error: Exception | None = exception.PasswordNotSet(
            instance_uuid=instance_uuid, reason="another request goes first."
        )

    def check(self) -> None:
        """Raises: PasswordNotSet, GuestNotFound."""
        state = self.driver.get_info(self.instance_uuid).state
        if state != power_state.RUNNING:
            raise exception.PasswordNotSet(
                instance_uuid=self.instance_uuid, reason="it does not run."
            )

    def do(self) -> None:
        user = self.instance.image_meta.get("properties", {}).get(
            "os_admin_user"
        )
        self.driver.set_admin_password(
            specs.guest_spec(self.instance), user, self._password
        )

    def finish(self) -> None:
        super().finish()
        self.error = None

    def failed(self, error: Exception) -> None:
        super().failed(error)
        if not isinstance(error, exception.Conflict | exception.NotSupported):
            error = exception.PasswordNotSet(
                instance_uuid=self.instance_uuid,
                reason="the hypervisor or the guest's agent failed.",
            )
        self.error = error
