# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: the interfaces of servers, as nova-lite-compute sees to them."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.IntOpt(
        "vif_plugging_timeout",
        default=300,
        min=0,
        max=86400,
        help="Seconds for which a server that is about to start waits until "
        "the network service has wired its interfaces. 0 waits for nothing.",
    ),
    cfg.BoolOpt(
        "vif_plugging_is_fatal",
        default=True,
        help="Whether a server whose interfaces are not wired in that time "
        "fails. If not it starts without its network, which may come later.",
    ),
    cfg.IntOpt(
        "heal_instance_info_cache_interval",
        default=60,
        min=-1,
        help="Seconds between two looks of a host for servers whose "
        "interfaces are not known any more, or may be known wrong; the "
        "network service is asked about one such server in each look. 0 or "
        "-1: it never looks, and what no event told stays unknown.",
    ),
]
