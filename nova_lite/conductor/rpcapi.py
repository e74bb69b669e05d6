# SPDX-License-Identifier: Apache-2.0
"""What is sent to conductor. Versions:

ConductorAPI (no namespace)
    1.0 object_class_action_versions, object_action
ComputeTaskAPI (namespace compute_task)
    1.0 build_instances, delete_instance, sweep
    1.1 cache_images
    1.2 migrate_server, rebuild_instance, unshelve_instance
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from oslo_config import cfg

from nova_lite import rpc
from nova_lite.context import RequestContext

CONF = cfg.CONF

TOPIC = "conductor"


class ConductorAPI(rpc.ClientBase):
    """Runs object methods where the database is."""

    def __init__(self) -> None:
        super().__init__(TOPIC, "1.0", pin=CONF.upgrade_levels.conductor)

    def object_class_action_versions(
        self,
        context: RequestContext,
        objname: str,
        objmethod: str,
        object_versions: Mapping[str, str],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        timeout_s: int,
    ) -> Any:
        return self.call(
            context,
            "object_class_action_versions",
            timeout_s=timeout_s,
            objname=objname,
            objmethod=objmethod,
            object_versions=object_versions,
            args=args,
            kwargs=kwargs,
        )

    def object_action(
        self,
        context: RequestContext,
        objinst: Any,
        objmethod: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        timeout_s: int,
    ) -> Any:
        return self.call(
            context,
            "object_action",
            timeout_s=timeout_s,
            objinst=objinst,
            objmethod=objmethod,
            args=args,
            kwargs=kwargs,
        )


class ComputeTaskAPI(rpc.ClientBase):
    """Work of several steps that conductor directs."""

    def __init__(self) -> None:
        super().__init__(
            TOPIC,
            "1.2",
            namespace="compute_task",
            pin=CONF.upgrade_levels.conductor,
        )

    def build_instances(
        self, context: RequestContext, actions: Sequence[int]
    ) -> None:
        self.cast(context, "build_instances", actions=list(actions))

    def delete_instance(self, context: RequestContext, action: int) -> None:
        self.cast(context, "delete_instance", action=action)

    def migrate_server(self, context: RequestContext, action: int) -> None:
        self.cast(context, "migrate_server", action=action)

    def rebuild_instance(self, context: RequestContext, action: int) -> None:
        self.cast(context, "rebuild_instance", action=action)

    def unshelve_instance(self, context: RequestContext, action: int) -> None:
        self.cast(context, "unshelve_instance", action=action)

    def sweep(self, context: RequestContext) -> None:
        self.cast(context, "sweep")

    def cache_images(
        self, context: RequestContext, aggregate: int, images: Sequence[str]
    ) -> None:
        self.cast(
            context, "cache_images", aggregate=aggregate, images=list(images)
        )
