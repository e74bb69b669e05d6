# SPDX-License-Identifier: Apache-2.0
"""A client that costs next to nothing: raw sockets, several at a time.

The benchmark shares its processors with the daemons that it measures. So
all clients are connections of one single-threaded process: each keeps one
request under way, a selector tells which has its answer, and of an answer
only the head is read. That is some 30 microseconds of client for a request.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body, and the seconds from the first byte to the last."""

    status: int
    body: bytes
    took_s: float

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class _Connection:
    """One kept connection with at most one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address, 120)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._begun = 0.0

    def send(self, request: bytes) -> None:
        self._received.clear()
        self._begun = time.perf_counter()
        self.sock.sendall(request)

    def receive(self) -> Answer | None:
        """The answer when it is there whole."""
        data = self.sock.recv(1 << 18)
        if not data:
            raise ConnectionError("the API closed the connection")
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self._received[:end]).lower()
        begin = head.find(b"\r\ncontent-length:")
        length = int(head[begin + 17 :].split(b"\r\n")[0]) if begin > 0 else 0
        if len(self._received) < end + 4 + length:
            return None
        took = time.perf_counter() - self._begun
        return Answer(
            int(head.split(b" ", 2)[1]), bytes(self._received[end + 4 :]), took
        )


class Clients:
    """A token's requests, over as many connections as are asked for."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._address = (host, port)
        self._head = (
            f" HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"X-Auth-Token: {token}\r\n"
            "OpenStack-API-Version: compute 2.37\r\n"
            "Accept: application/json\r\n"
        )
        self._idle: list[_Connection] = []

    def request(self, method: str, path: str, body: Any = None) -> bytes:
        """The bytes of a request below /v2.1."""
        text = f"{method} /v2.1{path}{self._head}"
        if body is None:
            return f"{text}\r\n".encode()
        data = json.dumps(body).encode()
        return (
            f"{text}Content-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        ).encode() + data

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """One request and its answer, whatever its status."""
        connection = self._take()
        connection.send(self.request(method, path, body))
        while (answer := connection.receive()) is None:
            continue
        self._idle.append(connection)
        return answer

    def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        return _checked(self.send("GET", path)).json

    def post(self, path: str, body: Any) -> Any:
        """The JSON of a POST that must succeed."""
        return _checked(self.send("POST", path, body)).json

    def rush(self, requests: Sequence[bytes], clients: int) -> list[Answer]:
        """Send them all over ``clients`` connections; each must succeed."""
        answers: list[Answer] = []
        left = iter(requests)
        with selectors.DefaultSelector() as selector:
            for _ in range(clients):
                self._next(self._take(), left, selector)
            while selector.get_map():
                for key, _ in selector.select():
                    answer = key.data.receive()
                    if answer is not None:
                        answers.append(_checked(answer))
                        selector.unregister(key.fileobj)
                        self._next(key.data, left, selector)
        return answers

    def close(self) -> None:
        """Close what is open."""
        for connection in self._idle:
            connection.sock.close()
        self._idle.clear()

    def _take(self) -> _Connection:
        return self._idle.pop() if self._idle else _Connection(self._address)

    def _next(
        self,
        connection: _Connection,
        left: Iterator[bytes],
        selector: selectors.BaseSelector,
    ) -> None:
        request = next(left, None)
        if request is None:
            self._idle.append(connection)
            return
        connection.send(request)
        selector.register(connection.sock, selectors.EVENT_READ, connection)


def _checked(answer: Answer) -> Answer:
    if answer.status >= 400:
        raise RuntimeError(f"{answer.status}: {answer.body[:500]!r}")
    return answer
