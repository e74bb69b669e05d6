# SPDX-License-Identifier: Apache-2.0
"""Interfaces that come to a guest and leave it, whether it runs or not.

Called by the libvirt driver. A device is known by its alias, which it keeps
from its first description on.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt import guest as guests
from nova_lite.virt.libvirt import host as hosts
from nova_lite.virt.libvirt.xml import interface

LOG = logging.getLogger(__name__)

_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a guest is asked, and how long each time it may take."""

    attempts: int
    timeout_s: float


def attach(guest: guests.Guest, port_id: str, xml: str) -> None:
    """Give a guest the interface that ``xml`` describes, unless it has it.

    Raises: GuestNotFound, VirtError.
    """
    runs = driver.is_running(guest.state())
    if runs and interface.find(guest.xml(), port_id) is None:
        guest.attach_device(xml, live=True)
    if interface.find(guest.xml(inactive=True), port_id) is None:
        guest.attach_device(xml, live=False)


def detach(
    host: hosts.Host,
    guest: guests.Guest,
    port_id: str,
    patience: Patience,
    checkpoint: driver.Checkpoint,
) -> None:
    """Take a port's interface away from a guest; none there is no error.

    Raises: GuestNotFound, DeviceDetachFailed, VirtError.
    """
    if driver.is_running(guest.state()):
        _detach_live(host, guest, port_id, patience, checkpoint)
    kept = interface.find(guest.xml(inactive=True), port_id)
    if kept is not None:
        guest.detach_device(kept, live=False)


def _detach_live(
    host: hosts.Host,
    guest: guests.Guest,
    port_id: str,
    patience: Patience,
    checkpoint: driver.Checkpoint,
) -> None:
    for attempt in range(1, patience.attempts + 1):
        alias = interface.alias(port_id)
        with host.waiters.expect(guest.uuid, alias) as removed:
            described = interface.find(guest.xml(), port_id)
            if described is None:
                return
            guest.detach_device(described, live=True)
            _wait(removed, patience.timeout_s, checkpoint)
        if interface.find(guest.xml(), port_id) is None:
            return
        LOG.info(
            "Guest %s has not let %s go, asked %s times",
            guest.uuid,
            alias,
            attempt,
        )
    raise exception.DeviceDetachFailed(
        device=port_id,
        reason=f"the guest was asked {patience.attempts} times, for "
        f"{patience.timeout_s:.0f} s each, and does not let it go; is its "
        "system up?",
    )


def _wait(
    removed: threading.Event, timeout_s: float, checkpoint: driver.Checkpoint
) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        checkpoint()
        if removed.wait(_LOOK_S):
            return
