# SPDX-License-Identifier: Apache-2.0
"""[upgrade_levels]: message versions to stay at while daemons are mixed."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("upgrade_levels", title="Upgrade levels")

_HELP = (
    "Highest version of messages to %s that may be sent, such as 1.0. Set "
    "it to the old release's version until each %s is upgraded; empty means "
    "this release's own."
)

OPTS = [
    cfg.StrOpt(name, help=_HELP % (name, name))
    for name in ("compute", "conductor", "scheduler")
]
