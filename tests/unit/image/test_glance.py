# SPDX-License-Identifier: Apache-2.0
"""The port's client against a real server over a real socket."""

from __future__ import annotations

import contextlib
import io
import resource
import socket
import threading
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg
from oslo_context import context as oslo_context
from oslo_log import log as logging

from nova_lite import exception, wsgi_server
from nova_lite.image import api
from tests.fixtures.cloud import wait_until
from tests.unit.embedded.image import serve
from tests.unit.embedded.image.conftest import DATA, Client

LOG = logging.getLogger(__name__)


def test_life_of_an_image(
    images: api.ImageAPI, user: Any, tmp_path: Path
) -> None:
    made = images.create(
        user,
        "snap",
        disk_format="raw",
        container_format="bare",
        min_disk_gb=1,
        min_ram_mb=64,
        visibility="private",
        properties={"hw_cpu_cores": "2", "os_shutdown_timeout": "60"},
    )
    assert (made.status, made.visibility) == ("queued", "private")
    image = images.upload(user, made.id, io.BytesIO(DATA), disk_format="qcow2")
    assert image == images.get(user, made.id)
    assert (image.status, image.size_bytes) == ("active", len(DATA))
    assert (image.min_disk_gb, image.min_ram_mb) == (1, 64)
    assert image.disk_format == "qcow2"
    assert image.owner == "p1"
    assert image.properties == {
        "hw_cpu_cores": "2",
        "os_shutdown_timeout": "60",
    }
    assert image.created_at is not None
    assert image.created_at.tzinfo is not None

    seen: list[tuple[int, str]] = []
    path = tmp_path / "disk"
    path.write_bytes(b"older and longer" * len(DATA))
    images.download(user, made.id, str(path), lambda *a: seen.append(a))
    assert path.read_bytes() == DATA
    assert seen[-1] == (100, "image download")

    changed = images.update(
        user, made.id, name="new", min_disk_gb=2, properties={"a/b": "c"}
    )
    assert (changed.name, changed.min_disk_gb) == ("new", 2)
    assert changed.properties["a/b"] == "c"
    assert changed.properties["hw_cpu_cores"] == "2"
    assert [i.id for i in images.list(user, {"name": "new"})] == [made.id]
    images.delete(user, made.id)
    with pytest.raises(exception.ImageNotFound):
        images.get(user, made.id)


def test_list_goes_through_all_pages(
    images: api.ImageAPI, user: Any, alice: Client
) -> None:
    for n in range(5):
        alice.create(name=f"n{n}")
    found = images.list(user, {"limit": 2, "sort": "name:asc"})
    assert [i.name for i in found] == [f"n{n}" for n in range(5)]


def test_a_daemon_uses_its_own_account(
    images: api.ImageAPI,
    server: serve.Server,
    alice: Client,
    daemon: Any,
    tmp_path: Path,
) -> None:
    image_id = alice.active(visibility="private")["id"]
    before = server.app.logins
    for _ in range(2):
        images.download(daemon, image_id, str(tmp_path / "disk"))
    assert (tmp_path / "disk").read_bytes() == DATA
    assert server.app.logins == before + 1


def test_a_refused_account(images: api.ImageAPI, daemon: Any) -> None:
    cfg.CONF.set_override("password", "wrong", group="service_user")
    with pytest.raises(exception.ServiceUnavailable, match="service_user"):
        images.get(daemon, "x")


def test_no_account(images: api.ImageAPI, daemon: Any) -> None:
    cfg.CONF.set_override("auth_url", None, group="service_user")
    with pytest.raises(exception.ServiceUnavailable, match="auth_url"):
        images.get(daemon, "x")


def test_old_catalogue_and_override(
    images: api.ImageAPI, server: serve.Server, alice: Client
) -> None:
    image_id = alice.create()["id"]
    old = {"publicURL": server.url, "region": "RegionOne"}
    rows = [{"type": "image", "name": "glance", "endpoints": [old]}]
    user = serve.context_of("p1", rows)
    assert images.get(user, image_id).id == image_id
    with pytest.raises(exception.ServiceUnavailable, match="catalogue"):
        images.get(serve.context_of("p1", []), image_id)
    override = server.url + "/v2/"
    cfg.CONF.set_override("endpoint_override", override, group="glance")
    try:
        nobody = serve.context_of("p1", [])
        assert api.load("glance").get(nobody, image_id).id == image_id
    finally:
        cfg.CONF.clear_override("endpoint_override", group="glance")


@pytest.mark.parametrize("image_id", ["", "../x", "a/b", "x?y", "é", "x" * 9])
def test_no_such_image(images: api.ImageAPI, user: Any, image_id: str) -> None:
    with pytest.raises(exception.ImageNotFound):
        images.get(user, image_id)


def test_errors_keep_the_service_s_sentence(
    images: api.ImageAPI, user: Any, alice: Client, server: serve.Server
) -> None:
    active = alice.active(b"x", protected=True)["id"]
    with pytest.raises(exception.Forbidden, match="protected"):
        images.delete(user, active)
    with pytest.raises(exception.Conflict, match="not queued"):
        images.upload(user, active, io.BytesIO(b"y"))
    with pytest.raises(exception.Invalid, match="min_disk"):
        images.update(user, active, min_disk_gb=-1)
    stranger = serve.context_of("p2", server.catalog)
    with pytest.raises(exception.ImageNotFound):
        images.get(stranger, active)


def test_nobody_answers(images: api.ImageAPI) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    rows = serve.catalog(f"http://127.0.0.1:{port}/image")
    cfg.CONF.set_override("num_retries", 0, group="glance")
    try:
        with pytest.raises(exception.ServiceUnavailable):
            images.get(serve.context_of("p1", rows), "x")
    finally:
        cfg.CONF.clear_override("num_retries", group="glance")


