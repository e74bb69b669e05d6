# SPDX-License-Identifier: Apache-2.0
"""What the actions of servers take, at each version.

The table is upstream's facts: a body, and from which version to which it is
taken. Each row is tried at every version; from which version an action is
there at all is not the schemas'.
"""

from __future__ import annotations

from typing import Any

import pytest

from nova_lite.api.openstack import validation
from nova_lite.api.openstack.compute.schemas import (
    admin_actions,
    admin_password,
    console_output,
    create_image,
    deferred_delete,
    floating_ips,
    lock_server,
    multinic,
    pause_server,
    remote_consoles,
    rescue,
    security_groups,
    server_power,
    server_rebuild,
    server_resize,
    shelve,
    suspend_server,
)
from nova_lite.api.openstack.versioned import Schema
from tests.fixtures.compute_api import IMAGE
from tests.fixtures.taken import ALWAYS, NEVER, span, versions_taken, words

# Actions that say no more than their names: whatever stands there is taken.
BARE = {
    "injectNetworkInfo": admin_actions.INJECT_NETWORK_INFO,
    "restore": deferred_delete.RESTORE,
    "forceDelete": deferred_delete.FORCE_DELETE,
    "unlock": lock_server.UNLOCK,
    "pause": pause_server.PAUSE,
    "unpause": pause_server.UNPAUSE,
    "suspend": suspend_server.SUSPEND,
    "resume": suspend_server.RESUME,
    "unrescue": rescue.UNRESCUE,
    "os-start": server_power.START,
    "os-stop": server_power.STOP,
    "confirmResize": server_resize.CONFIRM_RESIZE,
    "revertResize": server_resize.REVERT_RESIZE,
    "shelve": shelve.SHELVE,
    "shelveOffload": shelve.SHELVE_OFFLOAD,
}
_BACKUP = {"name": "a", "backup_type": "daily", "rotation": 1}
_FILES = [{"path": "/a", "contents": "aGk="}]


def _rebuild(**more: Any) -> dict[str, Any]:
    return {"rebuild": {"imageRef": IMAGE, **more}}


def _console(protocol: str, kind: str) -> dict[str, Any]:
    return {"remote_console": {"protocol": protocol, "type": kind}}


def _backup(**more: Any) -> dict[str, Any]:
    return {"createBackup": {**_BACKUP, **more}}


def _floating(address: str, *fixed: Any) -> dict[str, Any]:
    more = {"fixed_address": fixed[0]} if fixed else {}
    return {"addFloatingIp": {"address": address, **more}}


def _zone(value: Any) -> dict[str, Any]:
    return {"unshelve": {"availability_zone": value}}


