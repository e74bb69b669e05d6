# SPDX-License-Identifier: Apache-2.0
"""What each operation is called in notifications: one table.

Its keys are the names of compute/transitions.py. Source: the notification
samples of Nova's documentation, and its legacy event types.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """``versioned``: instance.<that>.start; ``legacy``: compute.instance....

    ``payload`` names the versioned payload; ``extra`` its field that is
    taken from the action's arguments, and the path to it there.
    """

    versioned: str
    legacy: str | None
    payload: str = "InstanceActionPayload"
    extra: tuple[str, ...] | None = None


def _both(name: str, **more: object) -> Event:
    return Event(name, name, **more)  # type: ignore[arg-type]


OPERATIONS: dict[str, Event | None] = {
    "build": _both("create", payload="InstanceCreatePayload"),
    "delete": _both("delete"),
    "start": _both("power_on"),
    "stop": _both("power_off"),
    "soft_reboot": _both("reboot"),
    "hard_reboot": _both("reboot"),
    "pause": _both("pause"),
    "unpause": _both("unpause"),
    "suspend": _both("suspend"),
    "resume": _both("resume"),
    "trigger_crash_dump": _both("trigger_crash_dump"),
    "attach_interface": Event("interface_attach", None),
    "detach_interface": Event("interface_detach", None),
    "rebuild": _both("rebuild", payload="InstanceActionRebuildPayload"),
    "rescue": _both(
        "rescue",
        payload="InstanceActionRescuePayload",
        extra=("rescue_image_ref", "image", "id"),
    ),
    "unrescue": _both("unrescue"),
    "soft_delete": _both("soft_delete"),
    "restore": _both("restore"),
    "snapshot": _both(
        "snapshot",
        payload="InstanceActionSnapshotPayload",
        extra=("snapshot_image_id", "image_id"),
    ),
    "backup": _both(
        "snapshot",
        payload="InstanceActionSnapshotPayload",
        extra=("snapshot_image_id", "image_id"),
    ),
    "shelve": _both("shelve"),
    "shelve_offload": _both("shelve_offload"),
    "unshelve": _both("unshelve"),
    "resize": _both("resize"),
    "migrate": _both("resize"),
    "confirm_resize": Event("resize_confirm", "resize.confirm"),
    "revert_resize": Event("resize_revert", "resize.revert"),
    # A password leaves no trace in notifications either, as upstream.
    "change_password": None,
}
