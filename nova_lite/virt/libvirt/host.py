# SPDX-License-Identifier: Apache-2.0
"""The connection to libvirtd: opened again for ever when it breaks.

Every call of libvirt from this package goes through ``Host.call``, which
keeps it off the hub and turns libvirt's errors into ours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import libvirt
from oslo_log import log as logging

from nova_lite import concurrency, exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt import capabilities, events

LOG = logging.getLogger(__name__)

T = TypeVar("T")

_KEEPALIVE_INTERVAL_S = 5
_KEEPALIVE_COUNT = 5
_RECONNECT_FIRST_S = 0.5
_RECONNECT_MAX_S = 10.0

# A failure of these sorts, in the part of libvirt that talks to the daemon,
# says that the connection is gone and nothing of the guest.
_BROKEN_CODES = frozenset(
    {
        libvirt.VIR_ERR_SYSTEM_ERROR,
        libvirt.VIR_ERR_INTERNAL_ERROR,
        libvirt.VIR_ERR_INVALID_CONN,
        libvirt.VIR_ERR_NO_CONNECT,
    }
)
_BROKEN_DOMAINS = frozenset({libvirt.VIR_FROM_REMOTE, libvirt.VIR_FROM_RPC})


class Host:
    """One libvirtd.

    ``on_lifecycle`` must not block; ``on_return`` is called in a thread of
    its own when a connection that was lost has been opened again.
    """

    def __init__(
        self,
        uri: str,
        on_lifecycle: driver.EventListener,
        on_return: Callable[[], None] = lambda: None,
    ) -> None:
        self._uri = uri
        self._on_lifecycle = on_lifecycle
        self._on_return = on_return
        self._lock = threading.Lock()
        self._connection: Any = None
        self._source: events.EventSource | None = None
        self._stopped = False
        self.waiters = events.Waiters()

    def start(self) -> None:
        """Connect. Raises: HypervisorUnavailable."""
        # Without this libvirt prints every error, handled ones too.
        libvirt.registerErrorHandler(_ignore, None)
        events.start_loop()
        self._source = events.EventSource(
            self._lifecycle, self.waiters.notify, self._closed
        )
        self.connection()

    def stop(self) -> None:
        """Let go of the connection."""
        self._stopped = True
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            concurrency.native(_close, connection)

    def connection(self) -> Any:
        """The living connection, opened now if need be.

        Raises: HypervisorUnavailable.
        """
        with self._lock:
            known = self._connection
            if known is not None and not concurrency.native(_alive, known):
                self._forget()
            if self._connection is None:
                self._connection = self._open()
            return self._connection

    def call(
        self, fn: Callable[..., T], *args: Any, ignore: Collection[int] = ()
    ) -> T | None:
        """Call libvirt; an error with a code in ``ignore`` gives None.

        Raises: GuestNotFound, HypervisorUnavailable, VirtError.
        """
        try:
            return concurrency.native(fn, *args)
        except libvirt.libvirtError as error:
            if error.get_error_code() in ignore:
                return None
            raise self._translated(error) from error

    def capabilities(self) -> capabilities.Capabilities:
        """Raises: HypervisorUnavailable."""
        xml = self.call(self.connection().getCapabilities)
        return capabilities.parse(str(xml))

    def identity(self) -> tuple[str, int, str]:
        """Type ("QEMU"), version (7002000) and the host's name."""

        def ask(connection: Any) -> tuple[str, int, str]:
            return (
                connection.getType(),
                connection.getVersion(),
                connection.getHostname(),
            )

        found = self.call(ask, self.connection())
        assert found is not None
        return found

    def online_cpus(self) -> int:
        """Processors that are on now."""
        cpu_map = self.call(self.connection().getCPUMap, 0)
        assert cpu_map is not None
        return int(cpu_map[2])

    def memory_total_mb(self) -> int:
        """All memory of the host.

        The figure of virConnectGetInfo leaves out memory that was plugged
        in after libvirtd started.
        """
        stats = self.call(
            self.connection().getMemoryStats,
            libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS,
        )
        assert stats is not None
        return int(stats["total"]) // 1024

    def _open(self) -> Any:
        assert self._source is not None, "Host.start() comes first"
        try:
            connection = concurrency.native(
                _connect, self._uri, self._source.attach
            )
        except libvirt.libvirtError as error:
            raise exception.HypervisorUnavailable(
                reason=f"{self._uri}: {error.get_error_message()}"
            ) from error
        LOG.info("Connected to libvirt at %s", self._uri)
        return connection

    def _forget(self) -> None:
        """Give up a connection that broke; the lock is held."""
        LOG.warning("The connection to libvirt is lost; connecting again")
        lost, self._connection = self._connection, None
        concurrency.native(_close, lost)
        self.waiters.wake_all()

    def _translated(self, error: Any) -> exception.VirtError:
        code, message = error.get_error_code(), error.get_error_message()
        if code == libvirt.VIR_ERR_NO_DOMAIN:
            return exception.GuestNotFound(f"No such guest: {message}")
        if (
            code in _BROKEN_CODES
            and error.get_error_domain() in _BROKEN_DOMAINS
        ):
            return exception.HypervisorUnavailable(reason=message)
        return exception.VirtError(reason=message)

    def _lifecycle(self, uuid: str, event: driver.LifecycleEvent) -> None:
        self.waiters.notify(uuid, event)
        self._on_lifecycle(uuid, event)

    def _closed(self, connection: Any) -> None:
        concurrency.spawn(self._reconnect, connection, name="libvirt-again")

    def _reconnect(self, lost: Any) -> None:
        """Open again, so that events come even while nobody calls."""
        with self._lock:
            if self._connection is lost:
                self._forget()
        pause_s = _RECONNECT_FIRST_S
        while not self._stopped:
            try:
                self.connection()
            except exception.HypervisorUnavailable as error:
                LOG.debug("Not yet: %s", error)
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, _RECONNECT_MAX_S)
            else:
                self._on_return()
                return


def _connect(uri: str, attach: Callable[[Any], None]) -> Any:
    connection = libvirt.open(uri)
    try:
        connection.setKeepAlive(_KEEPALIVE_INTERVAL_S, _KEEPALIVE_COUNT)
        attach(connection)
    except libvirt.libvirtError:
        connection.close()
        raise
    return connection


def _alive(connection: Any) -> bool:
    try:
        return bool(connection.isAlive())
    except libvirt.libvirtError:
        return False


def _close(connection: Any) -> None:
    try:
        connection.close()
    except libvirt.libvirtError:
        return  # it was broken already


def _ignore(*_args: Any) -> None:
    """libvirt's error handler: errors are raised, not printed."""
