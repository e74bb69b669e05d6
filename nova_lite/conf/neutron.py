# SPDX-License-Identifier: Apache-2.0
"""[neutron]: how the daemons reach the network service, embedded or real.

The account is that of [service_user].
"""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("neutron", title="Client of the network service")

OPTS = [
    cfg.StrOpt(
        "driver",
        default="neutron",
        help="Client by its entry point name in nova_lite.network.",
    ),
    cfg.URIOpt(
        "endpoint_override",
        schemes=["http", "https"],
        help="URL of the network service, without the version. Empty takes "
        "the one of the catalogue.",
    ),
    cfg.StrOpt(
        "region_name",
        help="Region whose endpoint is taken from the catalogue. Empty takes "
        "the first.",
    ),
    cfg.ListOpt(
        "valid_interfaces",
        default=["internal", "public"],
        help="Interfaces of the catalogue that may be used, best first.",
    ),
    cfg.StrOpt(
        "default_floating_pool",
        default="nova",
        help="Name or id of the external network from which floating IPs are "
        "taken when a request for one names no pool.",
    ),
    cfg.IntOpt(
        "extension_sync_interval",
        default=600,
        min=0,
        max=86400,
        help="Seconds for which the list of the service's extensions is "
        "remembered. 0 asks each time.",
    ),
    cfg.StrOpt(
        "ovs_bridge",
        default="br-int",
        help="Open vSwitch bridge that interfaces are plugged into when the "
        "port's binding names none.",
    ),
    cfg.IntOpt(
        "http_retries",
        default=3,
        min=0,
        max=20,
        help="How often a request is tried again after a failed connection "
        "or a 503; what makes something new is asked for once. 0 gives up at "
        "once.",
    ),
    cfg.IntOpt(
        "timeout",
        default=60,
        min=1,
        max=3600,
        help="Seconds without one byte from the network service after which "
        "a request has failed. Too small fails on a busy service.",
    ),
    cfg.IntOpt(
        "list_timeout",
        default=5,
        min=1,
        max=3600,
        help="Seconds after which a list of servers, and whatever else only "
        "shows their security groups, goes on without them. Each request is "
        "tried once, and nobody asks for ten seconds after one that failed. "
        "Too small leaves them out while the service is busy.",
    ),
    cfg.StrOpt(
        "cafile",
        help="PEM file of the certificate authorities that sign the network "
        "service's certificate. Empty means those of the system.",
    ),
    cfg.BoolOpt(
        "insecure",
        default=False,
        help="Do not verify the network service's TLS certificate.",
    ),
    cfg.BoolOpt(
        "service_metadata_proxy",
        default=False,
        help="Requests for metadata come through the network service's "
        "proxy, which says in a signed header whose they are. Off tells "
        "servers apart by their address.",
    ),
    cfg.StrOpt(
        "metadata_proxy_shared_secret",
        default="",
        secret=True,
        help="Text that the metadata proxy signs its headers with; the same "
        "on both sides. Empty refuses every request of a proxy.",
    ),
]
