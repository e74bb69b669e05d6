# SPDX-License-Identifier: Apache-2.0
"""[vnc]: the screens of guests, and the proxy that shows them."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "vnc",
    title="VNC consoles",
    help="Screens of guests, shown in a browser through nova-lite-novncproxy.",
)

OPTS = [
    cfg.BoolOpt(
        "enabled",
        default=True,
        help="Give guests a screen that VNC reaches, and let users ask for "
        "it. A change is seen by guests that start after it.",
    ),
    cfg.HostAddressOpt(
        "server_listen",
        default="127.0.0.1",
        help="Address of this host on which guests' VNC listens. VNC has no "
        "password: whoever reaches its ports has the guest's keyboard. Where "
        "the proxy runs on another host, take an address of a network that "
        "only the proxies and the computes share.",
    ),
    cfg.HostAddressOpt(
        "server_proxyclient_address",
        default="127.0.0.1",
        help="Address at which nova-lite-novncproxy reaches the VNC of this "
        "host's guests.",
    ),
    cfg.StrOpt(
        "keymap",
        help="Keyboard that QEMU believes VNC clients to have, such as de or "
        "en-us. Leave it unset: noVNC sends keys that need no keymap.",
    ),
    cfg.HostAddressOpt(
        "novncproxy_host",
        default="127.0.0.1",
        help="Address on which nova-lite-novncproxy listens. 0.0.0.0 is "
        "every address of the host; use TLS then.",
    ),
    cfg.PortOpt(
        "novncproxy_port",
        default=6080,
        help="TCP port on which nova-lite-novncproxy listens.",
    ),
    cfg.URIOpt(
        "novncproxy_base_url",
        schemes=["http", "https"],
        default="http://127.0.0.1:6080/vnc_lite.html",
        help="URL of the noVNC page as users' browsers reach it; the token "
        "is added to it. vnc_lite.html connects at once; vnc.html has more "
        "buttons, and does so with ?autoconnect=true. Read by "
        "nova-lite-compute.",
    ),
]
