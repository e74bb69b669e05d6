# SPDX-License-Identifier: Apache-2.0
"""The guests' way to the metadata service: 169.254.169.254, port 80.

A listening socket is made in the namespace of each DHCP server and router; a
socket stays in the namespace that it was made in, so everything else is done
by native threads of netd, outside. Whose request it is follows from the
namespace and the source address, which the firewall lets no guest choose. It
is forwarded as Neutron's agents do it: with the ids of server and project, the
former signed with a secret that netd and the metadata service share.

Source: https://docs.openstack.org/nova/latest/admin/metadata-service.html
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import io
import re
import selectors
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from oslo_log import log

from nova_lite.netd import dhcp, dhcp_tables, routers
from nova_lite.netd.namespaces import Namespaces
from nova_lite.network.wanted import HostState, WantedPort

LOG = log.getLogger(__name__)

# <linux/in.h>: bind before the address is there.
_IP_FREEBIND = 15
_BACKLOG = 64
_CHUNK = 1 << 16
# Owners of ports that have metadata.
_SERVERS = "compute:"
_LENGTH = re.compile("[0-9]{1,18}")

# What of a guest's request reaches the service. Nothing else: a server may
# read X_Instance_ID as X-Instance-ID.
_FORWARDED = ("accept", "accept-encoding", "content-type", "user-agent")
_RETURNED = (
    "content-type",
    "content-encoding",
    "content-length",
    "last-modified",
    "etag",
    "retry-after",
)


@dataclass(frozen=True, slots=True)
class Service:
    """The metadata service, and the limits of a request to it.

    ``ca_file``: certificates that one by https is checked with; None takes
    the system's. ``per_guest``: requests of one guest at a time.
    """

    host: str
    port: int
    shared_secret: str = field(repr=False)
    protocol: str = "http"
    ca_file: str | None = None
    insecure: bool = False
    timeout_s: float = 60
    guest_timeout_s: float = 15
    body_bytes: int = 1 << 16
    per_guest: int = 4
    workers: int = 64


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

    def port_of(
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
                _Request(guest, (address, 0), self, networks)
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

    # --- forwarding ----------------------------------------------------------

    def connection(self) -> http.client.HTTPConnection:
        """To the metadata service, not connected yet."""
        service = self._service
        if service.protocol != "https":
            return http.client.HTTPConnection(
                service.host, service.port, timeout=service.timeout_s
            )
        context = ssl.create_default_context(cafile=service.ca_file)
        if service.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(
            service.host,
            service.port,
            timeout=service.timeout_s,
            context=context,
        )

    def identity(self, port: WantedPort, address: str) -> dict[str, str]:
        """The headers that say whose request it is."""
        signature = hmac.new(
            self._service.shared_secret.encode(),
            port.device_id.encode(),
            hashlib.sha256,
        )
        return {
            "X-Forwarded-For": address,
            "X-Instance-ID": port.device_id,
            "X-Tenant-ID": port.project_id,
            "X-Instance-ID-Signature": signature.hexdigest(),
        }

    @property
    def service(self) -> Service:
        """Where to, and within which limits."""
        return self._service


class _Promptly(io.RawIOBase):
    """What a guest sends, as long as all of it comes in time."""

    def __init__(self, guest: socket.socket, within_s: float) -> None:
        self._guest = guest
        self._until = time.monotonic() + within_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request did not come in time")
        self._guest.settimeout(left)
        return self._guest.recv_into(buffer)


class _Request(BaseHTTPRequestHandler):
    """One connection of a guest; the base class reads what it asks for."""

    protocol_version = "HTTP/1.1"
    # Even who speaks an older one is answered with a status.
    default_request_version = "HTTP/1.0"
    server_version = "metadata"
    sys_version = ""

    def __init__(
        self,
        guest: socket.socket,
        address: tuple[str, int],
        proxy: MetadataProxy,
        networks: frozenset[str],
    ) -> None:
        self._proxy = proxy
        self._networks = networks
        # A guest that asks again comes by a new connection: none is held
        # while nobody asks.
        self.close_connection = True
        super().__init__(guest, address, None)  # type: ignore[arg-type]

    def setup(self) -> None:
        super().setup()
        within_s = self._proxy.service.guest_timeout_s
        self.rfile.close()
        self.rfile = io.BufferedReader(_Promptly(self.request, within_s))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle(self) -> None:
        self.handle_one_request()

    def log_message(self, format: str, *args: Any) -> None:
        LOG.debug("%s %s", self.client_address[0], format % args)

    def do_GET(self) -> None:
        """Read something."""
        self._forward()

    def do_HEAD(self) -> None:
        """Look whether it is there."""
        self._forward()

    def do_POST(self) -> None:
        """Leave a password."""
        self._forward()

    def do_PUT(self) -> None:
        """The service says itself what it thinks of it."""
        self._forward()

    def _forward(self) -> None:
        address = self.client_address[0]
        port = self._proxy.port_of(self._networks, address)
        if not port:
            LOG.debug("Metadata asked for by %s, no server's", address)
            self._say(404, "This address is no server's.")
            return
        body = self._read_body()
        if body is None:
            return
        headers = {
            # In one line, however it came.
            name: " ".join(value.split())
            for name in _FORWARDED
            if (value := self.headers.get(name))
        }
        headers |= self._proxy.identity(port, address)
        service = self._proxy.connection()
        try:
            service.request(self.command, self.path, body, headers)
            answer = service.getresponse()
        except (ValueError, http.client.InvalidURL):
            # A path or a header that may not be sent on.
            self._say(400, "This is no request.")
            service.close()
            return
        except (OSError, http.client.HTTPException) as error:
            LOG.warning("The metadata service does not answer: %s", error)
            self._say(503, "The metadata service does not answer; try again.")
            service.close()
            return
        try:
            self._return(answer)
        finally:
            service.close()

    def _read_body(self) -> bytes | None:
        """What was sent with it; None where it was refused."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not _LENGTH.fullmatch(
            length
        ):
            self._say(411, "A length must be sent with it.")
            return None
        if int(length) > self._proxy.service.body_bytes:
            self._say(413, "It is larger than anything that may be posted.")
            return None
        body = self.rfile.read(int(length))
        # Less, and the guest has gone.
        return body if len(body) == int(length) else None

    def _return(self, answer: http.client.HTTPResponse) -> None:
        self.connection.settimeout(self._proxy.service.guest_timeout_s)
        self.send_response(answer.status, answer.reason)
        for name in _RETURNED:
            if value := answer.getheader(name):
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        while chunk := answer.read(_CHUNK):
            self.wfile.write(chunk)

    def _say(self, status: int, text: str) -> None:
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


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
