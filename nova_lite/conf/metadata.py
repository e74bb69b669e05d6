# SPDX-License-Identifier: Apache-2.0
"""[api]: the metadata service, and the operator's own data in it."""

from __future__ import annotations

from oslo_config import cfg, types

from nova_lite.conf import api

GROUP = api.GROUP

OPTS = [
    cfg.BoolOpt(
        "metadata",
        default=False,
        help="Have nova-lite-api serve metadata to guests too, on "
        "metadata_port. nova-lite-all turns it on where it runs the network.",
    ),
    cfg.HostAddressOpt(
        "metadata_listen",
        default="127.0.0.1",
        help="Address on which metadata is served. The proxies of all "
        "compute hosts must reach it, guests must not.",
    ),
    cfg.PortOpt(
        "metadata_port",
        default=8775,
        help="TCP port on which metadata is served.",
    ),
    cfg.IntOpt(
        "metadata_cache_expiration",
        default=15,
        min=0,
        max=3600,
        help="Seconds for which what is known of a server is told again "
        "without a look at the database. 0 looks each time. A guest that "
        "boots asks for some thirty things in a few seconds.",
    ),
    cfg.BoolOpt(
        "use_forwarded_for",
        default=False,
        help="Believe X-Forwarded-For where servers are told apart by their "
        "address ([neutron] service_metadata_proxy is off): its last "
        "address, which the proxy has added. Only for a service that is "
        "reached through a proxy alone, since any guest can send it.",
    ),
    cfg.ListOpt(
        "vendordata_providers",
        default=["StaticJSON"],
        item_type=types.String(choices=["StaticJSON", "DynamicJSON"]),
        help="What guests find of the operator's: StaticJSON, the file of "
        "vendordata_jsonfile_path; DynamicJSON, the answers of "
        "vendordata_dynamic_targets.",
    ),
    cfg.ListOpt(
        "vendordata_dynamic_targets",
        default=[],
        help="Services that are asked for data of each server, as "
        "name@http://host:port/path. Each is sent a POST with the server's "
        "ids and no token, and the JSON that it answers is shown under its "
        "name in vendor_data2.json.",
    ),
    cfg.StrOpt(
        "vendordata_dynamic_ssl_certfile",
        default="",
        help="PEM file of the certificate authorities that sign the "
        "certificates of these services. Empty means those of the system.",
    ),
    cfg.IntOpt(
        "vendordata_dynamic_connect_timeout",
        default=5,
        min=3,
        max=600,
        help="Seconds that a connection to one of them may take.",
    ),
    cfg.IntOpt(
        "vendordata_dynamic_read_timeout",
        default=5,
        min=1,
        max=600,
        help="Seconds without one byte after which its answer has failed.",
    ),
    cfg.BoolOpt(
        "vendordata_dynamic_failure_fatal",
        default=False,
        help="A service that fails makes the guest's request fail, and the "
        "start of a server with a config drive. Off leaves its part empty.",
    ),
]
