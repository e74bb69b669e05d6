# SPDX-License-Identifier: Apache-2.0
"""[console]: which web pages may open consoles, and the proxies' TLS."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("console", title="Console proxies")

OPTS = [
    cfg.ListOpt(
        "allowed_origins",
        default=[],
        help="Names of hosts whose web pages may open consoles, beside the "
        "name by which the proxy itself was asked: a dashboard's, for "
        "instance. Without scheme and port.",
    ),
    cfg.StrOpt(
        "ssl_ciphers",
        help="Ciphers of TLS 1.2 that the proxies accept, as OpenSSL writes "
        "them. Unset takes OpenSSL's own choice.",
    ),
    cfg.StrOpt(
        "ssl_minimum_version",
        default="default",
        choices=["default", "tlsv1_2", "tlsv1_3"],
        help="Oldest version of TLS that the proxies accept.",
    ),
    cfg.IntOpt(
        "max_connections",
        default=400,
        min=1,
        max=450,
        help="Connections that one proxy serves at a time; one more is "
        "closed at once. Each has a thread.",
    ),
]
