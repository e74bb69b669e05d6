# SPDX-License-Identifier: Apache-2.0
"""[api]: the compute API."""

from __future__ import annotations

from oslo_config import cfg, types

GROUP = cfg.OptGroup("api", title="Compute API")

OPTS = [
    cfg.HostAddressOpt(
        "listen",
        default="127.0.0.1",
        help="Address on which nova-lite-api listens. 0.0.0.0 is every "
        "address of the host; put TLS in front of it then.",
    ),
    cfg.PortOpt(
        "port",
        default=8774,
        help="TCP port on which nova-lite-api listens.",
    ),
    cfg.IntOpt(
        "workers",
        default=1,
        min=1,
        max=256,
        help="Processes of nova-lite-api on this host, which share the port.",
    ),
    cfg.IntOpt(
        "threads",
        default=1000,
        min=2,
        max=10000,
        help="Connections that one process serves at a time; more wait. "
        "With concurrency = threading, requests, and 64 at the most.",
    ),
    cfg.ListOpt(
        "embedded_services",
        default=["identity", "image"],
        item_type=types.String(choices=["identity", "image", "network"]),
        help="Services that nova-lite-api serves itself, under /identity, "
        "/image and /network. Take out what a real Keystone, Glance or "
        "Neutron does. Without any network service servers have no networks.",
    ),
    cfg.StrOpt(
        "auth_strategy",
        default="embedded",
        help="How a token is checked, by its entry point name in "
        "nova_lite.api.auth: embedded (the identity service inside "
        "nova-lite-api) or keystone (a real Keystone, see "
        "[keystone_authtoken]).",
    ),
    cfg.IntOpt(
        "max_limit",
        default=1000,
        min=1,
        max=100000,
        help="Items that one page of a list has at most, and the size of a "
        "page when the request names none. Larger pages cost memory in the "
        "API for as long as they are made.",
    ),
    cfg.IntOpt(
        "max_request_body_size",
        default=114688,
        min=1024,
        max=16777216,
        help="Bytes that a body of a compute request may have; a longer one "
        "is answered with 413.",
    ),
    cfg.StrOpt(
        "compute_link_prefix",
        default="",
        help="Base URL of the links to compute resources, for an API behind "
        "a proxy. Empty takes what the request was sent to.",
    ),
    cfg.StrOpt(
        "glance_link_prefix",
        default="",
        help="Base URL of the links to images. Empty takes what the request "
        "was sent to.",
    ),
    cfg.BoolOpt(
        "enable_proxy_headers_parsing",
        default=False,
        help="Believe X-Forwarded-Proto, -Host, -Port and -Prefix. Only for "
        "an API that is reached through a proxy alone, since any client can "
        "send them.",
    ),
    cfg.BoolOpt(
        "enable_instance_password",
        default=True,
        help="Show adminPass in the answers of create, rebuild and rescue. "
        "Turn it off where the hypervisor cannot set passwords.",
    ),
    cfg.StrOpt(
        "dhcp_domain",
        default="novalocal",
        help="Domain that guests see behind their host name in metadata and "
        "on config drives. Empty leaves host names as their users gave them, "
        "also those with a domain (2.94).",
    ),
    cfg.StrOpt(
        "vendordata_jsonfile_path",
        help="File with a JSON object for all guests, which they find as "
        "vendor_data.json and as static in vendor_data2.json. Read for each "
        "server anew.",
    ),
    cfg.StrOpt(
        "config_drive_skip_versions",
        default="1.0 2007-01-19 2007-03-01 2007-08-29 2007-10-10 2007-12-15 "
        "2008-02-01 2008-09-01",
        help="Versions of EC2's form that config drives do not hold, "
        "separated by blanks.",
    ),
    cfg.StrOpt(
        "default_availability_zone",
        default="nova",
        help="Zone of the computes that no aggregate puts into another. It "
        "must be the same on every host; one that is known already keeps "
        "the zone that it has.",
    ),
    cfg.StrOpt(
        "internal_service_availability_zone",
        default="internal",
        help="Zone that is shown for services that are no compute.",
    ),
    cfg.IntOpt(
        "slow_request_s",
        default=10,
        min=0,
        max=3600,
        help="Seconds after which an answered request is logged as a "
        "warning. 0 logs all so.",
    ),
    cfg.IntOpt(
        "event_streams",
        default=100,
        min=0,
        max=5000,
        help="Streams of server events (GET /servers/events) that one "
        "process serves at a time; one more is answered with 503. Each holds "
        "a connection and a thread. 0 serves none.",
    ),
    cfg.IntOpt(
        "event_streams_per_project",
        default=20,
        min=1,
        max=5000,
        help="Streams of server events that one process serves to one "
        "project at a time; one more is answered with 429.",
    ),
    cfg.FloatOpt(
        "event_poll_interval_s",
        default=0.5,
        min=0.05,
        max=60,
        help="Seconds between two looks at the database for changed servers, "
        "by each process that has a stream to feed. Shorter shows more of "
        "the states between, and costs a statement each time.",
    ),
]
