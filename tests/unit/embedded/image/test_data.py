# SPDX-License-Identifier: Apache-2.0
"""Upload and download, and what crashes and broken clients leave."""

from __future__ import annotations

import hashlib
import resource
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from oslo_config import cfg

from nova_lite.embedded.image.store import Store
from tests.unit.embedded.image import serve
from tests.unit.embedded.image.conftest import DATA, Client
from tests.unit.embedded.image.serve import Server


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"timed out: {what}"
        time.sleep(0.01)


def begin_upload(url: str, token: str, image_id: str) -> socket.socket:
    """Send the head and a part of an upload, and leave it open."""
    parts = urlsplit(url)
    sock = socket.create_connection((parts.hostname or "", parts.port or 0))
    head = (
        f"PUT {parts.path}/v2/images/{image_id}/file HTTP/1.1\r\n"
        f"Host: {parts.netloc}\r\nX-Auth-Token: {token}\r\n"
        "Content-Type: application/octet-stream\r\n"
        f"Content-Length: {10 * len(DATA)}\r\n\r\n"
    )
    sock.sendall(head.encode() + DATA)
    return sock


def test_round_trip(alice: Client, configured: Path) -> None:
    shown = alice.active()
    assert shown["status"] == "active"
    assert shown["size"] == len(DATA)
    assert shown["checksum"] == hashlib.md5(DATA).hexdigest()
    assert shown["os_hash_algo"] == "sha512"
    assert shown["os_hash_value"] == hashlib.sha512(DATA).hexdigest()
    answer = alice("GET", f"/v2/images/{shown['id']}/file")
    assert answer.content == DATA
    assert answer.headers["Content-MD5"] == shown["checksum"]
    assert answer.headers["Content-Type"] == "application/octet-stream"
    path = configured / "images" / shown["id"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_chunked_upload(alice: Client) -> None:
    image = alice.create()
    pieces = (DATA[at : at + 70000] for at in range(0, len(DATA), 70000))
    assert alice.put(image["id"], pieces).status_code == 204
    assert alice.show(image["id"])["size"] == len(DATA)


def test_virtual_size(alice: Client, tmp_path: Path) -> None:
    assert alice.active(b"12345")["virtual_size"] == 5
    path = tmp_path / "disk.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", str(path), "3G"],
        check=True,
    )
    shown = alice.active(path.read_bytes(), disk_format="qcow2")
    assert shown["virtual_size"] == 3 * 1024**3
    shown = alice.active(b"no qcow2 at all", disk_format="qcow2")
    assert shown["virtual_size"] is None


def test_empty_image(alice: Client) -> None:
    shown = alice.active(b"")
    assert (shown["status"], shown["size"]) == ("active", 0)
    assert alice("GET", f"/v2/images/{shown['id']}/file").content == b""


@pytest.mark.parametrize(
    ("asked", "status", "start", "stop"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=1000000-", 206, 1000000, len(DATA)),
        ("bytes=-5", 206, len(DATA) - 5, len(DATA)),
        ("bytes=10-99999999", 206, 10, len(DATA)),
    ],
)
def test_range(
    alice: Client, asked: str, status: int, start: int, stop: int
) -> None:
    image_id = alice.active()["id"]
    answer = alice(
        "GET", f"/v2/images/{image_id}/file", headers={"Range": asked}
    )
    assert answer.status_code == status
    assert answer.content == DATA[start:stop]
    assert (
        answer.headers["Content-Range"]
        == f"bytes {start}-{stop - 1}/{len(DATA)}"
    )
    beyond = alice(
        "GET",
        f"/v2/images/{image_id}/file",
        headers={"Range": f"bytes={len(DATA)}-"},
    )
    assert beyond.status_code == 416


