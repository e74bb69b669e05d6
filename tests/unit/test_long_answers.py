# SPDX-License-Identifier: Apache-2.0
"""A long answer whose client reads nothing does not hold up a stop."""

from __future__ import annotations

import subprocess
import sys

# eventlet patches everything, so this has its own process.
PROGRAM = """
from nova_lite import concurrency
concurrency.setup(concurrency.EVENTLET)
import logging, socket, threading, time
from nova_lite import wsgi_server

writing = threading.Event()

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    def body():
        with wsgi_server.long_answer(environ):
            for number in range(1000):
                if number == 1:
                    writing.set()
                yield b"x" * 1000000
    return body()

sock = socket.create_server(("127.0.0.1", 0))
stop = wsgi_server.serve(sock, app, 4, logging.getLogger())
client = socket.create_connection(sock.getsockname())
client.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
assert writing.wait(30)
began = time.monotonic()
stop()
print(time.monotonic() - began)
"""


def test_nobody_reads() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 15
