# SPDX-License-Identifier: Apache-2.0
"""What the API may do with guests as they are: power, questions, a password.

Part of compute.API, in the API process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite.compute import begin, transitions
from nova_lite.compute.acting import Acting, host_of
from nova_lite.context import RequestContext
from nova_lite.objects.diagnostics import InstanceDiagnostics
from nova_lite.objects.external_event import InstanceExternalEvent


class GuestAPI(Acting):
    """Turns guests on and off, and asks their hosts about them."""

    def start(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Start a server that is off."""
        self._act(context, row, transitions.START)

    def stop(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Shut a server down, by force when it does not obey."""
        self._act(context, row, transitions.STOP)

    def reboot(
        self, context: RequestContext, row: Mapping[str, Any], kind: str
    ) -> None:
        """Reboot a server; ``kind`` is SOFT or HARD."""
        self._act(
            context,
            row,
            transitions.HARD_REBOOT
            if kind == "HARD"
            else transitions.SOFT_REBOOT,
        )

    def pause(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Stop a server's processors."""
        self._act(context, row, transitions.PAUSE)

    def unpause(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Let a paused server go on."""
        self._act(context, row, transitions.UNPAUSE)

    def suspend(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Save a server's memory and stop it."""
        self._act(context, row, transitions.SUSPEND)

    def resume(self, context: RequestContext, row: Mapping[str, Any]) -> None:
        """Let a suspended server go on."""
        self._act(context, row, transitions.RESUME)

    def trigger_crash_dump(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Make a server's kernel dump itself."""
        self._act(context, row, transitions.TRIGGER_CRASH_DUMP)

    def set_admin_password(
        self, context: RequestContext, row: Mapping[str, Any], password: str
    ) -> None:
        """Change a password inside a server; returns when it is done.

        Raises: PasswordNotSupported, PasswordNotSet, NotSupported,
        MessagingUnavailable.
        """
        self._act(context, row, transitions.CHANGE_PASSWORD, password=password)

    def inject_network_info(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Only check that it may be asked: no driver has a use for it.

        Raises: InstanceIsLocked, InstanceNotReady.
        """
        begin.check_lock(context, row)
        host_of(row)

    def get_console_output(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        length: int | None = None,
    ) -> str:
        """The last ``length`` lines of the console, all when None.

        Raises: InstanceNotReady, ConsoleNotAvailable, MessagingUnavailable.
        """
        return self._compute.get_console_output(
            context,
            host_of(row),
            row["uuid"],
            -1 if length is None else length,
        )

    def get_diagnostics(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the hypervisor tells of the guest, in its own form.

        Raises: InstanceNotReady, InstanceInvalidState, MessagingUnavailable.
        """
        return self._compute.get_diagnostics(
            context, host_of(row), row["uuid"]
        )

    def get_instance_diagnostics(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> InstanceDiagnostics:
        """The same in the form that all hypervisors share.

        Raises: InstanceNotReady, InstanceInvalidState, MessagingUnavailable.
        """
        return self._compute.get_instance_diagnostics(
            context, host_of(row), row["uuid"]
        )

    def external_instance_event(
        self,
        context: RequestContext,
        events: Mapping[str, list[InstanceExternalEvent]],
    ) -> None:
        """Tell each host what other services say of its servers."""
        for host, those in events.items():
            self._compute.external_instance_event(context, host, those)
