# SPDX-License-Identifier: Apache-2.0
"""Payloads against files that were reviewed, and upstream's field names."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

import pytest

from nova_lite.compute import transitions
from nova_lite.context import RequestContext
from nova_lite.exception import VirtError
from nova_lite.network import model
from nova_lite.notifications import events, legacy, payloads

GOLDEN = Path(__file__).parents[2] / "golden" / "notifications"
MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, 678, datetime.UTC)
LATER = datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC)
CONTEXT = RequestContext(
    user_id="u-1", project_id="p-1", request_id="req-00000001"
)
KEYPAIR = {
    "user_id": "u-1",
    "name": "my-key",
    "type": "ssh",
    "fingerprint": "aa:bb",
    "public_key": "ssh-rsa AAAA",
}
FLAVOR = {
    "id": 3,
    "flavorid": "f-1",
    "name": "tiny",
    "memory_mb": 64,
    "vcpus": 1,
    "root_gb": 1,
    "ephemeral_gb": 2,
    "swap_mb": 0,
    "extra_specs": {"hw:cpu_policy": "shared"},
}
INTERFACE = model.VIF(
    id="77777777-2222-3333-4444-555555555555",
    address="fa:16:3e:00:00:01",
    network=model.Network("net-1", "blue"),
    fixed_ips=(
        model.FixedIP("198.51.100.7", "subnet-4", ("203.0.113.9",)),
        model.FixedIP("fd00::7", "subnet-6"),
    ),
    devname="tap77777777-22",
)
SERVER: dict[str, Any] = {
    "uuid": "11111111-2222-3333-4444-555555555555",
    "user_id": "u-1",
    "project_id": "p-1",
    "reservation_id": "r-00000001",
    "display_name": "some-server",
    "display_description": None,
    "hostname": "some-server",
    "host": "host1",
    "node": "node1",
    "availability_zone": "nova",
    "flavor": FLAVOR,
    "vcpus": 1,
    "memory_mb": 64,
    "root_gb": 1,
    "ephemeral_gb": 2,
    "image_ref": "66666666-2222-3333-4444-555555555555",
    "image_meta": {"name": "tiny", "properties": {"os_type": "linux"}},
    "key_name": "my-key",
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "launched_at": MOMENT,
    "terminated_at": None,
    "deleted_at": None,
    "vm_state": "active",
    "task_state": None,
    "power_state": 1,
    "progress": 0,
    "auto_disk_config": "AUTO",
    "instance_metadata": {"a": "b"},
    "locked": True,
    "locked_reason": "for the test",
    "network_info": model.dump([INTERFACE]),
    "access_ip_v4": None,
    "access_ip_v6": None,
    "keypairs": [KEYPAIR],
    "tags": ["blue"],
}

# The fields of upstream's InstancePayload 1.9.
OF_A_SERVER = {
    "action_initiator_project",
    "action_initiator_user",
    "architecture",
    "auto_disk_config",
    "availability_zone",
    "block_devices",
    "created_at",
    "deleted_at",
    "display_description",
    "display_name",
    "flavor",
    "host",
    "host_name",
    "image_uuid",
    "ip_addresses",
    "kernel_id",
    "key_name",
    "launched_at",
    "locked",
    "locked_reason",
    "metadata",
    "node",
    "os_type",
    "power_state",
    "progress",
    "ramdisk_id",
    "request_id",
    "reservation_id",
    "shares",
    "state",
    "task_state",
    "tenant_id",
    "terminated_at",
    "updated_at",
    "user_id",
    "uuid",
}
# What the others add to it, or have of their own.
UPSTREAM = {
    "InstanceActionPayload": OF_A_SERVER | {"fault"},
    "InstanceActionRebuildPayload": OF_A_SERVER
    | {"fault", "trusted_image_certificates"},
    "InstanceActionRescuePayload": OF_A_SERVER | {"fault", "rescue_image_ref"},
    "InstanceActionSnapshotPayload": OF_A_SERVER
    | {"fault", "snapshot_image_id"},
    "InstanceCreatePayload": OF_A_SERVER
    | {
        "fault",
        "keypairs",
        "tags",
        "trusted_image_certificates",
        "instance_name",
    },
    "InstanceExistsPayload": OF_A_SERVER | {"audit_period"},
    "InstanceUpdatePayload": OF_A_SERVER
    | {
        "audit_period",
        "old_display_name",
        "state_update",
        "tags",
    },
    "InstanceStateUpdatePayload": {
        "old_state",
        "state",
        "old_task_state",
        "new_task_state",
    },
    "AuditPeriodPayload": {"audit_period_beginning", "audit_period_ending"},
    "ExceptionPayload": {
        "function_name",
        "module_name",
        "exception",
        "exception_message",
        "traceback",
    },
    "IpPayload": {
        "address",
        "device_name",
        "label",
        "mac",
        "meta",
        "port_uuid",
        "version",
    },
    "FlavorPayload": {
        "flavorid",
        "name",
        "memory_mb",
        "vcpus",
        "root_gb",
        "ephemeral_gb",
        "swap",
        "rxtx_factor",
        "vcpu_weight",
        "disabled",
        "is_public",
        "extra_specs",
        "projects",
        "description",
    },
    "KeypairPayload": set(KEYPAIR),
    "AggregatePayload": {"id", "uuid", "name", "hosts", "metadata"},
    "ServerGroupPayload": {
        "uuid",
        "name",
        "project_id",
        "user_id",
        "policies",
        "policy",
        "rules",
        "members",
        "hosts",
    },
    "ServiceStatusPayload": {
        "host",
        "binary",
        "topic",
        "report_count",
        "disabled",
        "disabled_reason",
        "availability_zone",
        "last_seen_up",
        "forced_down",
        "version",
        "uuid",
    },
}


def _action(name: str, **extra: Any) -> dict[str, Any]:
    return payloads.action(name, CONTEXT, SERVER, extra=extra)


MADE: dict[str, dict[str, Any]] = {
    "instance-action": _action("InstanceActionPayload"),
    "instance-rebuild": _action("InstanceActionRebuildPayload"),
    "instance-rescue": _action(
        "InstanceActionRescuePayload", rescue_image_ref=SERVER["image_ref"]
    ),
    "instance-snapshot": _action(
        "InstanceActionSnapshotPayload", snapshot_image_id=SERVER["image_ref"]
    ),
    "instance-create": _action("InstanceCreatePayload"),
    "instance-exists": payloads.exists(CONTEXT, SERVER, (MOMENT, LATER)),
    "instance-update": payloads.update(
        CONTEXT, SERVER, ("building", "spawning"), (MOMENT, LATER)
    ),
    "flavor": payloads.flavor(FLAVOR, ["p-1"]),
    "keypair": payloads.keypair({**KEYPAIR, "private_key": "never"}),
    "aggregate": payloads.aggregate(
        {
            "id": 1,
            "uuid": SERVER["uuid"],
            "name": "some",
            "hosts": ["host1"],
            "aggregate_metadata": {"availability_zone": "nova"},
        }
    ),
    "server_group": payloads.server_group(
        {
            "uuid": SERVER["uuid"],
            "name": "near",
            "project_id": "p-1",
            "user_id": "u-1",
            "policy": "anti-affinity",
            "rules": {"max_server_per_host": 3},
            "members": [],
        }
    ),
    "service": payloads.service(
        {
            "uuid": SERVER["uuid"],
            "host": "host1",
            "binary": "nova-lite-compute",
            "topic": "compute",
            "report_count": 7,
            "disabled": False,
            "disabled_reason": None,
            "availability_zone": "nova",
            "last_seen_at": MOMENT,
            "forced_down": False,
            "version": 1,
        }
    ),
    "legacy-instance": legacy.server(SERVER),
}


@pytest.mark.parametrize("name", sorted(MADE))
def test_as_reviewed(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    text = json.dumps(MADE[name], indent=2, sort_keys=True) + "\n"
    if os.environ.get("NOVA_LITE_GOLDEN") == "rewrite":
        path.write_text(text)
    assert path.read_text() == text


def _wrapped(value: Any) -> list[dict[str, Any]]:
    """Every payload within a value, itself among them."""
    if isinstance(value, list):
        return [found for one in value for found in _wrapped(one)]
    if not isinstance(value, dict):
        return []
    mine = [value] if "nova_object.name" in value else []
    return mine + [found for one in value.values() for found in _wrapped(one)]


def test_fields_are_upstreams() -> None:
    try:
        raise VirtError(reason="no")
    except VirtError as error:
        fault = payloads.fault(error)
    seen = _wrapped([*MADE.values(), fault])
    for one in seen:
        name = one["nova_object.name"]
        assert set(one["nova_object.data"]) == UPSTREAM[name], name
        assert one["nova_object.namespace"] == "nova"
    assert {one["nova_object.name"] for one in seen} == set(payloads.VERSIONS)


def test_fault_says_where_it_came_from() -> None:
    try:
        raise VirtError(reason="the disk is on fire")
    except VirtError as error:
        data = payloads.fault(error)["nova_object.data"]
    assert data["function_name"] == "test_fault_says_where_it_came_from"
    assert data["module_name"] == __name__
    assert data["exception"] == "VirtError"
    assert "the disk is on fire" in data["exception_message"]


def test_a_periodic_task_has_no_request() -> None:
    row = payloads.server(RequestContext(request_id="req-2"), SERVER, True)
    assert row["request_id"] is None
    assert row["block_devices"] == []


def test_every_operation_has_its_name() -> None:
    assert set(events.OPERATIONS) == set(transitions.TABLE)
    for event in events.OPERATIONS.values():
        assert event is None or event.payload in payloads.VERSIONS
