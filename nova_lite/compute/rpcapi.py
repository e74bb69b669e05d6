# SPDX-License-Identifier: Apache-2.0
"""What is sent to nova-lite-compute. Versions:

1.0 build_and_run_instance, terminate_instance, get_console_output
1.1 cache_images, set_host_enabled, host_maintenance_mode, host_power_action
1.2 get_diagnostics, get_instance_diagnostics, external_instance_event
1.3 the actions on a server: pause_instance, unpause_instance ...;
    get_vnc_console, get_serial_console, validate_console_port
1.4 attach_interface, detach_interface
"""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

from nova_lite import rpc
from nova_lite.context import RequestContext
from nova_lite.objects.console_auth_token import ConsoleConnection
from nova_lite.objects.diagnostics import InstanceDiagnostics
from nova_lite.objects.external_event import InstanceExternalEvent

CONF = cfg.CONF

TOPIC = "compute"

# Images may be large and the network slow; a host that says nothing for so
# long does not fetch them any more.
_DOWNLOAD_S = 6 * 3600
_SILENCE_S = 60
# The network may take its time to wire an interface; upstream's figure.
_ATTACH_S = 1800
_ATTACH_SILENCE_S = 10
# More than an agent in a guest has to answer.
_PASSWORD_S = 50
_PASSWORD_SILENCE_S = 10


