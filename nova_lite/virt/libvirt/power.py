# SPDX-License-Identifier: Apache-2.0
"""How guests are asked to stop and to reboot; called by the driver."""

from __future__ import annotations

import time

from oslo_log import log as logging

from nova_lite.compute import power_state
from nova_lite.virt import driver
from nova_lite.virt.libvirt import guest as guests
from nova_lite.virt.libvirt import host as hosts

LOG = logging.getLogger(__name__)

# A guest that is still booting does not see the button: press it again.
_BUTTON_INTERVAL_S = 10.0
_CHECKPOINT_INTERVAL_S = 0.2


def ask_to_stop(
    host: hosts.Host,
    guest: guests.Guest,
    timeout_s: int,
    checkpoint: driver.Checkpoint,
) -> bool:
    """Press the power button until the guest is off; whether it is.

    Raises: GuestNotFound; what ``checkpoint`` raises.
    """
    deadline = time.monotonic() + timeout_s
    pressed_at = float("-inf")
    stopped = driver.LifecycleEvent.STOPPED
    with host.waiters.expect(guest.uuid, stopped) as seen:
        while (moment := time.monotonic()) < deadline:
            checkpoint()
            if moment - pressed_at >= _BUTTON_INTERVAL_S:
                guest.press_power_button()
                pressed_at = moment
            left_s = deadline - moment
            if not seen.wait(min(left_s, _CHECKPOINT_INTERVAL_S)):
                continue
            # It is also set when libvirt was away for a moment.
            seen.clear()
            if guest.state() == power_state.SHUTDOWN:
                return True
    LOG.info("Guest %s did not obey its power button", guest.uuid)
    return guest.state() == power_state.SHUTDOWN


def soft_reboot(
    host: hosts.Host,
    uuid: str,
    timeout_s: int,
    launch_timeout_s: int,
    checkpoint: driver.Checkpoint,
) -> bool:
    """Off by the guest itself, and on again; False when it did not obey.

    Raises: VirtError; what ``checkpoint`` raises.
    """
    guest = guests.find(host, uuid)
    if guest is None:
        return False
    state = guest.state()
    if state == power_state.RUNNING:
        if not ask_to_stop(host, guest, timeout_s, checkpoint):
            return False
    elif state != power_state.SHUTDOWN:
        return False
    guest.start(launch_timeout_s)
    return True
