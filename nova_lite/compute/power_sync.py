# SPDX-License-Identifier: Apache-2.0
"""What a guest's own doings mean for its server: one table.

The hypervisor is right about the power state; whether more follows depends
on what the server should be. Read by conductor's side of the power sync, in
the transaction that writes the state down. Source: the behaviour of Nova's
power sync, of its periodic task and its lifecycle events alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from nova_lite.compute import power_state, vm_states

_OFF = frozenset({power_state.SHUTDOWN, power_state.CRASHED})
_STARTED = frozenset(
    {power_state.RUNNING, power_state.PAUSED, power_state.SUSPENDED}
)
_WORDS = {
    power_state.SHUTDOWN: "was shut down",
    power_state.CRASHED: "has crashed",
    power_state.SUSPENDED: "went to sleep",
    power_state.PAUSED: "was paused",
    power_state.RUNNING: "was started",
}
# States in which a server has a guest on its host.
_WITH_GUEST = frozenset(
    {
        vm_states.ACTIVE,
        vm_states.STOPPED,
        vm_states.PAUSED,
        vm_states.SUSPENDED,
        vm_states.RESCUED,
        vm_states.RESIZED,
    }
)

GONE = (
    "The guest of this server is gone from its host, and it was not asked "
    "for here. A hard reboot defines it anew, if its disks are still there."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``stop``: stop the server; ``gone``: there is no guest any more."""

    said: str
    stop: bool = False
    gone: bool = False


def verdict(vm_state: str, state: int) -> Verdict | None:
    """What a power_state means for a server; None: that it is as it was.

    Only for servers that nothing is being done to.
    """
    if state == power_state.NOSTATE:
        return Verdict(GONE, gone=True) if vm_state in _WITH_GUEST else None
    if _to_be_stopped(vm_state, state):
        return Verdict(
            f"The guest {_WORDS[state]}, and it was not asked for here: the "
            "server is stopped.",
            stop=True,
        )
    if vm_state == vm_states.ACTIVE and state == power_state.PAUSED:
        # The hypervisor pauses a guest for a moment now and then.
        return Verdict("The guest was paused, and it was not asked for here.")
    return None


def _to_be_stopped(vm_state: str, state: int) -> bool:
    if vm_state == vm_states.ACTIVE:
        return state in _OFF or state == power_state.SUSPENDED
    if vm_state == vm_states.PAUSED:
        return state in _OFF
    return vm_state == vm_states.STOPPED and state in _STARTED
