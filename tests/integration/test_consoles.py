# SPDX-License-Identifier: Apache-2.0
"""Consoles of a real guest: its screen in a real browser, its serial port."""

from __future__ import annotations

import base64
import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import libvirt
import pytest
from selenium.webdriver import ActionChains

from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import browser as browsers
from tests.fixtures import consoles
from tests.fixtures import real_cloud as real_clouds
from tests.fixtures.browser import Browser
from tests.fixtures.cloud import Cloud, wait_until

pytestmark = pytest.mark.integration

# Pixels of noVNC's canvas that are not black.
LIT = """
const canvas = document.querySelector('canvas');
if (!canvas || canvas.width < 100) return 0;
const data = canvas.getContext('2d')
    .getImageData(0, 0, canvas.width, canvas.height).data;
let lit = 0;
for (let i = 0; i < data.length; i += 4)
    if (data[i] + data[i + 1] + data[i + 2] > 60) lit++;
return lit;
"""
# Compares the canvas with a picture; calls back with [size, differing].
COMPARE = """
const [picture, done] = arguments;
const image = new Image();
image.onload = () => {
    const shown = document.querySelector('canvas');
    const other = document.createElement('canvas');
    other.width = image.width; other.height = image.height;
    other.getContext('2d').drawImage(image, 0, 0);
    const size = [shown.width, shown.height, image.width, image.height];
    const of = canvas => canvas.getContext('2d')
        .getImageData(0, 0, image.width, image.height).data;
    const a = of(shown), b = of(other);
    let differing = 0;
    for (let i = 0; i < a.length; i += 4)
        if (Math.abs(a[i] - b[i]) + Math.abs(a[i + 1] - b[i + 1])
            + Math.abs(a[i + 2] - b[i + 2]) > 60) differing++;
    done([size, differing]);
};
image.src = picture;
"""
# What becomes of a websocket that this page opens.
OPEN = """
const [url, done] = arguments;
const socket = new WebSocket(url);
socket.onopen = () => done('open');
socket.onclose = () => done('closed');
"""


@pytest.fixture(scope="module")
def real_cloud(
    rabbitmq: RabbitNode, libvirtd: str, tick_image: Path
) -> Iterator[Cloud]:
    """One host whose guests have screens and serial ports."""
    with real_clouds.running(rabbitmq, libvirtd, consoles.settings()) as made:
        real_clouds.use_tick(made, tick_image)
        yield made


@pytest.fixture(scope="module")
def server(real_cloud: Cloud) -> Iterator[str]:
    ident = real_cloud.boot("screen")
    yield ident
    real_cloud.tenant.delete(f"/servers/{ident}")
    real_cloud.wait_gone(ident)


@pytest.fixture(scope="module")
def novnc(real_cloud: Cloud) -> Iterator[consoles.Proxy]:
    """With the noVNC that the packages have."""
    port = int(str(real_cloud.settings["vnc"]["novncproxy_port"]))
    with consoles.proxy(real_cloud, "novncproxy", port) as made:
        yield made


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsers.chromium(tmp_path_factory.mktemp("chromium")) as made:
        yield made


def test_the_screen_in_a_browser(
    real_cloud: Cloud,
    server: str,
    novnc: consoles.Proxy,
    browser: Browser,
    libvirtd: str,
) -> None:
    url = consoles.url_of(real_cloud, server, "vnc")
    browser.get(url)
    wait_until(
        lambda: browser.execute_script(LIT) > 500, 60, "the screen shows text"
    )
    canvas = browser.find_element("css selector", "canvas")
    ActionChains(browser).click(canvas).send_keys("nova keys").perform()
    wait_until(
        lambda: "nova keys" in _letters(_log(real_cloud, server)),
        60,
        "the guest has echoed the keys on its serial port",
    )

    # A guest that stands still, so that two pictures can be the same.
    action = f"/servers/{server}/action"
    real_cloud.tenant.send("POST", action, {"pause": None})
    real_cloud.wait_status(server, "PAUSED")
    wait_until(
        lambda: _differing(browser, libvirtd, server) < 200,
        60,
        "the browser shows what libvirt has",
    )
    real_cloud.tenant.send("POST", action, {"unpause": None})
    real_cloud.wait_status(server, "ACTIVE")

    browser.get(url)
    wait_until(
        lambda: "closed" in _status(browser), 60, "the URL opens once only"
    )
    assert browser.execute_script(LIT) == 0


def _log(cloud: Cloud, server: str) -> str:
    answer = cloud.tenant.post(
        f"/servers/{server}/action", {"os-getConsoleOutput": {}}
    )
    return str(answer["output"])


def _letters(log: str) -> str:
    """Without the dots of each second, which are anywhere."""
    return log.replace(".", "")


def _status(browser: Browser) -> str:
    return browser.find_element("id", "status").text


def _differing(browser: Browser, uri: str, server: str) -> int:
    """Pixels in which the browser and the hypervisor do not agree."""
    kind, picture = _screenshot(uri, server)
    data = base64.b64encode(picture).decode()
    (width, height, *other), differing = browser.execute_async_script(
        COMPARE, f"data:{kind};base64,{data}"
    )
    assert [width, height] == other
    return int(differing)


def _screenshot(uri: str, server: str) -> tuple[str, bytes]:
    connection = libvirt.open(uri)
    try:
        stream = connection.newStream()
        domain = connection.lookupByUUIDString(server)
        kind = domain.screenshot(stream, 0)
        parts: list[bytes] = []
        stream.recvAll(lambda _stream, data, _: parts.append(data), None)
        stream.finish()
    finally:
        connection.close()
    return kind, b"".join(parts)


class _Page(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Nothing."""


@pytest.fixture
def foreign_page() -> Iterator[str]:
    """A page of a site that has another name."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Page) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield f"http://localhost:{site.server_port}/"
        site.shutdown()
        thread.join()


def test_a_foreign_page_opens_nothing(
    real_cloud: Cloud,
    server: str,
    novnc: consoles.Proxy,
    browser: Browser,
    foreign_page: str,
) -> None:
    url = consoles.socket_url(consoles.url_of(real_cloud, server, "vnc"))
    ask = functools.partial(browser.execute_async_script, OPEN, url)
    browser.get(foreign_page)
    assert ask() == "closed"
    browser.get(f"http://127.0.0.1:{novnc.port}/vnc_lite.html?path=none")
    assert ask() == "open"
    assert ask() == "closed"


def test_the_serial_port(real_cloud: Cloud, server: str) -> None:
    port = int(str(real_cloud.settings["serial_console"]["serialproxy_port"]))
    with consoles.proxy(real_cloud, "serialproxy", port):
        url = consoles.url_of(real_cloud, server, "serial")
        opened = consoles.connect(url)
        opened.send_binary(b"hello")  # no q and no r: tick obeys them
        heard: list[bytes] = []

        def answered() -> bool:
            heard.append(consoles.receive(opened, 1))
            return "hello" in _letters(b"".join(heard).decode())

        wait_until(answered, 60, "the guest has echoed it")
        opened.close()
        assert consoles.refusal(url) == 403
        # A port that one has left is there for the next.
        opened = consoles.connect(
            consoles.url_of(real_cloud, server, "serial")
        )
        consoles.receive(opened, 1)
        opened.close()
    assert "hello" in _letters(_log(real_cloud, server))
