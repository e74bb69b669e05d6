# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: what the console proxies serve, and their certificate."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.StrOpt(
        "web",
        default="/usr/share/novnc",
        help="Directory of the noVNC pages that nova-lite-novncproxy serves. "
        "Where it does not exist only websockets are served, for pages from "
        "elsewhere.",
    ),
    cfg.StrOpt(
        "cert",
        help="Certificate of the console proxies, a PEM file. Unset means no "
        "TLS.",
    ),
    cfg.StrOpt(
        "key",
        help="Private key of cert, a PEM file. Unset where cert holds both.",
    ),
    cfg.BoolOpt(
        "ssl_only",
        default=False,
        help="Refuse connections to the console proxies without TLS; needs "
        "cert.",
    ),
]
