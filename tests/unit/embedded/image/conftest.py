# SPDX-License-Identifier: Apache-2.0
"""A running image service and small clients of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from oslo_config import cfg

from nova_lite.db import session as db
from nova_lite.db.models import image as models
from tests.unit.embedded.image import serve

DATA = bytes(range(256)) * 4096  # 1 MiB


class Client:
    """Plain requests with one token, relative to the service's URL."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["X-Auth-Token"] = token

    def __call__(
        self, method: str, path: str, **kwargs: Any
    ) -> requests.Response:
        return self.session.request(
            method, self.url + path, timeout=20, **kwargs
        )

    def create(self, **body: Any) -> dict[str, Any]:
        """A queued image, ready for data."""
        body = {"disk_format": "raw", "container_format": "bare", **body}
        answer = self("POST", "/v2/images", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def put(
        self, image_id: str, data: Any, **headers: str
    ) -> requests.Response:
        """An upload."""
        headers = {"Content-Type": "application/octet-stream", **headers}
        return self(
            "PUT", f"/v2/images/{image_id}/file", data=data, headers=headers
        )

    def active(self, data: bytes = DATA, **body: Any) -> dict[str, Any]:
        """An image with its data."""
        image = self.create(**body)
        answer = self.put(image["id"], data)
        assert answer.status_code == 204, answer.text
        return self.show(image["id"])

    def show(self, image_id: str) -> dict[str, Any]:
        answer = self("GET", f"/v2/images/{image_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def names(self, query: str = "") -> list[str]:
        """Names of a list."""
        answer = self("GET", f"/v2/images?{query}")
        assert answer.status_code == 200, answer.text
        return [row["name"] for row in answer.json()["images"]]

    def patch(
        self, image_id: str, *changes: dict[str, Any]
    ) -> requests.Response:
        """A JSON patch."""
        kind = "application/openstack-images-v2.1-json-patch"
        return self(
            "PATCH",
            f"/v2/images/{image_id}",
            json=list(changes),
            headers={"Content-Type": kind},
        )


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("state")
    serve.configure(str(directory))
    yield directory
    db.dispose()
    cfg.CONF.reset()
    cfg.CONF.clear_override("state_path")


@pytest.fixture(scope="module")
def running(configured: Path) -> Iterator[serve.Server]:
    with serve.running() as server:
        yield server


@pytest.fixture
def server(running: serve.Server, configured: Path) -> serve.Server:
    """The module's server, with no image in it."""
    with db.writer() as session:
        session.execute(sa.delete(models.Image))
    shutil.rmtree(configured / "images", ignore_errors=True)
    return running


@pytest.fixture
def client(server: serve.Server) -> Callable[[str], Client]:
    """Clients by their token: ``client("p1")``, ``client("ops:admin")``."""
    return lambda token: Client(server.url, token)


@pytest.fixture
def alice(client: Callable[[str], Client]) -> Client:
    return client("p1")


@pytest.fixture
def bob(client: Callable[[str], Client]) -> Client:
    return client("p2")


@pytest.fixture
def admin(client: Callable[[str], Client]) -> Client:
    return client("ops:admin")
