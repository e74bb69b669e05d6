# SPDX-License-Identifier: Apache-2.0
"""The fake driver's guests: each is a small JSON file of its host.

They outlive the daemon. There is no fsync: a kill of the daemon loses
nothing, and only that is promised here.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.virt import driver

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Guest:
    """What the file of a guest holds. NOSTATE marks half of a spawn."""

    uuid: str
    name: str
    display_name: str
    state: int
    vcpus: int
    memory_mb: int
    disk_gb: int
    starts: int = 0
    saved: bool = False  # its memory is on disk
    nmis: int = 0
    rescued: str = ""  # the image that it runs from meanwhile
    # While a resize is not confirmed: its name, and the sizes before it.
    kept: dict[str, Any] | None = None
    config_drive: dict[str, str] = field(default_factory=dict)
    rescue_drive: dict[str, str] = field(default_factory=dict)
    nics: dict[str, str] = field(default_factory=dict)  # port id -> MAC


class Guests:
    """Those of one host, in memory and in its directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._guests: dict[str, Guest] = {}
        self._lock = threading.Lock()

    def load(self) -> None:
        """Read what an earlier daemon of this host left."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for path in self.directory.iterdir():
            if path.suffix != ".json":
                path.unlink()  # a write that a kill cut off
                continue
            try:
                guest = Guest(**json.loads(path.read_text()))
            except (ValueError, TypeError):
                # Only a power cut can leave this: as there, the guest is lost.
                LOG.warning("Fake guest %s cannot be read: removed", path)
                path.unlink()
                continue
            self._guests[guest.uuid] = guest

    def all(self) -> list[Guest]:
        """Every guest, half made ones too."""
        with self._lock:
            return list(self._guests.values())

    def find(self, uuid: str) -> Guest | None:
        """The guest, if it is there."""
        return self._guests.get(uuid)

    def get(self, uuid: str) -> Guest:
        """Raises: GuestNotFound."""
        guest = self._guests.get(uuid)
        if guest is None:
            raise exception.GuestNotFound(uuid=uuid)
        return guest

    def save(self, guest: Guest) -> None:
        """Write a guest down; its file appears whole or not at all."""
        path = self._path(guest.uuid)
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(guest)))
        os.replace(draft, path)
        with self._lock:
            self._guests[guest.uuid] = guest

    def remove(self, uuid: str) -> Guest | None:
        """Forget a guest; the one that was there."""
        with self._lock:
            guest = self._guests.pop(uuid, None)
        self._path(uuid).unlink(missing_ok=True)
        return guest

    def _path(self, uuid: str) -> Path:
        return self.directory / f"{uuid}.json"


def info_of(guest: Guest) -> driver.GuestInfo:
    """What all drivers tell of a guest."""
    return driver.GuestInfo(
        uuid=guest.uuid, name=guest.name, state=guest.state, owned=True
    )