class ComputeAPI(rpc.ClientBase):
    """One method per message. A cast names an action: the row says it all."""

    def __init__(self) -> None:
        super().__init__(TOPIC, "1.4", pin=CONF.upgrade_levels.compute)

    def build_and_run_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("build_and_run_instance", context, host, action, instance)

    def terminate_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("terminate_instance", context, host, action, instance)

    def pause_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("pause_instance", context, host, action, instance)

    def unpause_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("unpause_instance", context, host, action, instance)

    def start_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("start_instance", context, host, action, instance)

    def stop_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("stop_instance", context, host, action, instance)

    def soft_reboot_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("soft_reboot_instance", context, host, action, instance)

    def hard_reboot_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("hard_reboot_instance", context, host, action, instance)

    def suspend_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("suspend_instance", context, host, action, instance)

    def resume_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("resume_instance", context, host, action, instance)

    def snapshot_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("snapshot_instance", context, host, action, instance)

    def backup_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("backup_instance", context, host, action, instance)

    def shelve_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("shelve_instance", context, host, action, instance)

    def shelve_offload_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("shelve_offload_instance", context, host, action, instance)

    def unshelve_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("unshelve_instance", context, host, action, instance)

    def trigger_crash_dump(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("trigger_crash_dump", context, host, action, instance)

    def set_admin_password(
        self,
        context: RequestContext,
        host: str,
        action: int,
        instance: str,
        password: str,
    ) -> None:
        """Raises: PasswordNotSupported, PasswordNotSet, NotSupported."""
        self.call(
            context,
            "set_admin_password",
            server=host,
            timeout_s=_PASSWORD_S,
            silence_s=_PASSWORD_SILENCE_S,
            action=action,
            instance=instance,
            password=password,
        )

    def attach_interface(
        self,
        context: RequestContext,
        host: str,
        action: int,
        instance: str,
        wait: bool = False,
    ) -> dict[str, Any] | None:
        """The interface as it is kept; None to who does not wait for it.

        Raises: InterfaceAttachFailed, and what NetworkAPI.attach raises.
        """
        if wait:
            made: dict[str, Any] = self.call(
                context,
                "attach_interface",
                server=host,
                timeout_s=_ATTACH_S,
                silence_s=_ATTACH_SILENCE_S,
                action=action,
                instance=instance,
                wait=True,
            )
            return made
        self._act(
            "attach_interface", context, host, action, instance, wait=False
        )
        return None

    def detach_interface(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("detach_interface", context, host, action, instance)

    def rebuild_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("rebuild_instance", context, host, action, instance)

    def rescue_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("rescue_instance", context, host, action, instance)

    def unrescue_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("unrescue_instance", context, host, action, instance)

    def soft_delete_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("soft_delete_instance", context, host, action, instance)

    def restore_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("restore_instance", context, host, action, instance)

    def resize_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("resize_instance", context, host, action, instance)

    def migrate_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("migrate_instance", context, host, action, instance)

    def confirm_resize(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("confirm_resize", context, host, action, instance)

    def revert_resize(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self._act("revert_resize", context, host, action, instance)

    def _act(
        self,
        method: str,
        context: RequestContext,
        host: str,
        action: int,
        instance: str,
        **message: Any,
    ) -> None:
        """Tell a host of an action that the journal has for it."""
        self.cast(
            context,
            method,
            server=host,
            action=action,
            instance=instance,
            **message,
        )

    def get_console_output(
        self, context: RequestContext, host: str, instance: str, length: int
    ) -> str:
        """The last ``length`` lines (-1: all that is kept)."""
        text: str = self.call(
            context,
            "get_console_output",
            server=host,
            timeout_s=20,
            instance=instance,
            length=length,
        )
        return text

    def get_vnc_console(
        self, context: RequestContext, host: str, instance: str
    ) -> ConsoleConnection:
        """Where the guest's screen is.

        Raises: ConsoleTypeUnavailable, InstanceNotReady, NotSupported.
        """
        return self._console("get_vnc_console", context, host, instance)

    def get_serial_console(
        self, context: RequestContext, host: str, instance: str
    ) -> ConsoleConnection:
        """Where its first serial port is. Raises: as get_vnc_console."""
        return self._console("get_serial_console", context, host, instance)

    def _console(
        self, method: str, context: RequestContext, host: str, instance: str
    ) -> ConsoleConnection:
        found: ConsoleConnection = self.call(
            context,
            method,
            server=host,
            timeout_s=20,
            instance=instance,
        )
        return found

    def validate_console_port(
        self,
        context: RequestContext,
        host: str,
        instance: str,
        port: int,
        console_type: str,
    ) -> bool:
        """Whether a guest's console is still at this port."""
        valid: bool = self.call(
            context,
            "validate_console_port",
            server=host,
            timeout_s=20,
            instance=instance,
            port=port,
            console_type=console_type,
        )
        return valid

    def get_diagnostics(
        self, context: RequestContext, host: str, instance: str
    ) -> dict[str, Any]:
        """Names and numbers of the driver's own.

        Raises: InstanceInvalidState.
        """
        found: dict[str, Any] = self.call(
            context,
            "get_diagnostics",
            server=host,
            timeout_s=20,
            instance=instance,
        )
        return found

    def get_instance_diagnostics(
        self, context: RequestContext, host: str, instance: str
    ) -> InstanceDiagnostics:
        """The same in all drivers' form. Raises: InstanceInvalidState."""
        found: InstanceDiagnostics = self.call(
            context,
            "get_instance_diagnostics",
            server=host,
            timeout_s=20,
            instance=instance,
        )
        return found

    def external_instance_event(
        self,
        context: RequestContext,
        host: str,
        events: list[InstanceExternalEvent],
    ) -> None:
        """A lost one is asked for again by who waits for it."""
        self.cast(
            context, "external_instance_event", server=host, events=events
        )

    def cache_images(
        self, context: RequestContext, host: str, images: list[str]
    ) -> dict[str, str]:
        """Image id -> cached, existing, unsupported or error."""
        done: dict[str, str] = self.call(
            context,
            "cache_images",
            server=host,
            timeout_s=_DOWNLOAD_S,
            silence_s=_SILENCE_S,
            images=images,
        )
        return done

    def set_host_enabled(
        self, context: RequestContext, host: str, enabled: bool
    ) -> str:
        """Either "enabled" or "disabled". Raises: NotSupported."""
        state: str = self.call(
            context,
            "set_host_enabled",
            server=host,
            timeout_s=20,
            enabled=enabled,
        )
        return state

    def host_maintenance_mode(
        self, context: RequestContext, host: str, mode: bool
    ) -> str:
        """Either "on_maintenance" or "off_maintenance".

        Raises: NotSupported.
        """
        state: str = self.call(
            context,
            "host_maintenance_mode",
            server=host,
            timeout_s=20,
            mode=mode,
        )
        return state

    def host_power_action(
        self, context: RequestContext, host: str, action: str
    ) -> str:
        """What was done: startup, shutdown, reboot. Raises: NotSupported."""
        done: str = self.call(
            context,
            "host_power_action",
            server=host,
            timeout_s=20,
            action=action,
        )
        return done
