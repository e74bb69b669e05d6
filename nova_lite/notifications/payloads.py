# SPDX-License-Identifier: Apache-2.0
"""Versioned payloads, made of plain rows.

Names, versions and fields are those of Nova's notification objects, so that
what reads Nova's reads these; tests/golden/notifications freezes them.
"""

from __future__ import annotations

import datetime
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite.compute import power_state
from nova_lite.context import RequestContext
from nova_lite.network import model

Row = Mapping[str, Any]
Payload = dict[str, Any]

VERSIONS = {
    "AggregatePayload": "1.1",
    "AuditPeriodPayload": "1.0",
    "ExceptionPayload": "1.1",
    "FlavorPayload": "1.4",
    "InstanceActionPayload": "1.9",
    "InstanceActionRebuildPayload": "1.10",
    "InstanceActionRescuePayload": "1.4",
    "InstanceActionSnapshotPayload": "1.10",
    "InstanceCreatePayload": "1.13",
    "InstanceExistsPayload": "2.1",
    "InstanceStateUpdatePayload": "1.0",
    "InstanceUpdatePayload": "2.1",
    "IpPayload": "1.0",
    "KeypairPayload": "1.0",
    "ServerGroupPayload": "1.1",
    "ServiceStatusPayload": "1.1",
}


def wrap(name: str, data: Payload) -> Payload:
    """A payload as it is on the wire."""
    return {
        "nova_object.name": name,
        "nova_object.namespace": "nova",
        "nova_object.version": VERSIONS[name],
        "nova_object.data": data,
    }


