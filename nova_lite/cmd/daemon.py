# SPDX-License-Identifier: Apache-2.0
"""What the daemons' entry points share, after concurrency is set up."""

from __future__ import annotations

import sys
import warnings
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from oslo_config import cfg
from oslo_reports import guru_meditation_report as gmr
from oslo_reports import opts as gmr_opts

from nova_lite import config, objects, version

CONF = cfg.CONF


class _Package:
    """Names the product in a Guru Meditation report."""

    @staticmethod
    def vendor_string() -> str:
        return "nova-lite"

    @staticmethod
    def product_string() -> str:
        return "nova-lite"

    @staticmethod
    def version_string_with_package() -> str:
        return version.string()


class _NoDatabase(MetaPathFinder):
    """Refuses to import the database in a process that must not see it."""

    def find_spec(
        self,
        fullname: str,
        path: object = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname == "nova_lite.db" or fullname.startswith("nova_lite.db."):
            raise ImportError(
                f"{fullname} cannot be imported in this daemon: it reaches "
                "the database by conductor"
            )
        return None


def prepare(binary: str, database: bool) -> None:
    """Configuration, logging, report on SIGUSR2, objects, database or none."""
    warnings.filterwarnings("ignore", module="eventlet")
    config.parse_args()
    gmr_opts.set_defaults(CONF)
    gmr.TextGuruMeditation.setup_autorun(_Package, conf=CONF)
    if database:
        from nova_lite.db import repositories

        repositories.register()
    else:
        sys.meta_path.insert(0, _NoDatabase())
    objects.register_all()


def run(binary: str, topic: str, workers: int) -> None:
    """Create, serve, wait."""
    from nova_lite import exception, service

    server = service.Service.create(binary=binary, topic=topic)
    try:
        service.serve(server, workers)
    except exception.ConfigurationError as error:
        sys.exit(error.format_message())
    service.wait()
