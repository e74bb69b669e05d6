# SPDX-License-Identifier: Apache-2.0
"""Things kept as they are wanted: DHCP servers, routers, one by one.

What cannot be brought about does not keep the others from it, and is tried
again at the next pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

from oslo_log import log

LOG = log.getLogger(__name__)

W = TypeVar("W")
W_contra = TypeVar("W_contra", contravariant=True)


class Keeper(Protocol[W_contra]):
    """Who knows how one thing is made, looked at and removed."""

    def present(self) -> set[str]:
        """Ids of those that were made on this host, by any netd."""

    def is_alive(self, thing_id: str) -> bool:
        """A quick look at what ends by itself: a process."""

    def bring_about(self, wanted: W_contra) -> None:
        """Make it so; nothing is touched that is right."""

    def remove(self, thing_id: str) -> None:
        """Remove it; once more where it was begun before."""


class Upkeep(Generic[W]):
    """The loop over all things of one kind."""

    def __init__(self, kind: str, keeper: Keeper[W]) -> None:
        self._kind = kind
        self._keeper = keeper
        # As they were brought about last.
        self._done: dict[str, W] = {}

    def converge(self, wanted: Mapping[str, W], full: bool) -> set[str]:
        """Bring about all of ``wanted``, remove the rest.

        Without ``full`` only what is not as this object left it.

        Returns: ids of those for which it failed.
        """
        failed = set()
        for thing_id in sorted(self._keeper.present() - set(wanted)):
            self._done.pop(thing_id, None)
            if not self._remove(thing_id):
                failed.add(thing_id)
        for thing_id, one in wanted.items():
            as_left = not full and self._done.get(thing_id) == one
            if as_left and self._keeper.is_alive(thing_id):
                continue
            if not self._bring_about(thing_id, one):
                failed.add(thing_id)
        return failed

    def _remove(self, thing_id: str) -> bool:
        try:
            self._keeper.remove(thing_id)
        # One that resists must not keep the others; it is tried again.
        except Exception:
            LOG.exception("%s %s could not be ended", self._kind, thing_id)
            return False
        LOG.info("%s %s ended", self._kind, thing_id)
        return True

    def _bring_about(self, thing_id: str, wanted: W) -> bool:
        self._done.pop(thing_id, None)
        try:
            self._keeper.bring_about(wanted)
        # The same.
        except Exception:
            LOG.exception("%s %s is not as wanted", self._kind, thing_id)
            return False
        self._done[thing_id] = wanted
        return True
