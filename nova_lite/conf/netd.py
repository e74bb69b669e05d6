# SPDX-License-Identifier: Apache-2.0
"""[netd]: nova-lite-netd, the networks of one compute host."""

from __future__ import annotations

from oslo_config import cfg, types

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
    cfg.IntOpt(
        "dhcp_lease_duration",
        default=86400,
        min=120,
        max=31536000,
        help="Seconds for which a guest is given its address. It asks again "
        "after half of them; short ones cost messages, long ones let a guest "
        "learn late that its routes or name servers are others.",
    ),
    cfg.StrOpt(
        "dns_domain",
        default="openstacklocal",
        help="Domain of the guests of networks that have none of their own.",
    ),
    cfg.ListOpt(
        "dnsmasq_dns_servers",
        default=[],
        item_type=types.IPAddress(),
        help="Name servers that the DHCP servers ask for names that are not "
        "of the guest's network; they are reached through its router. "
        "Empty: such names are not found, but on subnets that name servers "
        "of their own.",
    ),
    cfg.HostAddressOpt(
        "nova_metadata_host",
        default="$my_ip",
        help="Where the metadata service is, as this host reaches it.",
    ),
    cfg.PortOpt(
        "nova_metadata_port",
        default=8775,
        help="TCP port of the metadata service.",
    ),
    cfg.StrOpt(
        "nova_metadata_protocol",
        default="http",
        choices=["http", "https"],
        help="How the metadata service is spoken to.",
    ),
    cfg.StrOpt(
        "auth_ca_cert",
        help="PEM file of the certificate authorities that sign the metadata "
        "service's certificate. Empty means those of the system.",
    ),
    cfg.BoolOpt(
        "nova_metadata_insecure",
        default=False,
        help="Do not verify the metadata service's TLS certificate.",
    ),
]
