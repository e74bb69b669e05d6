# SPDX-License-Identifier: Apache-2.0
"""os-vif, which plugs the interfaces of guests on a host.

Called by nova-lite-netd for the taps that it makes, and by the libvirt driver
for ports of Open vSwitch. netd's own plugin works in the thread that calls;
Open vSwitch's runs commands as root by oslo.privsep.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import os_vif
from os_vif import exception as os_vif_exception

from nova_lite import exception

_loading = threading.Lock()


def load() -> None:
    """Load the plugins, unless they are."""
    # As the plugins: not for who never plugs.
    from oslo_privsep import priv_context

    # Who comes second must not find them half loaded.
    with _loading:
        priv_context.init([] if os.geteuid() == 0 else ["sudo"])
        os_vif.initialize()


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


def _call(
    function: Callable[[Any, Any], None], vif: Any, instance: Any
) -> None:
    load()
    try:
        function(vif, instance)
    except os_vif_exception.ExceptionBase as error:
        raise exception.VirtualInterfacePlugException(
            port_id=vif.id if "id" in vif else vif.vif_name,
            reason=str(error),
        ) from error
