# SPDX-License-Identifier: Apache-2.0
"""os-vif, which plugs the interfaces of guests on a host.

Called by nova-lite-netd for the taps that it makes, and by the libvirt driver
for ports of Open vSwitch. netd's own plugin works in the thread that calls,
and so does Open vSwitch's in a process that is root; where it is not, that
one has oslo.privsep start a daemon by sudo.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import os_vif
from os_vif import exception as os_vif_exception

from nova_lite import exception

# One at a time: what green threads share is one thread to the netlink
# library, which can wait for one answer in it.
_turn = threading.Lock()


def load() -> None:
    """Load the plugins, unless they are."""
    with _turn:
        _load()


def plug(vif: Any, instance: Any) -> None:
    """Plug a VIF of an instance, both objects of os-vif.

    Raises: VirtualInterfacePlugException.
    """
    _call(os_vif.plug, vif, instance)


def unplug(vif: Any, instance: Any) -> None:
    """The inverse; what is gone already is no error.

    Raises: VirtualInterfacePlugException.
    """
    _call(os_vif.unplug, vif, instance)


def _load() -> None:
    os_vif.initialize()
    if os.geteuid() == 0:
        # As large as the plugins: not for who never plugs.
        from vif_plug_ovs import privsep

        privsep.vif_plug.set_client_mode(False)


def _call(
    function: Callable[[Any, Any], None], vif: Any, instance: Any
) -> None:
    with _turn:
        _load()
        try:
            function(vif, instance)
        except os_vif_exception.ExceptionBase as error:
            raise exception.VirtualInterfacePlugException(
                port_id=vif.id if "id" in vif else vif.vif_name,
                reason=str(error),
            ) from error
