# SPDX-License-Identifier: Apache-2.0
"""The network service by its REST API: Neutron, or the embedded one."""

from __future__ import annotations

from nova_lite.network.addresses import Addresses
from nova_lite.network.interfaces import Interfaces


class NeutronAPI(Interfaces, Addresses):
    """Client of a network service; one per process, for all threads."""
