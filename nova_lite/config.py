# SPDX-License-Identifier: Apache-2.0
"""Parses the command line and the configuration files, sets up logging."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import conf, version

CONF = cfg.CONF

_QUIET = [
    "amqp=WARNING",
    "kombu=WARNING",
    "oslo.messaging=INFO",
    "oslo_messaging=INFO",
    "oslo_service=WARNING",
    "cotyledon=WARNING",
    "stevedore=WARNING",
    "sqlalchemy=WARNING",
    "alembic=WARNING",
    "urllib3=WARNING",
    "keystoneauth=WARNING",
    "keystonemiddleware=WARNING",
    "oslo_policy=WARNING",
    "openstack=WARNING",
    "asyncio=INFO",
]


def parse_args(
    argv: Sequence[str] | None = None,
    default_config_files: list[str] | None = None,
) -> None:
    """Register every option, read the files, set up logging.

    Must run before a manager module is imported, since the periodic-task
    decorators there read option values.
    """
    logging.register_options(CONF)
    logging.set_defaults(default_log_levels=_QUIET)
    conf.register_opts(CONF)
    CONF(
        list(sys.argv[1:] if argv is None else argv),
        project="nova_lite",
        prog=sys.argv[0].rsplit("/", 1)[-1],
        version=version.string(),
        default_config_files=default_config_files,
    )
    logging.setup(CONF, "nova_lite", version.string())
