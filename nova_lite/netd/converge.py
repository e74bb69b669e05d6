# SPDX-License-Identifier: Apache-2.0
"""A host is made to be what the network service wants of it.

Used by netd.manager in its converging thread, and by tests without any RPC.
``converge`` may be called at any time, and again after any crash: each part
compares what is wanted with what is there, and changes the difference.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from oslo_log import log as logging

from nova_lite.netd.firewall import Firewall
from nova_lite.netd.nft import NftError
from nova_lite.netd.switch import Switch, has_tap
from nova_lite.network.wanted import HostState, WantedPort

LOG = logging.getLogger(__name__)


class Part(Protocol):
    """What lives in namespaces: DHCP servers, routers."""

    def converge(self, state: HostState, full: bool) -> Collection[str]:
        """Bring it about; returns the ids of what could not be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``wired``: the ports that work. ``failed``: ids of what does not.

    ``held``: taps that nobody wants, and that guests have not let go yet.
    """

    wired: frozenset[str]
    failed: frozenset[str]
    held: frozenset[str] = frozenset()


class Host:
    """One host's networks, seen from the namespace of the calling thread."""

    def __init__(
        self, switch: Switch, firewall: Firewall, parts: Sequence[Part] = ()
    ) -> None:
        self._switch = switch
        self._firewall = firewall
        self._parts = parts
        # The kernel may not be as it is thought to be.
        self._doubt = True
        self._wired: frozenset[str] = frozenset()

    def converge(self, state: HostState, full: bool = False) -> Outcome:
        """Bring about what is wanted.

        With ``full`` all of it is compared with the kernel; else only what
        is wanted otherwise than at the last call.
        """
        full = full or self._doubt
        self._doubt = True
        taps = self._switch.prepare(state, full)
        try:
            self._firewall.converge(state, taps, full)
        except NftError as error:
            # Nobody new comes onto a network without rules.
            LOG.error("The firewall could not be changed: %s", error)
            there = frozenset(port.id for port in state.ports)
            return Outcome(self._wired & there, there)
        wired = self._switch.connect(state, full)
        failed = set(self._switch.failed)
        # What failed is known, and alone tried again.
        self._doubt = False
        for part in self._parts:
            try:
                failed |= set(part.converge(state, full=full))
            except Exception:
                # What guests have already they are told of all the same.
                LOG.exception("%s has failed", type(part).__name__)
                self._doubt = True
                failed.add(type(part).__name__)
        wired |= {
            port.id
            for port in state.ports
            if not has_tap(port)
            and port.admin_state_up
            and not failed & _stands_on(port)
        }
        self._wired = frozenset(wired)
        held = frozenset(self._switch.held)
        return Outcome(self._wired, frozenset(failed), held)


def _stands_on(port: WantedPort) -> set[str]:
    """A leg works if its network and its router do."""
    return {port.id, port.network_id, port.device_id}
