# SPDX-License-Identifier: Apache-2.0
"""One request of a guest for metadata, as it goes on to the service.

Called in a thread of netd.metadata_proxy, which knows where it came from. It
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
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from oslo_log import log

from nova_lite.network.wanted import WantedPort

LOG = log.getLogger(__name__)

_CHUNK = 1 << 16
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

    def connect(self) -> http.client.HTTPConnection:
        """To the metadata service, not connected yet."""
        if self.protocol != "https":
            return http.client.HTTPConnection(
                self.host, self.port, timeout=self.timeout_s
            )
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(
            self.host,
            self.port,
            timeout=self.timeout_s,
            context=context,
        )

    def identity(self, port: WantedPort, address: str) -> dict[str, str]:
        """The headers that say whose request it is."""
        signature = hmac.new(
            self.shared_secret.encode(),
            port.device_id.encode(),
            hashlib.sha256,
        )
        return {
            "X-Forwarded-For": address,
            "X-Instance-ID": port.device_id,
            "X-Tenant-ID": port.project_id,
            "X-Instance-ID-Signature": signature.hexdigest(),
        }


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


class Request(BaseHTTPRequestHandler):
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
        service: Service,
        find: Callable[[str], WantedPort | None],
    ) -> None:
        """``find``: the server's port that has an address there."""
        self._service = service
        self._find = find
        # A guest that asks again comes by a new connection: none is held
        # while nobody asks.
        self.close_connection = True
        super().__init__(guest, address, None)  # type: ignore[arg-type]

    def setup(self) -> None:
        super().setup()
        within_s = self._service.guest_timeout_s
        self.rfile.close()
        self.rfile = io.BufferedReader(_Promptly(self.request, within_s))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle(self) -> None:
        self.handle_one_request()

    def log_message(self, format: str, *args: Any) -> None:
        # A guest's own words, whatever is in them.
        LOG.debug("%s %r", self.client_address[0], format % args)

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
        port = self._find(address)
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
        headers |= self._service.identity(port, address)
        service = self._service.connect()
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
        if int(length) > self._service.body_bytes:
            self._say(413, "It is larger than anything that may be posted.")
            return None
        body = self.rfile.read(int(length))
        # Less, and the guest has gone.
        return body if len(body) == int(length) else None

    def _return(self, answer: http.client.HTTPResponse) -> None:
        self.connection.settimeout(self._service.guest_timeout_s)
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
