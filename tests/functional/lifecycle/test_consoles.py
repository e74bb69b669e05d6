# SPDX-License-Identifier: Apache-2.0
"""Consoles through both proxies, with a guest that greets and answers."""

from __future__ import annotations

import datetime
import hashlib
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib import parse

import pytest
import requests
import websocket

from nova_lite.db.models.base import now
from nova_lite.supervisor import system
from tests.fixtures import consoles
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.consoles import Proxy, url_of

PAGE = "<html>a page</html>"


@pytest.fixture(scope="module")
def guest(cloud: Cloud) -> Iterator[None]:
    """What every guest's console is."""
    with consoles.fake_guest(int(str(cloud.settings["fake"]["console_port"]))):
        yield


@pytest.fixture(scope="module")
def novnc(
    cloud: Cloud, guest: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    web = tmp_path_factory.mktemp("web")
    (web / "vnc_lite.html").write_text(PAGE)
    (web / "core").mkdir()
    port = int(str(cloud.settings["vnc"]["novncproxy_port"]))
    more = {
        "DEFAULT": {"web": web},
        "console": {"allowed_origins": "dashboard.example"},
    }
    with consoles.proxy(cloud, "novncproxy", port, more) as made:
        yield made


@pytest.fixture
def server(cloud: Cloud) -> str:
    return cloud.boot("screen")


def test_a_screen_opens_once(cloud: Cloud, novnc: Proxy, server: str) -> None:
    page = url_of(cloud, server, "vnc")
    answer = requests.get(page, timeout=30)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["Referrer-Policy"] == "no-referrer"

    url = consoles.socket_url(page)
    opened = consoles.connect(url, subprotocols=["binary"])
    assert opened.getsubprotocol() == "binary"
    assert consoles.receive(opened, 12) == consoles.GREETING
    opened.send_binary(b"a key")
    assert consoles.receive(opened, 5) == b"A KEY"
    # What is longer than any buffer on the way.
    long = b"x" * 300_000
    opened.send_binary(long)
    assert consoles.receive(opened, len(long)) == long.upper()

    assert consoles.refusal(url) == 403
    opened.send_binary(b"still")
    assert consoles.receive(opened, 5) == b"STILL"
    opened.close()
    assert consoles.refusal(url) == 403


def test_only_a_hash_of_the_token_is_kept(
    cloud: Cloud, novnc: Proxy, server: str
) -> None:
    url = consoles.socket_url(url_of(cloud, server, "vnc"))
    token = parse.parse_qs(parse.urlsplit(url).query)["token"][0]
    kept = cloud.ledger.console_tokens()
    assert hashlib.sha256(token.encode()).hexdigest() in kept
    assert token not in kept
    shown = cloud.admin.get(f"/os-console-auth-tokens/{token}", version="2.31")
    assert shown["console"]["instance_uuid"] == server
    consoles.connect(url).close()
    assert not novnc.daemon.says(token)
    answer = cloud.admin.send(
        "GET", f"/os-console-auth-tokens/{token}", version="2.31"
    )
    assert answer.status_code == 404


def test_whoever_has_no_right_is_refused(
    cloud: Cloud, novnc: Proxy, server: str
) -> None:
    base = f"ws://127.0.0.1:{novnc.port}/"
    assert consoles.refusal(base) == 403
    assert consoles.refusal(f"{base}?token=") == 403
    assert consoles.refusal(f"{base}?token={'0' * 36}") == 403
    # A token of a serial port opens no screen, and is lost.
    serial = url_of(cloud, server, "serial")
    assert consoles.refusal(base + serial[serial.index("?") :]) == 403


def test_foreign_pages_are_refused(
    cloud: Cloud, novnc: Proxy, server: str
) -> None:
    url = consoles.socket_url(url_of(cloud, server, "vnc"))
    own = f"http://127.0.0.1:{novnc.port}"
    for origin in (
        "http://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "http://[::1",
    ):
        assert consoles.refusal(url, origin=origin) == 403, origin
    # None of them has used the token up.
    consoles.connect(url, origin=own).close()
    url = consoles.socket_url(url_of(cloud, server, "vnc"))
    consoles.connect(url, origin="http://dashboard.example:8080").close()
    # A page that is safer or less safe than the console's URL says.
    url = consoles.socket_url(url_of(cloud, server, "vnc"))
    assert consoles.refusal(url, origin="https://127.0.0.1") == 403


def test_tokens_end_with_time_and_server(
    cloud: Cloud, novnc: Proxy, server: str
) -> None:
    old, used, kept = (
        consoles.socket_url(url_of(cloud, server, "vnc")) for _ in range(3)
    )
    cloud.ledger.end_console_token(_hash(old), now())
    assert consoles.refusal(old) == 403
    consoles.connect(used).close()
    cloud.tenant.delete(f"/servers/{server}")
    cloud.wait_gone(server)
    assert consoles.refusal(kept) == 403


def _hash(url: str) -> str:
    token = parse.parse_qs(parse.urlsplit(url).query)["token"][0]
    return hashlib.sha256(token.encode()).hexdigest()


def test_expired_tokens_are_removed(cloud: Cloud, server: str) -> None:
    url = consoles.socket_url(url_of(cloud, server, "vnc"))
    cloud.ledger.end_console_token(_hash(url), now())
    wait_until(
        lambda: _hash(url) not in cloud.ledger.console_tokens(),
        30,
        "the token is removed",
    )


def test_stopped_and_paused_guests(
    cloud: Cloud, novnc: Proxy, server: str
) -> None:
    action = f"/servers/{server}/action"
    cloud.tenant.send("POST", action, {"pause": None})
    cloud.wait_status(server, "PAUSED")
    consoles.connect(consoles.socket_url(url_of(cloud, server, "vnc"))).close()
    cloud.tenant.send("POST", action, {"unpause": None})
    cloud.wait_status(server, "ACTIVE")
    url = consoles.socket_url(url_of(cloud, server, "vnc"))
    cloud.tenant.send("POST", action, {"os-stop": None})
    cloud.wait_status(server, "SHUTOFF")
    # The port may be another guest's now.
    assert consoles.refusal(url) == 403
    answer = cloud.tenant.send(
        "POST",
        f"/servers/{server}/remote-consoles",
        {"remote_console": {"protocol": "vnc", "type": "novnc"}},
        version="2.6",
    )
    assert answer.status_code == 409
    assert "is not ready" in answer.text


def test_what_the_pages_are_served_from(novnc: Proxy) -> None:
    base = f"http://127.0.0.1:{novnc.port}"
    for path in ("/", "/core/", "/none", "/..%2f..%2fetc/passwd", "/%00"):
        answer = requests.get(base + path, timeout=30)
        assert answer.status_code == 404, path
        assert "Traceback" not in answer.text
    assert requests.post(base, data=b"x", timeout=30).status_code == 501
    assert "Python" not in requests.get(base, timeout=30).headers["Server"]


def test_the_old_actions(cloud: Cloud, novnc: Proxy, server: str) -> None:
    answer = cloud.tenant.post(
        f"/servers/{server}/action",
        {"os-getVNCConsole": {"type": "novnc"}},
        version="2.1",
    )
    opened = consoles.connect(consoles.socket_url(answer["console"]["url"]))
    assert consoles.receive(opened, 12) == consoles.GREETING
    opened.close()


def test_a_killed_proxy_and_one_that_stops(
    cloud: Cloud, novnc: Proxy, server: str
) -> None:
    opened = consoles.connect(
        consoles.socket_url(url_of(cloud, server, "vnc"))
    )
    consoles.receive(opened, 12)
    url = consoles.socket_url(url_of(cloud, server, "vnc"))
    novnc.daemon.kill()
    with pytest.raises((websocket.WebSocketException, OSError)):
        consoles.receive(opened, 1)
    opened.shutdown()
    novnc.start()
    # A token that nobody has used is worth as much as before.
    opened = consoles.connect(url)
    consoles.receive(opened, 12)
    novnc.daemon.signal(signal.SIGTERM)
    assert novnc.daemon.wait(60) == 0
    opened.shutdown()
    novnc.start()


def test_a_serial_port_with_tls(
    cloud: Cloud, guest: None, server: str, tmp_path: Path
) -> None:
    port = system.free_port()
    files = consoles.certificate(tmp_path)
    cert = str(files["cert"])
    more = {
        "DEFAULT": {"ssl_only": True, **files},
        "serial_console": {"serialproxy_port": port},
        "consoleauth": {"enforce_session_timeout": True},
    }
    with consoles.proxy(cloud, "serialproxy", port, more):
        plain = consoles.socket_url_of_port(
            port, url_of(cloud, server, "serial")
        )
        with pytest.raises((websocket.WebSocketException, OSError)):
            consoles.connect(plain)
        # The first is long enough, unless this machine is busy.
        assert any(
            _ends_with_its_token(cloud, server, port, cert, lasts_s)
            for lasts_s in (3, 10, 30)
        )
        page = requests.get(
            f"https://127.0.0.1:{port}/", timeout=30, verify=cert
        )
        assert page.status_code == 405


def _ends_with_its_token(
    cloud: Cloud, server: str, port: int, cert: str, lasts_s: int
) -> bool:
    """Whether a session was there, and ended when its token did.

    False when the token ended before the session had begun.
    """
    url = url_of(cloud, server, "serial")
    soon = now() + datetime.timedelta(seconds=lasts_s)
    cloud.ledger.end_console_token(_hash(url), soon)
    secure = consoles.socket_url_of_port(port, url, "wss")
    try:
        opened = consoles.connect(secure, sslopt={"ca_certs": cert})
    except websocket.WebSocketBadStatusException:
        return False
    said = b""
    try:
        opened.send_binary(b"login")
        opcode, data = opened.recv_data()
        while opcode != websocket.ABNF.OPCODE_CLOSE:
            said += data
            opcode, data = opened.recv_data()
    except (websocket.WebSocketException, OSError):
        return False
    finally:
        opened.shutdown()
    assert (consoles.GREETING + b"LOGIN").startswith(said)
    return said.endswith(b"LOGIN")
