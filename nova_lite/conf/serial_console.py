# SPDX-License-Identifier: Apache-2.0
"""[serial_console]: guests' serial ports, and the proxy to them."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "serial_console",
    title="Serial consoles",
    help="Serial ports of guests, reached through nova-lite-serialproxy.",
)

OPTS = [
    cfg.BoolOpt(
        "enabled",
        default=False,
        help="Give guests' first serial port a TCP port of the host, and let "
        "users connect to it. The console log goes on beside it. A change is "
        "seen by guests that start after it.",
    ),
    cfg.StrOpt(
        "port_range",
        default="10000:20000",
        regex=r"^\d{1,5}:\d{1,5}$",
        help="TCP ports for serial ports of guests, first and last: one "
        "for each guest of this host.",
    ),
    cfg.HostAddressOpt(
        "listen",
        default="127.0.0.1",
        help="Address of this host on which guests' serial ports listen. "
        "They have no password; see [vnc] server_listen.",
    ),
    cfg.HostAddressOpt(
        "proxyclient_address",
        default="127.0.0.1",
        help="Address at which nova-lite-serialproxy reaches the serial "
        "ports of this host's guests.",
    ),
    cfg.HostAddressOpt(
        "serialproxy_host",
        default="127.0.0.1",
        help="Address on which nova-lite-serialproxy listens. 0.0.0.0 is "
        "every address of the host; use TLS then.",
    ),
    cfg.PortOpt(
        "serialproxy_port",
        default=6083,
        help="TCP port on which nova-lite-serialproxy listens.",
    ),
    cfg.URIOpt(
        "base_url",
        schemes=["ws", "wss"],
        default="ws://127.0.0.1:6083/",
        help="URL of nova-lite-serialproxy as users reach it; the token is "
        "added to it. Read by nova-lite-compute.",
    ),
]
