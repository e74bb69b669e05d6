# SPDX-License-Identifier: Apache-2.0
"""[netd]: nova-lite-netd, the networks of one compute host."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "netd",
    title="Networks of a host",
    help="Used where the network service is the embedded one.",
)

OPTS = [
    cfg.StrOpt(
        "tunnel_ip",
        default="$my_ip",
        help="Address of this host at which the tunnels (VXLAN, UDP port "
        "4789) of the other hosts end. Nobody but the hosts may be able to "
        "send to it: guests' traffic goes there as it is. The default is "
        "right for a cloud of one host.",
    ),
    cfg.DictOpt(
        "bridge_mappings",
        default={},
        help="Physical networks that this host is on, each with the Linux "
        "bridge that leads there: public:br-ex. The bridge has to be there; "
        "nova-lite-netd puts guests and routers into it and leaves its own "
        "ports and addresses alone. Empty: no flat networks on this host.",
    ),
    cfg.StrOpt(
        "state_directory",
        default="$state_path/netd",
        help="Where the DHCP servers keep their files.",
    ),
    cfg.IntOpt(
        "converge_interval",
        default=60,
        min=1,
        max=3600,
        help="Seconds between two comparisons of everything that is wanted "
        "on this host with what is there. Changes are told at once; this "
        "mends what somebody else has changed, or what nobody told.",
    ),
]
