# SPDX-License-Identifier: Apache-2.0
"""The life of a daemon: create, serve, wait.

``Service`` carries a manager: an RPC server on its topic, membership in the
service group, periodic tasks. ``WSGIService`` carries an HTTP application.
``serve`` runs either in this process, or in several when it has workers.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from oslo_config import cfg
from oslo_log import log as logging
from oslo_service import service as oslo_service
from oslo_service import threadgroup

from nova_lite import baserpc, concurrency, rpc, version, wsgi_server
from nova_lite.context import get_admin_context
from nova_lite.manager import Manager
from nova_lite.notifications import messenger
from nova_lite.objects import base as objects_base
from nova_lite.servicegroup.api import Membership

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

MANAGERS = {
    "nova-lite-compute": "nova_lite.compute.manager:ComputeManager",
    "nova-lite-conductor": "nova_lite.conductor.manager:ConductorManager",
    "nova-lite-netd": "nova_lite.netd.manager:NetdManager",
    "nova-lite-scheduler": "nova_lite.scheduler.manager:SchedulerManager",
}

# Of these a host has one.
_ALONE = ("nova-lite-compute", "nova-lite-netd")

# With the broker away, whatever has to do with it would wait for its return.
_BUS_PATIENCE_S = 5


def _within(seconds: float, act: Callable[[], object]) -> None:
    """Do it, but go on after ``seconds`` even if it is not done."""
    done = threading.Event()

    def run() -> None:
        try:
            act()
        finally:
            done.set()

    concurrency.spawn(run, name=act.__name__)
    if not done.wait(seconds):
        LOG.info("Not waiting any longer for %s", act.__qualname__)


class Serving(Protocol):
    """What ``serve`` can run."""

    def start(self) -> None: ...
    def stop(self, graceful: bool = False) -> None: ...
    def wait(self) -> None: ...
    def reset(self) -> None: ...


class Service(oslo_service.Service):  # type: ignore[misc]
    """One daemon with a topic."""

    def __init__(
        self, host: str, binary: str, topic: str, manager_path: str
    ) -> None:
        super().__init__()
        self.host = host
        self.binary = binary
        self.topic = topic
        self._manager_path = manager_path
        self.manager: Manager
        self._rpcserver: Any = None
        self._membership: Membership | None = None
        self._timers = threadgroup.ThreadGroup()
        self._gone = threading.Event()

    @classmethod
    def create(
        cls, binary: str, topic: str, host: str | None = None
    ) -> Service:
        """A service of this host, as configured."""
        return cls(host or CONF.host, binary, topic, MANAGERS[binary])

    def start(self) -> None:
        """Take up work: hooks, membership, RPC server, periodic tasks."""
        LOG.info("Starting %s %s", self.binary, version.string())
        module, name = self._manager_path.split(":")
        manager_class = getattr(importlib.import_module(module), name)
        rpc.init(objects_base.NovaObjectSerializer())
        messenger.init(self.host, self.binary)
        self.manager = manager_class(self.host)
        self.manager.init_host()
        self._membership = Membership(
            {
                "host": self.host,
                "binary": self.binary,
                "topic": self.topic,
                "version": version.SERVICE_VERSION,
                # Where it begins; aggregates put a compute elsewhere.
                "availability_zone": (
                    CONF.api.default_availability_zone
                    if self.binary == "nova-lite-compute"
                    else CONF.api.internal_service_availability_zone
                ),
            },
            CONF.report_interval,
            self.manager.running_actions,
            alone=self.binary in _ALONE,
        )
        self.manager.incarnation = self._membership.process.uuid
        self._membership.join()
        self._rpcserver = rpc.get_server(
            self.topic,
            self.host,
            [
                self.manager,
                baserpc.BaseRPCAPI(self.manager.service_name, self.host),
                *self.manager.additional_endpoints,
            ],
        )
        self._rpcserver.start()
        self.manager.post_start_hook()
        if CONF.periodic_enable:
            self._start_periodic_tasks()
        concurrency.watch_loop()
        LOG.info("%s is ready on host %s", self.binary, self.host)

    def _start_periodic_tasks(self) -> None:
        delay = (
            random.randint(0, CONF.periodic_fuzzy_delay)
            if CONF.periodic_fuzzy_delay
            else None
        )
        self._timers.add_dynamic_timer(
            self._periodic_tasks,
            initial_delay=delay,
            periodic_interval_max=60,
        )

    def _periodic_tasks(self) -> Any:
        return self.manager.periodic_tasks(get_admin_context())

    def stop(self, graceful: bool = False) -> None:
        """Take no more messages, finish what runs, sign off."""
        LOG.info("Stopping %s", self.binary)
        _within(_BUS_PATIENCE_S, self._rpcserver.stop)
        self._timers.stop()
        self.manager.drain(CONF.graceful_shutdown_timeout or 86400)
        _within(_BUS_PATIENCE_S, self._rpcserver.wait)
        if self._membership is not None:
            _within(_BUS_PATIENCE_S, self._membership.leave)
        self.manager.cleanup_host()
        _within(_BUS_PATIENCE_S, rpc.cleanup)
        self._gone.set()
        super().stop(graceful)

    def wait(self) -> None:
        """Return when ``stop`` is done."""
        self._gone.wait()

    def reset(self) -> None:
        """SIGHUP: the options that may change while running have changed."""
        self.manager.reset()


class WSGIService(oslo_service.Service):  # type: ignore[misc]
    """An HTTP application on a listening socket."""

    def __init__(
        self,
        make_app: Callable[[], Any],
        host: str,
        port: int,
        threads: int,
        before_stop: Callable[[], None] = lambda: None,
    ) -> None:
        """Bind at once, so that workers share one socket.

        ``before_stop`` ends the answers that would go on for ever.
        """
        super().__init__()
        self._before_stop = before_stop
        self._make_app = make_app
        self._threads = threads
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            sys.exit(
                f"nova-lite-api cannot listen on {host}:{port}: "
                f"{error.strerror}. Choose another [api] port, or stop what "
                "uses it."
            )
        self._socket.listen(1024)
        self._stop_server: Callable[[], None] | None = None
        self._gone = threading.Event()

    def start(self) -> None:
        """Build the application and serve it."""
        self._stop_server = wsgi_server.serve(
            self._socket, self._make_app(), self._threads, LOG
        )
        concurrency.watch_loop()
        LOG.info("Serving on %s:%s", *self._socket.getsockname()[:2])

    def stop(self, graceful: bool = False) -> None:
        """Finish the requests that are being answered, take no more."""
        self._before_stop()
        if self._stop_server is not None:
            self._stop_server()
        rpc.cleanup()
        self._gone.set()
        super().stop(graceful)

    def wait(self) -> None:
        """Return when ``stop`` is done."""
        self._gone.wait()

    def reset(self) -> None:
        """Nothing is kept that could have changed."""


class WSGIServices(oslo_service.Service):  # type: ignore[misc]
    """Several applications, each on its socket, in the same processes."""

    def __init__(self, services: Sequence[WSGIService]) -> None:
        super().__init__()
        self._services = services

    def start(self) -> None:
        """Start all of them."""
        for one in self._services:
            one.start()

    def stop(self, graceful: bool = False) -> None:
        """Stop them, the first one first."""
        for one in self._services:
            one.stop(graceful)
        super().stop(graceful)

    def wait(self) -> None:
        """Return when all have stopped."""
        for one in self._services:
            one.wait()

    def reset(self) -> None:
        """Nothing is kept that could have changed."""


_launcher: Any = None


def serve(server: Serving, workers: int = 1) -> None:
    """Run a service here, or in ``workers`` forked processes.

    One process for one worker: no idle parent beside it.
    """
    global _launcher
    if _launcher is not None:
        raise RuntimeError("serve() can only be called once")
    if workers > 1:
        _launcher = oslo_service.launch(
            CONF, server, workers=workers, restart_method="mutate"
        )
    else:
        _launcher = _InProcess(server)


def wait() -> None:
    """Block until the service has ended."""
    _launcher.wait()


class _InProcess:
    """Runs one service in this process and turns signals into its methods.

    Signals arrive through a pipe, read by a thread: so a handler never runs
    in the middle of anything, under eventlet no more than under threads.
    """

    def __init__(self, server: Serving) -> None:
        self._server = server
        self._read_fd, write_fd = os.pipe()
        os.set_blocking(write_fd, False)
        signal.set_wakeup_fd(write_fd, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_args: None)
        self._stopping = False
        self._started = False
        concurrency.spawn(self._watch, name="signals")
        server.start()
        self._started = True

    def _watch(self) -> None:
        while True:
            for number in os.read(self._read_fd, 16):
                if number == signal.SIGHUP:
                    self._reload()
                elif number in (signal.SIGTERM, signal.SIGINT):
                    self._stop()

    def _reload(self) -> None:
        LOG.info("Reading the configuration again")
        try:
            CONF.mutate_config_files()
            self._server.reset()
        except Exception as error:
            # A file with a fault in it must not end the watch for SIGTERM.
            LOG.error("The configuration stays as it was: %s", error)

    def _stop(self) -> None:
        if self._stopping:
            LOG.warning("Told twice to stop: stopping at once")
            os._exit(1)
        self._stopping = True
        if not self._started:
            # It waits for a database or a conductor, and holds nothing yet.
            os._exit(0)
        if CONF.graceful_shutdown_timeout:
            # drain() has the same limit; this is for whatever hangs beside.
            concurrency.exit_after(CONF.graceful_shutdown_timeout + 10)
        concurrency.spawn(self._end, name="stop")

    def _end(self) -> None:
        self._server.stop()
        # Threads of libraries may wait for ever for a broker that is away.
        concurrency.exit_after(_BUS_PATIENCE_S, status=0)

    def wait(self) -> None:
        self._server.wait()
