# SPDX-License-Identifier: Apache-2.0
"""[network]: the network service inside nova-lite-api."""

from __future__ import annotations

from oslo_config import cfg, types

GROUP = cfg.OptGroup("network", title="Embedded network service")


def _quota(name: str, default: int, what: str) -> cfg.IntOpt:
    return cfg.IntOpt(
        f"quota_{name}",
        default=default,
        min=-1,
        max=10000000,
        help=f"{what} that a project may have unless it has a limit of its "
        "own. -1 means no limit, 0 refuses them all.",
    )


OPTS = [
    cfg.IntOpt(
        "global_physnet_mtu",
        default=1500,
        min=576,
        max=65535,
        help="Bytes of the largest IP packet that the hosts' own network "
        "carries. Flat networks have this MTU, vxlan networks 50 bytes less.",
    ),
    cfg.ListOpt(
        "physical_networks",
        default=["public"],
        item_type=types.String(regex=r"^[A-Za-z0-9_.-]{1,64}$"),
        help="Names of the physical networks that administrators may make "
        "flat networks on. [netd] bridge_mappings says on each host what a "
        "name is. Empty allows no flat network.",
    ),
    cfg.ListOpt(
        "vni_ranges",
        default=["1:65535"],
        item_type=types.String(regex=r"^[0-9]{1,8}:[0-9]{1,8}$"),
        help="Ranges first:last of vxlan network identifiers (1 to 16777215) "
        "that projects' networks take theirs from. Empty: only administrators "
        "make networks.",
    ),
    cfg.StrOpt(
        "dns_domain",
        default="openstacklocal",
        help="Domain of the names of servers, for guests and in "
        "dns_assignment of ports. Empty leaves the names bare.",
    ),
    cfg.StrOpt(
        "base_mac",
        default="fa:16:3e:00:00:00",
        regex=r"^[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}$",
        help="The first three bytes of the MAC addresses of ports; the "
        "others are random.",
    ),
    cfg.IntOpt(
        "pagination_max_limit",
        default=-1,
        min=-1,
        max=1000000,
        help="Items that one page of a list has at most. -1 and 0 give a "
        "list whole when the request names no limit.",
    ),
    cfg.StrOpt(
        "auto_allocated_cidr",
        default="10.0.0.0/24",
        regex=r"^[0-9.]{7,15}/[0-9]{1,2}$",
        help="IPv4 subnet of the network that a project without one gets "
        "when its first server asks for it (networks: auto). Each project's "
        "is apart from all others, behind a router of its own to the default "
        "external network; without such a network there is none.",
    ),
    _quota("network", 100, "Networks"),
    _quota("subnet", 100, "Subnets"),
    _quota("port", 500, "Ports"),
    _quota("router", 10, "Routers"),
    _quota("floatingip", 50, "Floating IPs"),
    _quota("security_group", 10, "Security groups"),
    _quota("security_group_rule", 100, "Rules of security groups"),
]
