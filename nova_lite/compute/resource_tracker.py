# SPDX-License-Identifier: Apache-2.0
"""What this host has and what its servers use.

The scheduler has claimed in the database before a build arrives; the claim
here is compute's own check against the limits that came with the choice, so
that a host never runs more than it may, whoever sent the build.
"""

from __future__ import annotations

import math
import pathlib
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.context import RequestContext
from nova_lite.objects.compute_node import ComputeNode
from nova_lite.objects.instance import Instance
from nova_lite.scheduler import rpcapi as scheduler_rpcapi
from nova_lite.virt.driver import ComputeDriver, HostResources

CONF = cfg.CONF


@dataclass(frozen=True, slots=True)
class Usage:
    """What one server uses."""

    vcpu: int
    memory_mb: int
    disk_gb: int


def usage_of(instance: Mapping[str, Any] | Instance) -> Usage:
    """A server's usage, by its row or object."""
    get = (
        instance.__getitem__
        if isinstance(instance, Mapping)
        else lambda name: getattr(instance, name)
    )
    return Usage(
        get("vcpus"), get("memory_mb"), get("root_gb") + get("ephemeral_gb")
    )


class ResourceTracker:
    """Usage by server uuid, and the reports to the database."""

    def __init__(self, host: str, driver: ComputeDriver) -> None:
        self._host = host
        self._driver = driver
        self._scheduler = scheduler_rpcapi.SchedulerAPI()
        self._used: dict[str, Usage] = {}
        self._lock = threading.Lock()
        self._uuid = _node_uuid(pathlib.Path(CONF.instances_path))

    def instance_claim(
        self, instance: Instance, limits: Mapping[str, int]
    ) -> None:
        """Count a server in, until ``drop``.

        Raises: ResourcesUnavailable, when a limit would be passed.
        """
        wanted = usage_of(instance)
        with self._lock:
            others = [
                used
                for uuid_, used in self._used.items()
                if uuid_ != instance.uuid
            ]
            _check(wanted, others, limits)
            self._used[instance.uuid] = wanted

    def drop(self, instance_uuid: str) -> None:
        """A server is no longer here."""
        with self._lock:
            self._used.pop(instance_uuid, None)

    def update_available_resource(self, context: RequestContext) -> None:
        """Report what this host has; what it uses is known from the rows."""
        instances = Instance.list_on_host(context, self._host)
        resources = self._driver.get_available_resource()
        with self._lock:
            for row in instances:
                self._used.setdefault(row["uuid"], usage_of(row))
            used = list(self._used.values())
        node = self._node(context, resources, used)
        if node.report():
            self._scheduler.update_host_state(context, node)

    def _node(
        self,
        context: RequestContext,
        has: HostResources,
        used: list[Usage],
    ) -> ComputeNode:
        return ComputeNode(
            context,
            uuid=self._uuid,
            host=self._host,
            hypervisor_hostname=has.hypervisor_hostname,
            hypervisor_type=has.hypervisor_type,
            hypervisor_version=has.hypervisor_version,
            host_ip=str(CONF.my_ip),
            vcpus=has.vcpus,
            memory_mb=has.memory_mb,
            local_gb=has.local_gb,
            vcpus_used=sum(one.vcpu for one in used),
            memory_mb_used=CONF.compute.reserved_host_memory_mb
            + sum(one.memory_mb for one in used),
            local_gb_used=sum(one.disk_gb for one in used),
            disk_available_least_gb=has.disk_available_least_gb,
            running_vms=len(used),
            cpu_info=dict(has.cpu_info),
            supported_instances=[list(one) for one in has.supported_instances],
            capabilities=dict(has.capabilities),
            uptime=self._driver.get_host_uptime(),
            inventories=_inventories(has),
        )


def _check(
    wanted: Usage, others: list[Usage], limits: Mapping[str, int]
) -> None:
    for name, need, taken in (
        ("VCPU", wanted.vcpu, sum(one.vcpu for one in others)),
        ("MEMORY_MB", wanted.memory_mb, sum(one.memory_mb for one in others)),
        ("DISK_GB", wanted.disk_gb, sum(one.disk_gb for one in others)),
    ):
        limit = limits.get(name)
        if limit is not None and taken + need > limit:
            raise exception.ResourcesUnavailable(
                reason=f"{name}: {need} needed, {limit - taken} free of "
                f"{limit}"
            )


def _inventories(has: HostResources) -> dict[str, dict[str, Any]]:
    conf = CONF.compute
    return {
        "VCPU": {
            "total": has.vcpus,
            "reserved": conf.reserved_host_cpus,
            "allocation_ratio": conf.cpu_allocation_ratio,
        },
        "MEMORY_MB": {
            "total": has.memory_mb,
            "reserved": conf.reserved_host_memory_mb,
            "allocation_ratio": conf.ram_allocation_ratio,
        },
        "DISK_GB": {
            "total": has.local_gb,
            "reserved": math.ceil(conf.reserved_host_disk_mb / 1024),
            "allocation_ratio": conf.disk_allocation_ratio,
        },
    }


def _node_uuid(directory: pathlib.Path) -> str:
    """This node's uuid: kept beside its guests, since it stands for them."""
    path = directory / "compute_id"
    try:
        return str(uuid.UUID(path.read_text().strip()))
    except FileNotFoundError:
        directory.mkdir(parents=True, exist_ok=True)
        made = str(uuid.uuid4())
        path.write_text(made + "\n")
        return made
    except ValueError as error:
        raise exception.ConfigurationError(
            reason=f"{path} does not hold a uuid. Restore it, or remove it "
            "if this host has no guests."
        ) from error
