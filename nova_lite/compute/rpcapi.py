# SPDX-License-Identifier: Apache-2.0
"""What is sent to nova-lite-compute. Versions:

1.0 build_and_run_instance, terminate_instance, get_console_output
"""

from __future__ import annotations

from oslo_config import cfg

from nova_lite import rpc
from nova_lite.context import RequestContext

CONF = cfg.CONF

TOPIC = "compute"


class ComputeAPI(rpc.ClientBase):
    """One method per message. A cast names an action: the row says it all."""

    def __init__(self) -> None:
        super().__init__(TOPIC, "1.0", pin=CONF.upgrade_levels.compute)

    def build_and_run_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self.cast(
            context,
            "build_and_run_instance",
            server=host,
            action=action,
            instance=instance,
        )

    def terminate_instance(
        self, context: RequestContext, host: str, action: int, instance: str
    ) -> None:
        self.cast(
            context,
            "terminate_instance",
            server=host,
            action=action,
            instance=instance,
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
