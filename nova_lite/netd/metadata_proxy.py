# SPDX-License-Identifier: Apache-2.0
"""The guests' way to the metadata service: 169.254.169.254, port 80.

A listening socket is made in the namespace of each DHCP server and router; a
socket stays in the namespace that it was made in, so everything else is done
by native threads of netd, outside. Whose request it is follows from the
namespace and the source address, which the firewall lets no guest choose.
"""

from __future__ import annotations

import http.client
import selectors
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from oslo_log import log

from nova_lite.netd import dhcp, dhcp_tables, routers
from nova_lite.netd.metadata_request import Request, Service
from nova_lite.netd.namespaces import Namespaces
from nova_lite.network.wanted import HostState, WantedPort

LOG = log.getLogger(__name__)

# <linux/in.h>: bind before the address is there.
_IP_FREEBIND = 15
_BACKLOG = 64
# Owners of ports that have metadata.
_SERVERS = "compute:"


@dataclass(slots=True)
class _Door:
    """A listening socket; ``inode``: the namespace that it was made in."""

    listener: socket.socket
    inode: int
    networks: frozenset[str]


class MetadataProxy:
    """Listens in all namespaces; ``converge`` by one thread at a time."""

    def __init__(self, namespaces: Namespaces, service: Service) -> None:
        self._namespaces = namespaces
        self._service = service
        self._doors: dict[str, _Door] = {}
        self._ports: Mapping[tuple[str, str], WantedPort] = {}
        self._selector = selectors.DefaultSelector()
        self._workers = ThreadPoolExecutor(
            service.workers, thread_name_prefix="metadata"
        )
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._busy = Counter[tuple[int, str]]()
        self._counting = threading.Lock()
        self._ending = False
        self._thread = threading.Thread(
            target=self._serve, name="metadata-proxy", daemon=True
        )
        self._thread.start()

    def converge(self, state: HostState, full: bool = True) -> set[str]:
        """Listen for these, and know these ports.

        Returns: names of the namespaces where it could not listen.
        """
        self._ports = {
            (port.network_id, address): port
            for port in state.ports
            if port.device_id and port.device_owner.startswith(_SERVERS)
            for _, address in port.fixed_ips
        }
        wanted = dict(_namespaces(state))
        for name in set(self._doors) - set(wanted):
            self._close(name)
        failed = set()
        for name, networks in wanted.items():
            try:
                self._open(name, networks)
            except OSError:
                LOG.exception("No metadata in namespace %s", name)
                failed.add(name)
        return failed

    def close(self) -> None:
        """Listen no more; requests that run are ended first."""
        self._ending = True
        self._wake.send(b"x")
        self._thread.join()
        for name in list(self._doors):
            self._close(name)
        self._workers.shutdown()
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _port_of(
        self, networks: Iterable[str], address: str
    ) -> WantedPort | None:
        """Whose address it is on these networks."""
        found = (self._ports.get((one, address)) for one in networks)
        return next((port for port in found if port), None)

    # --- listening -----------------------------------------------------------

    def _open(self, name: str, networks: frozenset[str]) -> None:
        inode = self._namespaces.path(name).stat().st_ino
        door = self._doors.get(name)
        if door and door.inode == inode:
            door.networks = networks
            return
        self._close(name)
        listener = self._namespaces.run(name, _listener)
        door = _Door(listener, inode, networks)
        self._doors[name] = door
        self._selector.register(listener, selectors.EVENT_READ, door)

    def _close(self, name: str) -> None:
        door = self._doors.pop(name, None)
        if door:
            self._selector.unregister(door.listener)
            door.listener.close()

    def _serve(self) -> None:
        while not self._ending:
            for key, _ in self._selector.select():
                if key.data:
                    self._accept(key.data)

    def _accept(self, door: _Door) -> None:
        try:
            guest, (address, _) = door.listener.accept()
        except OSError:
            return  # it went away again, or the door was closed
        # One guest must not hold all the workers.
        who = (door.inode, address)
        with self._counting:
            if self._busy[who] >= self._service.per_guest:
                guest.close()
                return
            self._busy[who] += 1
        self._workers.submit(self._answer, guest, who, door.networks)

    def _answer(
        self,
        guest: socket.socket,
        who: tuple[int, str],
        networks: frozenset[str],
    ) -> None:
        address = who[1]
        try:
            with guest:
                guest.settimeout(self._service.guest_timeout_s)
                Request(
                    guest,
                    (address, 0),
                    self._service,
                    lambda one: self._port_of(networks, one),
                )
        except (OSError, http.client.HTTPException) as error:
            LOG.debug("Metadata for %s: %s", address, error)
        # A thread of a pool would say nothing of it to anybody.
        except Exception:
            LOG.exception("Metadata for %s", address)
        finally:
            with self._counting:
                self._busy[who] -= 1
                if not self._busy[who]:
                    del self._busy[who]


def _namespaces(
    state: HostState,
) -> Iterable[tuple[str, frozenset[str]]]:
    """Where to listen, and which networks are reached from there."""
    for network in state.networks:
        if network.dhcp_port_id and dhcp_tables.served(network):
            yield f"{dhcp.PREFIX}{network.id}", frozenset([network.id])
    for router in state.routers:
        yield (
            f"{routers.PREFIX}{router.id}",
            frozenset(leg.network_id for leg in router.legs),
        )


def _listener() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_IP, _IP_FREEBIND, 1)
        listener.bind((dhcp_tables.METADATA_IP, 80))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