def test_damaged_data(
    images: api.ImageAPI,
    user: Any,
    alice: Client,
    configured: Path,
    tmp_path: Path,
) -> None:
    image_id = alice.active()["id"]
    with (configured / "images" / image_id).open("r+b") as stored:
        stored.seek(5000)
        stored.write(b"!")
    with pytest.raises(exception.ImageChecksumMismatch, match="sha512"):
        images.download(user, image_id, str(tmp_path / "disk"))


def test_broken_connection_is_taken_up_again(
    images: api.ImageAPI,
    user: Any,
    alice: Client,
    server: serve.Server,
    tmp_path: Path,
) -> None:
    image_id = alice.active(DATA * 4)["id"]
    asked: list[str | None] = []

    def cut(app: Any, environ: Any, start_response: Any) -> Iterable[bytes]:
        body = app(environ, start_response)
        if not environ["PATH_INFO"].endswith("/file"):
            return body
        asked.append(environ.get("HTTP_RANGE"))
        if len(asked) > 1:
            return body
        return broken(body)

    def broken(body: Iterable[bytes]) -> Iterable[bytes]:
        for count, chunk in enumerate(body):
            if count == 9:
                raise OSError("the server's connection breaks")
            yield chunk

    server.app.around = cut
    try:
        images.download(user, image_id, str(tmp_path / "disk"))
    finally:
        server.app.around = None
    assert (tmp_path / "disk").read_bytes() == DATA * 4
    assert asked[0] is None
    assert str(asked[1]).startswith("bytes=")
    assert len(asked) == 2


def test_no_space_here(
    images: api.ImageAPI, user: Any, alice: Client, tmp_path: Path
) -> None:
    image_id = alice.active(DATA * 5)["id"]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * len(DATA), limits[1]))
    try:
        with pytest.raises(exception.DiskFull):
            images.download(user, image_id, str(tmp_path / "disk"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with pytest.raises(exception.ImageDownloadFailed):
        images.download(user, image_id, str(tmp_path / "no" / "disk"))


def test_local_path(
    images: api.ImageAPI, alice: Client, configured: Path
) -> None:
    image_id = alice.active()["id"]
    found = images.local_path(image_id)
    assert found == str(configured / "images" / image_id)
    assert Path(found).read_bytes() == DATA
    assert images.local_path(alice.create()["id"]) is None


def test_unknown_client() -> None:
    with pytest.raises(exception.ConfigurationError, match="nosuch"):
        api.load("nosuch")


def test_upload_tells_how_far_it_is_and_can_be_stopped(
    images: api.ImageAPI, user: Any
) -> None:
    """What the callback raises ends it, and the image waits again."""
    data = b"x" * (5 * 1024 * 1024 // 2)
    chosen = str(uuid.uuid4())
    made = images.create(
        user,
        "shot",
        disk_format="raw",
        container_format="bare",
        image_id=chosen,
    )
    assert made.id == chosen
    with pytest.raises(exception.Conflict):
        images.create(user, "again", image_id=chosen)
    seen: list[tuple[int, str]] = []

    class Stop(Exception):
        pass

    def stop(percent: int, what: str) -> None:
        seen.append((percent, what))
        if len(seen) == 2:
            raise Stop

    with pytest.raises(Stop):
        images.upload(user, chosen, io.BytesIO(data), progress=stop)
    assert seen == [(40, "image upload"), (80, "image upload")]

    def note(percent: int, what: str) -> None:
        seen.append((percent, what))

    def again() -> api.Image | None:
        seen.clear()
        # Until the service has noticed, it is its upload that goes on.
        with contextlib.suppress(exception.Conflict):
            return images.upload(user, chosen, io.BytesIO(data), progress=note)
        return None

    done = wait_until(again, 10, "it is queued again")
    assert (done.status, done.size_bytes) == ("active", len(data))
    assert [percent for percent, _ in seen] == [40, 80, 100]


def test_shared_with_another_project(images: api.ImageAPI, user: Any) -> None:
    made = images.create(user, "for p2", visibility="shared")
    other = serve.context_of("p2", user.service_catalog)
    with pytest.raises(exception.ImageNotFound):
        images.get(other, made.id)
    for _ in range(2):
        images.add_member(user, made.id, "p2")
    assert images.get(other, made.id).id == made.id


def test_a_server_may_ask_itself(
    images: api.ImageAPI, server: serve.Server, alice: Client, tmp_path: Path
) -> None:
    """One thread is enough for a request that needs another request."""
    image_id = alice.active()["id"]
    path = tmp_path / "disk"
    threads: set[int] = set()

    def outer(environ: Any, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/image"):
            threads.add(threading.get_ident())
            return server.app(environ, start_response)
        mine = serve.context_of("p1", serve.catalog(f"{base}/image"))
        threads.add(threading.get_ident())
        images.upload(
            mine,
            images.create(
                mine, "n", disk_format="raw", container_format="bare"
            ).id,
            io.BytesIO(DATA),
        )
        images.download(mine, image_id, str(path))
        current = oslo_context.get_current()
        same = current is not None and current.request_id == mine.request_id
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(same).encode()]

    with socket.create_server(("127.0.0.1", 0)) as sock:
        base = f"http://127.0.0.1:{sock.getsockname()[1]}"
        images.serve_locally("/image", outer)
        stop = wsgi_server.serve(sock, outer, 1, LOG)
        try:
            answer = Client(base, "p1")("GET", "/outer")
        finally:
            stop()
    assert (answer.status_code, answer.text) == (200, "True")
    assert path.read_bytes() == DATA
    assert len(threads) == 1
    assert len(alice.names("name=n")) == 1
