# SPDX-License-Identifier: Apache-2.0
"""[glance]: how the daemons reach the image service, embedded or real."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("glance", title="Client of the image service")

OPTS = [
    cfg.StrOpt(
        "driver",
        default="glance",
        help="Client by its entry point name in nova_lite.image.",
    ),
    cfg.URIOpt(
        "endpoint_override",
        schemes=["http", "https"],
        help="URL of the image service, without the version. Empty takes the "
        "one of the catalogue.",
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
    cfg.IntOpt(
        "num_retries",
        default=3,
        min=0,
        max=20,
        help="How often a request or a download is tried again after a "
        "failed connection or a 503. 0 gives up at once.",
    ),
    cfg.IntOpt(
        "timeout_s",
        default=60,
        min=1,
        max=3600,
        help="Seconds without one byte from the image service after which a "
        "request has failed. Too small fails on a slow store.",
    ),
    cfg.StrOpt(
        "cafile",
        help="PEM file of the certificate authorities that sign the image "
        "service's certificate. Empty means those of the system.",
    ),
    cfg.BoolOpt(
        "insecure",
        default=False,
        help="Do not verify the image service's TLS certificate.",
    ),
]
