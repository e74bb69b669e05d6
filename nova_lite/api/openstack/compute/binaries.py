# SPDX-License-Identifier: Apache-2.0
"""The names of the daemons as clients know them.

Tools compare with upstream's (``nova-compute``), so the API shows those;
the daemons' own (``nova-lite-compute``) are what everything else uses.
"""

from __future__ import annotations

_OWN = "nova-lite-"
_SHOWN = "nova-"


def shown(binary: str) -> str:
    """A daemon's own name as the API shows it."""
    if binary.startswith(_OWN):
        return _SHOWN + binary.removeprefix(_OWN)
    return binary


def own(name: str) -> str:
    """The daemon's own name of one that a request gives in either form."""
    if name.startswith(_SHOWN) and not name.startswith(_OWN):
        return _OWN + name.removeprefix(_SHOWN)
    return name
