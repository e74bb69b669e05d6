# SPDX-License-Identifier: Apache-2.0
"""Hashes of passwords and of application credentials' secrets.

argon2id with OWASP's least parameters (19 MiB, two passes, one lane): about
20 ms of one CPU, which every ``openstack`` command with a password pays. The
four lanes and 64 MiB that argon2-cffi proposes cost 150 ms on two cores, and
memory that counts when many log in at once. Under eventlet the hash runs in
a native thread, so that other requests go on.
"""

from __future__ import annotations

import argon2
from argon2 import exceptions

from nova_lite import concurrency, exception

# Beyond any pass phrase; it bounds what one request may have hashed.
LONGEST = 4096


class Passwords:
    """Makes and compares hashes at one cost."""

    def __init__(self, time_cost: int, memory_kib: int) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=1
        )
        # Compared with when there is no such user, so that the answer
        # takes as long.
        self._nobody = self._hasher.hash("nobody")

    def hash(self, secret: str) -> str:
        """Return the text to keep. Raises: Invalid for one not to take."""
        if not 0 < len(secret) <= LONGEST:
            raise exception.Invalid(
                f"A password or secret must have 1 to {LONGEST} characters."
            )
        return concurrency.native(self._hasher.hash, secret)

    def matches(self, kept: str | None, secret: str) -> bool:
        """Tell whether ``secret`` made ``kept``; None takes as long."""
        compared = kept or self._nobody
        if len(secret) > LONGEST:
            return False
        try:
            concurrency.native(self._hasher.verify, compared, secret)
        except (exceptions.VerificationError, exceptions.InvalidHashError):
            return False
        return bool(kept)

    def is_outdated(self, kept: str) -> bool:
        """Tell whether ``kept`` was made at another cost."""
        return self._hasher.check_needs_rehash(kept)
