# SPDX-License-Identifier: Apache-2.0
"""What the daemons' entry points share, after concurrency is set up."""

from __future__ import annotations

import signal
import sys
import warnings
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType

from oslo_config import cfg
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
    _report_when_asked()
    if database:
        from nova_lite.db import repositories

        repositories.register()
    else:
        sys.meta_path.insert(0, _NoDatabase())
    objects.register_all()


def _report_when_asked() -> None:
    """Write a Guru Meditation report on SIGUSR2.

    Its parts, which are 4 MiB, are imported by the first signal; but at
    once where [oslo_reports] has a file watched instead.
    """
    gmr_opts.set_defaults(CONF)
    if CONF.oslo_reports.file_event_handler:
        from oslo_reports import guru_meditation_report as gmr

        gmr.TextGuruMeditation.setup_autorun(_Package, conf=CONF)
    else:
        signal.signal(signal.SIGUSR2, _report)


def _report(_number: int, frame: FrameType | None) -> None:
    from oslo_reports import guru_meditation_report as gmr

    gmr.TextGuruMeditation.handle_signal(
        _Package, None, CONF.oslo_reports.log_dir, frame
    )


def run(binary: str, topic: str, workers: int) -> None:
    """Create, serve, wait."""
    from nova_lite import exception, service

    server = service.Service.create(binary=binary, topic=topic)
    try:
        service.serve(server, workers)
    except exception.ConfigurationError as error:
        sys.exit(error.format_message())
    service.wait()


def run_proxy(
    binary: str, console_type: str, host: str, port: int, web: str
) -> None:
    """Serve consoles of one type, wait."""
    from nova_lite import exception, service
    from nova_lite.console.server import Place, ProxyServer

    try:
        server = ProxyServer(Place(binary, console_type, host, port, web))
    except exception.ConfigurationError as error:
        sys.exit(error.format_message())
    service.serve(server)
    service.wait()
