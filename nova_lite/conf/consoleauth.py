# SPDX-License-Identifier: Apache-2.0
"""[consoleauth]: for how long a console may be opened."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("consoleauth", title="Console tokens")

OPTS = [
    cfg.IntOpt(
        "token_ttl",
        default=600,
        min=1,
        max=86400,
        help="Seconds in which the URL of a console has to be opened. It "
        "opens once, however long this is.",
    ),
    cfg.BoolOpt(
        "enforce_session_timeout",
        default=False,
        help="Close a console, however busy, when the token_ttl of its URL "
        "is over. Otherwise it stays open for as long as the user likes.",
    ),
]