def test_upload_refuses(alice: Client, bob: Client) -> None:
    image = alice.create()
    answer = alice.put(image["id"], b"x", **{"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert bob.put(image["id"], b"x").status_code == 404
    bare = alice("POST", "/v2/images", json={"name": "bare"}).json()
    assert alice.put(bare["id"], b"x").status_code == 400
    assert alice.put(image["id"], b"x").status_code == 204
    assert alice.put(image["id"], b"y").status_code == 409
    assert alice("GET", f"/v2/images/{image['id']}/file").content == b"x"
    assert alice("GET", f"/v2/images/{bare['id']}/file").status_code == 204


def test_upload_of_the_wrong_size(alice: Client) -> None:
    image = alice.create()
    said = {"X-OpenStack-Image-Size": "6"}
    assert alice.put(image["id"], b"12345", **said).status_code == 400
    assert alice.show(image["id"])["status"] == "queued"
    assert alice.put(image["id"], b"123456", **said).status_code == 204


@pytest.mark.parametrize("chunked", [False, True])
def test_size_cap(server: Server, configured: Path, chunked: bool) -> None:
    cfg.CONF.set_override("image_size_cap", 100, group="image")
    try:
        with serve.running() as capped:
            alice = Client(capped.url, "p1")
            image = alice.create()
            data = b"x" * 101
            answer = alice.put(image["id"], iter([data]) if chunked else data)
            assert answer.status_code == 413
            assert "100 bytes" in answer.text
            assert alice.show(image["id"])["status"] == "queued"
            assert list(configured.glob("images/*")) == []
            assert alice.put(image["id"], b"x" * 100).status_code == 204
    finally:
        cfg.CONF.clear_override("image_size_cap", group="image")


def test_full_disk(alice: Client, configured: Path) -> None:
    image = alice.create()
    # The kernel refuses to let any file of this process grow further.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(
        resource.RLIMIT_FSIZE, (4 * len(DATA) + 1000, limits[1])
    )
    try:
        answer = alice.put(image["id"], DATA * 5)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert answer.status_code == 413
    assert "no space" in answer.text
    assert alice.show(image["id"])["status"] == "queued"
    assert list((configured / "images").iterdir()) == []
    assert alice.put(image["id"], DATA * 5).status_code == 204


def test_delete_removes_the_data(alice: Client, configured: Path) -> None:
    image_id = alice.active()["id"]
    assert alice("DELETE", f"/v2/images/{image_id}").status_code == 204
    assert list((configured / "images").iterdir()) == []


def test_lost_data_is_a_sentence(alice: Client, configured: Path) -> None:
    image_id = alice.active()["id"]
    (configured / "images" / image_id).unlink()
    answer = alice("GET", f"/v2/images/{image_id}/file")
    assert answer.status_code == 500
    assert "cannot be read" in answer.text


# --- interrupted uploads, in a process of its own, in both modes -------------


class Process:
    """The service as a process that can be killed and started again."""

    def __init__(self, mode: str, directory: Path) -> None:
        self._command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "tests.unit.embedded.image.serve",
            mode,
            str(directory),
        ]
        self._log = (directory / "log").open("ab")
        self.start()

    def start(self) -> None:
        self._child = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=self._log
        )
        assert self._child.stdout is not None
        self.url = self._child.stdout.readline().decode().strip()
        assert self.url
        self.alice = Client(self.url, "p1")

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def close(self) -> None:
        self.kill()
        self._log.close()


@pytest.fixture(params=["eventlet", "threading"])
def process(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Process]:
    running = Process(request.param, tmp_path)
    yield running
    running.close()


def test_interruptions(process: Process, tmp_path: Path) -> None:
    alice = process.alice
    store = tmp_path / "images"
    image_id = alice.create()["id"]
    part = store / f"{image_id}.part"

    def half_way() -> bool:
        return part.exists() and part.stat().st_size >= len(DATA)

    def status() -> str:
        return str(process.alice.show(image_id)["status"])

    # The client goes away.
    sock = begin_upload(process.url, "p1", image_id)
    wait_for(half_way, "the part file")
    assert status() == "saving"
    assert alice.put(image_id, b"x").status_code == 409
    sock.close()
    wait_for(lambda: status() == "queued", "queued after an abort")
    wait_for(lambda: not part.exists(), "the part file to go")

    # The service is killed.
    sock = begin_upload(process.url, "p1", image_id)
    wait_for(half_way, "the part file")
    process.kill()
    sock.close()
    assert part.exists()
    process.start()
    assert status() == "queued"
    assert list(store.iterdir()) == []

    # The image is deleted meanwhile.
    sock = begin_upload(process.url, "p1", image_id)
    wait_for(half_way, "the part file")
    path = f"/v2/images/{image_id}"
    assert process.alice("DELETE", path).status_code == 204
    assert process.alice("GET", path).status_code == 404
    sock.sendall(DATA * 9)
    assert b" 404 " in sock.recv(1000).split(b"\r\n")[0]
    sock.close()
    assert list(store.iterdir()) == []


def test_sweep(alice: Client, configured: Path, server: Server) -> None:
    from nova_lite.db import session as db
    from nova_lite.db.repositories import image as images_db
    from nova_lite.embedded.image import data

    directory = configured / "images"
    store = Store(str(directory))
    kept = alice.active(name="kept")["id"]
    half = alice.create(name="half")["id"]
    gone = alice.active(name="gone")["id"]
    live = alice.create(name="live")["id"]
    with db.writer() as session:
        images_db.swap_status(session, half, "queued", "saving")
        images_db.swap_status(session, gone, "active", "deleted")
    (directory / f"{half}.part").write_bytes(b"x")
    (directory / f"{kept}.part").write_bytes(b"x")
    stranger = "11111111-2222-4333-8444-555555555555"
    (directory / stranger).write_bytes(b"x")
    (directory / "notes.txt").write_bytes(b"x")
    sock = begin_upload(server.url, "p1", live)
    wait_for((directory / f"{live}.part").exists, "the live upload")

    data.sweep(store)

    # What is not known as ours stays; a running upload goes on.
    assert {p.name for p in directory.iterdir()} == {
        kept,
        f"{live}.part",
        stranger,
        "notes.txt",
    }
    with db.reader() as session:
        assert images_db.statuses(session) == {
            kept: "active",
            half: "queued",
            live: "saving",
        }
    sock.close()
    wait_for(lambda: alice.show(live)["status"] == "queued", "the end of live")
