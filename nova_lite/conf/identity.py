# SPDX-License-Identifier: Apache-2.0
"""[identity]: the identity service inside nova-lite-api."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("identity", title="Embedded identity service")

OPTS = [
    cfg.StrOpt(
        "region",
        default="RegionOne",
        help="Name of the region of every endpoint in the catalogue.",
    ),
    cfg.URIOpt(
        "public_endpoint",
        schemes=["http", "https"],
        help="Address of nova-lite-api as clients see it, with no path, for "
        "the catalogue (https://cloud.example.org:8774). Empty takes scheme, "
        "host and port from each request.",
    ),
    cfg.DictOpt(
        "endpoint_override",
        default={},
        help="Addresses in the catalogue that are not nova-lite-api's own, "
        "by service type (image:http://glance.example.org:9292). An empty "
        "address takes the service out of the catalogue.",
    ),
    cfg.IntOpt(
        "token_expiration",
        default=3600,
        min=10,
        max=31536000,
        help="Seconds that a token is good for. Short ones make clients log "
        "in more often, and a login costs some 20 ms of a CPU.",
    ),
    cfg.IntOpt(
        "password_time_cost",
        default=2,
        min=1,
        max=100,
        help="Passes of argon2id over its memory for one password. More "
        "makes both guessing and each login slower. Existing passwords are "
        "hashed anew at their next login.",
    ),
    cfg.IntOpt(
        "password_memory_kib",
        default=19456,
        min=64,
        max=1048576,
        help="Memory in KiB that argon2id fills for one password, and that "
        "each login in progress takes in nova-lite-api. The default, with "
        "two passes, is OWASP's least; less is for tests.",
    ),
    cfg.IntOpt(
        "lockout_failure_attempts",
        default=20,
        min=0,
        max=100000,
        help="Wrong passwords in a row after which a user's password is "
        "refused for lockout_duration. 0 never locks. Tokens that the user "
        "has stay good.",
    ),
    cfg.IntOpt(
        "lockout_duration",
        default=60,
        min=1,
        max=86400,
        help="Seconds for which a locked user's password is refused. Anybody "
        "can lock anybody by guessing: keep it short.",
    ),
    cfg.IntOpt(
        "max_list",
        default=10000,
        min=1,
        max=100000,
        help="Most users, projects, roles or domains in one answer; the rest "
        "is behind its next link.",
    ),
]
