# SPDX-License-Identifier: Apache-2.0
"""Text that waits in the database and that its reader must not learn.

The password and the files of a request lie there from the API's answer until
a host has put them on a config drive: encrypted with what all daemons of a
cloud share and the database does not hold. See doc/adr/0017.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

from nova_lite import exception, rpc

if TYPE_CHECKING:
    from cryptography import fernet

CONF = cfg.CONF

_SALT = b"nova-lite sealed 1"
# Some 50 ms, once for a process: passwords of brokers may be short.
_ROUNDS = 200_000


def seal(values: Mapping[str, Any]) -> str:
    """What JSON can hold, as a text that only this cloud's daemons open."""
    return _box(_secret()).encrypt(json.dumps(values).encode()).decode()


def unseal(text: str) -> dict[str, Any]:
    """What was sealed. Raises: SecretsUnreadable."""
    from cryptography import fernet

    try:
        found: dict[str, Any] = json.loads(
            _box(_secret()).decrypt(text.encode())
        )
    except fernet.InvalidToken as error:
        raise exception.SecretsUnreadable() from error
    return found


def _secret() -> str:
    return CONF.secrets_key or "\n".join(rpc.passwords())


@functools.lru_cache(maxsize=1)
def _box(secret: str) -> fernet.Fernet:
    # Costs some MiB: only who makes or reads config drives pays.
    from cryptography import fernet

    key = hashlib.pbkdf2_hmac("sha256", secret.encode(), _SALT, _ROUNDS)
    return fernet.Fernet(base64.urlsafe_b64encode(key))