def moment(value: datetime.datetime | None) -> str | None:
    """A time in whole seconds of UTC."""
    if value is None:
        return None
    utc = value.astimezone(datetime.UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def server(context: RequestContext, row: Row, bdms: bool) -> Payload:
    """What all payloads of a server have in common, not wrapped.

    ``row`` is what ``objects.instance.Instance.facts`` gives.
    """
    properties = row["image_meta"].get("properties") or {}
    by_user = context.user_id and context.project_id
    return {
        "uuid": row["uuid"],
        "user_id": row["user_id"],
        "tenant_id": row["project_id"],
        "reservation_id": row["reservation_id"],
        "display_name": row["display_name"],
        "display_description": row["display_description"],
        "host_name": row["hostname"],
        "host": row["host"],
        "node": row["node"],
        "os_type": properties.get("os_type"),
        "architecture": properties.get("hw_architecture")
        or properties.get("architecture"),
        "availability_zone": row["availability_zone"],
        "flavor": flavor(row["flavor"]),
        "image_uuid": row["image_ref"],
        "key_name": row["key_name"],
        "kernel_id": properties.get("kernel_id", ""),
        "ramdisk_id": properties.get("ramdisk_id", ""),
        "created_at": moment(row["created_at"]),
        "launched_at": moment(row["launched_at"]),
        "terminated_at": moment(row["terminated_at"]),
        "deleted_at": moment(row["deleted_at"]),
        "updated_at": moment(row["updated_at"]),
        "state": row["vm_state"],
        "power_state": power_state.NAMES.get(row["power_state"], "pending"),
        "task_state": row["task_state"],
        "progress": row["progress"],
        "ip_addresses": _ip_addresses(row["network_info"]),
        "block_devices": [] if bdms else None,
        "metadata": dict(row["instance_metadata"]),
        "locked": bool(row["locked"]),
        "locked_reason": row["locked_reason"],
        "auto_disk_config": row["auto_disk_config"],
        "shares": [],
        "request_id": context.request_id if by_user else None,
        "action_initiator_user": context.user_id,
        "action_initiator_project": context.project_id,
    }


def action(
    name: str,
    context: RequestContext,
    row: Row,
    *,
    error: BaseException | None = None,
    bdms: bool = False,
    extra: Row | None = None,
) -> Payload:
    """The payload of an operation on a server."""
    data = server(context, row, bdms)
    data["fault"] = None if error is None else fault(error)
    if name in ("InstanceCreatePayload", "InstanceActionRebuildPayload"):
        data["trusted_image_certificates"] = None
    if name == "InstanceCreatePayload":
        data["keypairs"] = [keypair(one) for one in row["keypairs"]]
        data["tags"] = list(row["tags"])
        data["instance_name"] = f"instance-{row['uuid']}"
    return wrap(name, {**data, **(extra or {})})


def update(
    context: RequestContext,
    row: Row,
    before: tuple[str | None, str | None],
    period: tuple[datetime.datetime, datetime.datetime],
    bdms: bool = False,
    former_name: str | None = None,
) -> Payload:
    """The payload of a change of states; ``before`` are vm and task state."""
    data = server(context, row, bdms)
    data["state_update"] = wrap(
        "InstanceStateUpdatePayload",
        {
            "old_state": before[0],
            "state": row["vm_state"],
            "old_task_state": before[1],
            "new_task_state": row["task_state"],
        },
    )
    data["audit_period"] = audit_period(period)
    data["old_display_name"] = former_name
    data["tags"] = list(row["tags"])
    return wrap("InstanceUpdatePayload", data)


def exists(
    context: RequestContext,
    row: Row,
    period: tuple[datetime.datetime, datetime.datetime],
    bdms: bool = False,
) -> Payload:
    """The payload that says that a server ran in a period."""
    data = server(context, row, bdms)
    data["audit_period"] = audit_period(period)
    return wrap("InstanceExistsPayload", data)


def audit_period(
    period: tuple[datetime.datetime, datetime.datetime],
) -> Payload:
    """Beginning and end of what was audited."""
    return wrap(
        "AuditPeriodPayload",
        {
            "audit_period_beginning": moment(period[0]),
            "audit_period_ending": moment(period[1]),
        },
    )


def fault(error: BaseException) -> Payload:
    """Where an error came from, and what it says."""
    frames = traceback.extract_tb(error.__traceback__)
    where = frames[-1] if frames else None
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals["__name__"] if trace else "unknown"
    return wrap(
        "ExceptionPayload",
        {
            "function_name": where.name if where else "unknown",
            "module_name": module,
            "exception": type(error).__name__,
            "exception_message": str(error),
            "traceback": "".join(traceback.format_exception(error)),
        },
    )


def _ip_addresses(info: Sequence[Row] | None) -> list[Payload]:
    """The fixed addresses of a server's interfaces."""
    return [
        wrap(
            "IpPayload",
            {
                "label": vif.network.label,
                "mac": vif.address,
                "meta": {},
                "port_uuid": vif.id,
                "version": ip.version,
                "address": ip.address,
                "device_name": vif.devname,
            },
        )
        for vif in model.load(info)
        for ip in vif.fixed_ips
    ]


def flavor(row: Row, projects: Sequence[str] | None = None) -> Payload:
    """A flavor, or what a server keeps of one."""
    return wrap(
        "FlavorPayload",
        {
            "flavorid": row.get("flavorid"),
            "name": row.get("name"),
            "memory_mb": row.get("memory_mb"),
            "vcpus": row.get("vcpus"),
            "root_gb": row.get("root_gb"),
            "ephemeral_gb": row.get("ephemeral_gb"),
            "swap": row.get("swap_mb", 0),
            "rxtx_factor": row.get("rxtx_factor", 1.0),
            "vcpu_weight": 0,
            "disabled": row.get("disabled", False),
            "is_public": row.get("is_public", True),
            "extra_specs": dict(row.get("extra_specs") or {}),
            "projects": None if projects is None else list(projects),
            "description": row.get("description"),
        },
    )


def keypair(row: Row) -> Payload:
    """A key pair; never the private key."""
    names = ("user_id", "name", "fingerprint", "public_key", "type")
    return wrap("KeypairPayload", {name: row[name] for name in names})


def aggregate(row: Row) -> Payload:
    """An aggregate with its hosts."""
    return wrap(
        "AggregatePayload",
        {
            "id": row["id"],
            "uuid": row["uuid"],
            "name": row["name"],
            "hosts": list(row["hosts"]),
            "metadata": dict(row["aggregate_metadata"]),
        },
    )


def server_group(row: Row) -> Payload:
    """A server group with its members."""
    return wrap(
        "ServerGroupPayload",
        {
            "uuid": row["uuid"],
            "name": row["name"],
            "project_id": row["project_id"],
            "user_id": row["user_id"],
            "policies": [row["policy"]],
            "policy": row["policy"],
            "rules": {k: str(v) for k, v in row["rules"].items()},
            "members": list(row["members"]),
            "hosts": None,
        },
    )


def service(row: Row) -> Payload:
    """A daemon as os-services shows it."""
    return wrap(
        "ServiceStatusPayload",
        {
            "host": row["host"],
            "binary": row["binary"].replace("nova-lite-", "nova-"),
            "topic": row["topic"],
            "report_count": row["report_count"],
            "disabled": row["disabled"],
            "disabled_reason": row["disabled_reason"],
            "availability_zone": row["availability_zone"],
            "last_seen_up": moment(row["last_seen_at"]),
            "forced_down": row["forced_down"],
            "version": row["version"],
            "uuid": row["uuid"],
        },
    )