TAKEN: list[tuple[Schema, Any, Any]] = [
    (admin_actions.RESET_STATE, {"os-resetState": {"state": "error"}}, ALWAYS),
    (
        admin_actions.RESET_STATE,
        {"os-resetState": {"state": "stopped"}},
        NEVER,
    ),
    (admin_actions.RESET_STATE, {"os-resetState": {}}, NEVER),
    (admin_password.CHANGE_PASSWORD, {"changePassword": {}}, NEVER),
    (
        admin_password.CHANGE_PASSWORD,
        {"changePassword": {"adminPass": ""}},
        ALWAYS,
    ),
    (
        admin_password.CHANGE_PASSWORD,
        {"changePassword": {"adminPass": 7}},
        NEVER,
    ),
    (console_output.GET, {"os-getConsoleOutput": {"length": "-1"}}, ALWAYS),
    (console_output.GET, {"os-getConsoleOutput": {"length": None}}, ALWAYS),
    (console_output.GET, {"os-getConsoleOutput": {"length": -2}}, NEVER),
    (console_output.GET, {"os-getConsoleOutput": None}, NEVER),
    (create_image.IMAGE, {"createImage": {"name": "a"}}, ALWAYS),
    (create_image.IMAGE, {"createImage": {"name": " a"}}, NEVER),
    (create_image.IMAGE, {"createImage": {}}, NEVER),
    (create_image.BACKUP, _backup(), ALWAYS),
    (create_image.BACKUP, _backup(rotation="0"), ALWAYS),
    (create_image.BACKUP, _backup(rotation=-1), NEVER),
    (create_image.BACKUP, _backup(backup_type=""), ALWAYS),
    (create_image.BACKUP, _backup(backup_type=None), NEVER),
    (create_image.BACKUP, _backup(metadata={"a": 1}), NEVER),
    (lock_server.LOCK, {"lock": None}, ALWAYS),
    (lock_server.LOCK, {"lock": "x"}, ("2.1", "2.72")),
    (lock_server.LOCK, {"lock": {"locked_reason": "x"}}, ALWAYS),
    (lock_server.LOCK, {"lock": {"locked_reason": ""}}, ("2.1", "2.72")),
    (
        lock_server.LOCK,
        {"lock": {"locked_reason": "x" * 256}},
        ("2.1", "2.72"),
    ),
    (
        remote_consoles.GET_VNC,
        {"os-getVNCConsole": {"type": "xvpvnc"}},
        ALWAYS,
    ),
    (remote_consoles.GET_VNC, {"os-getVNCConsole": {}}, NEVER),
    (remote_consoles.CREATE, _console("vnc", "novnc"), ALWAYS),
    (remote_consoles.CREATE, _console("serial", "serial"), ALWAYS),
    (remote_consoles.CREATE, _console("mks", "webmks"), ("2.8", "2.96")),
    (remote_consoles.CREATE, _console("spice", "spice-direct"), NEVER),
    (rescue.RESCUE, {"rescue": None}, ALWAYS),
    (rescue.RESCUE, {"rescue": {}}, ALWAYS),
    (rescue.RESCUE, {"rescue": {"rescue_image_ref": IMAGE}}, ALWAYS),
    (rescue.RESCUE, {"rescue": {"rescue_image_ref": "x"}}, NEVER),
    (server_power.REBOOT, {"reboot": {"type": "Soft"}}, ALWAYS),
    (server_power.REBOOT, {"reboot": {"type": "sOFT"}}, NEVER),
    (server_power.REBOOT, {"reboot": {}}, NEVER),
    (
        server_power.TRIGGER_CRASH_DUMP,
        {"trigger_crash_dump": None},
        ALWAYS,
    ),
    (server_power.TRIGGER_CRASH_DUMP, {"trigger_crash_dump": {}}, NEVER),
    (server_rebuild.REBUILD, _rebuild(), ALWAYS),
    (server_rebuild.REBUILD, {"rebuild": {}}, NEVER),
    (server_rebuild.REBUILD, _rebuild(imageRef=""), NEVER),
    (server_rebuild.REBUILD, _rebuild(preserve_ephemeral="true"), ALWAYS),
    (server_rebuild.REBUILD, _rebuild(preserve_ephemeral="x"), NEVER),
    (server_rebuild.REBUILD, _rebuild(description=None), ("2.19", "2.96")),
    (server_rebuild.REBUILD, _rebuild(key_name=None), ("2.54", "2.96")),
    (
        server_rebuild.REBUILD,
        _rebuild(personality=_FILES),
        ("2.1", "2.56"),
    ),
    (server_rebuild.REBUILD, _rebuild(user_data=None), ("2.57", "2.96")),
    (
        server_rebuild.REBUILD,
        _rebuild(trusted_image_certificates=None),
        ("2.63", "2.96"),
    ),
    (server_rebuild.REBUILD, _rebuild(hostname="a-b"), ("2.90", "2.96")),
    (server_rebuild.REBUILD, _rebuild(hostname="a.b"), ("2.94", "2.96")),
    (server_resize.RESIZE, {"resize": {"flavorRef": 1}}, ALWAYS),
    (server_resize.RESIZE, {"resize": {"flavorRef": ""}}, NEVER),
    (server_resize.RESIZE, {"resize": {}}, NEVER),
    (
        server_resize.RESIZE,
        {"resize": {"flavorRef": "1", "OS-DCF:diskConfig": "auto"}},
        NEVER,
    ),
    (server_resize.MIGRATE, {"migrate": None}, ALWAYS),
    (server_resize.MIGRATE, {"migrate": {"host": None}}, ALWAYS),
    (server_resize.MIGRATE, {"migrate": {"host": ""}}, ("2.1", "2.55")),
    (server_resize.MIGRATE, {"migrate": {"force": True}}, ("2.1", "2.55")),
    (
        security_groups.ADD,
        {"addSecurityGroup": {"name": "a", "b": 1}},
        ALWAYS,
    ),
    (security_groups.ADD, {"addSecurityGroup": {"name": " a "}}, ALWAYS),
    (security_groups.ADD, {"addSecurityGroup": {"name": " "}}, NEVER),
    (security_groups.ADD, {"addSecurityGroup": {"name": 1}}, NEVER),
    (security_groups.ADD, {"addSecurityGroup": None}, NEVER),
    (security_groups.REMOVE, {"removeSecurityGroup": {"name": ""}}, NEVER),
    (security_groups.REMOVE, {"removeSecurityGroup": {"name": "a"}}, ALWAYS),
    (multinic.ADD_FIXED_IP, {"addFixedIp": {"networkId": 7}}, ALWAYS),
    (multinic.ADD_FIXED_IP, {"addFixedIp": {"networkId": "n" * 37}}, NEVER),
    (multinic.ADD_FIXED_IP, {"addFixedIp": {}}, NEVER),
    (multinic.REMOVE_FIXED_IP, {"removeFixedIp": {"address": "::1"}}, ALWAYS),
    (multinic.REMOVE_FIXED_IP, {"removeFixedIp": {"address": "1"}}, NEVER),
    (floating_ips.ADD_FLOATING_IP, _floating("192.0.2.1"), ALWAYS),
    (floating_ips.ADD_FLOATING_IP, _floating("192.0.2.1", "::1"), ALWAYS),
    (floating_ips.ADD_FLOATING_IP, _floating("192.0.2.1", None), NEVER),
    (floating_ips.ADD_FLOATING_IP, _floating("a"), NEVER),
    (
        floating_ips.REMOVE_FLOATING_IP,
        {"removeFloatingIp": {"address": "192.0.2.1", "a": 1}},
        NEVER,
    ),
    (shelve.UNSHELVE, {"unshelve": None}, ALWAYS),
    (shelve.UNSHELVE, {"unshelve": {}}, [("2.1", "2.76"), ("2.91", "2.96")]),
    (shelve.UNSHELVE, _zone("a"), ALWAYS),
    (shelve.UNSHELVE, _zone(None), [("2.1", "2.76"), ("2.91", "2.96")]),
    (
        shelve.UNSHELVE,
        {"unshelve": {"host": "a"}},
        [("2.1", "2.76"), ("2.91", "2.96")],
    ),
]


@pytest.mark.parametrize(("schema", "body", "spans"), TAKEN, ids=words)
def test_bodies(schema: Schema, body: Any, spans: Any) -> None:
    taken = versions_taken(
        lambda version: validation.check_body(schema, version, body)
    )
    each = spans if isinstance(spans, list) else [spans]
    assert taken == [one for ends in each for one in span(*ends)]


@pytest.mark.parametrize("name", BARE)
def test_bare_actions(name: str) -> None:
    def taken(body: Any) -> list[Any]:
        return versions_taken(
            lambda version: validation.check_body(BARE[name], version, body)
        )

    for value in (None, {}, {"a": "b"}, "x", 7):
        assert taken({name: value}) == span(*ALWAYS)
    assert taken({name: None, "more": 1}) == taken({}) == []
