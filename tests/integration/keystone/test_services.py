# SPDX-License-Identifier: Apache-2.0
"""Tokens, catalogue, roles and images of the real services."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from oslo_config import cfg

from nova_lite import conf, context, exception
from nova_lite.image import api as image_api
from nova_lite.supervisor import system
from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.daemon import Daemon
from tests.fixtures.event_stream import EventStream
from tests.fixtures.keystone import ADMIN_PASSWORD, Keystone
from tests.fixtures.openstack_services import write_ini
from tests.integration.keystone.conftest import Site, settings

# The first run makes the environment of the services.
pytestmark = pytest.mark.timeout(900)

_TOKENS = "/identity/v3/auth/tokens"


def _stock_client(site: Site, *words: str) -> Any:
    """The openstack command; what it says as JSON, or nothing."""
    environment = {k: v for k, v in os.environ.items() if k[:3] != "OS_"} | {
        "OS_AUTH_URL": site.keystone.v3,
        "OS_USERNAME": "admin",
        "OS_PASSWORD": ADMIN_PASSWORD,
        "OS_PROJECT_NAME": "admin",
        "OS_USER_DOMAIN_ID": "default",
        "OS_PROJECT_DOMAIN_ID": "default",
        "OS_COMPUTE_API_VERSION": "2.96",
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        [str(Path(sys.executable).with_name("openstack")), *words],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "json" in words else None


def test_the_stock_client(site: Site, tmp_path: Path) -> None:
    """From the catalogue, with an image of its own, to ACTIVE and gone."""
    as_json = ("-f", "json")
    catalog = _stock_client(site, "catalog", "list", *as_json)
    assert {row["Type"] for row in catalog} >= {"identity", "image", "compute"}
    data = tmp_path / "disk.raw"
    data.write_bytes(os.urandom(4096))
    name = f"own-{uuid.uuid4().hex[:8]}"
    made = _stock_client(
        site,
        *("image", "create", "--disk-format", "raw"),
        *("--container-format", "bare", "--private"),
        *("--file", str(data), name, *as_json),
    )
    assert made["status"] == "active"
    server = _stock_client(
        site,
        *("server", "create", "--image", name, "--flavor", "tiny"),
        *("--no-network", "--wait", name, *as_json),
    )
    assert server["status"] == "ACTIVE"
    _stock_client(site, "server", "delete", "--wait", name)
    assert site.cloud.tenant.get("/servers")["servers"] == []


def test_roles_of_two_projects(site: Site) -> None:
    cloud = site.cloud
    reader = cloud.new_user("ruth", "demo", "reader")
    stranger = cloud.new_user("bob", "other", "member")
    ident = cloud.boot("of-demo")
    path = f"/servers/{ident}"

    assert reader.get(path)["server"]["id"] == ident
    reader.refusal(403, "DELETE", path)
    reader.refusal(403, "POST", "/servers", cloud.body("no"))
    stranger.refusal(404, "GET", path)
    stranger.refusal(404, "DELETE", path)
    stranger.refusal(403, "GET", "/servers/detail?all_tenants=1")
    assert stranger.get("/servers")["servers"] == []
    everywhere = cloud.admin.get("/servers?all_tenants=1")["servers"]
    assert ident in [server["id"] for server in everywhere]
    cloud.tenant.delete(path)
    cloud.wait_gone(ident)


def _images(client: Client, name: str) -> dict[str, dict[str, Any]]:
    """Those of this name that are complete, by id."""
    path = f"/image/v2/images?name={name}&status=active"
    return {one["id"]: one for one in client.get(path)["images"]}


def _take(cloud: Cloud, ident: str, action: dict[str, Any]) -> dict[str, Any]:
    """Have an image taken of a server; the image."""
    (wanted,) = action.values()
    before = set(_images(cloud.tenant, wanted["name"]))
    cloud.tenant.post(f"/servers/{ident}/action", action)
    wait_until(
        lambda: cloud.server(ident)["OS-EXT-STS:task_state"] is None,
        60,
        "the server is idle",
    )
    found = _images(cloud.tenant, wanted["name"])
    (new,) = set(found) - before
    return found[new]


def test_images_of_a_server(site: Site) -> None:
    """Taken into Glance for its project; a server boots from one."""
    cloud, tenant = site.cloud, site.cloud.tenant
    ident = cloud.boot("source")
    image = _take(cloud, ident, {"createImage": {"name": "taken"}})
    assert image["owner"] == cloud.server(ident)["tenant_id"]
    assert image["visibility"] == "private"
    assert image["instance_uuid"] == ident
    second = cloud.boot("second", imageRef=image["id"])

    daily = {"name": "daily", "backup_type": "daily", "rotation": 1}
    _take(cloud, ident, {"createBackup": daily})
    newest = _take(cloud, ident, {"createBackup": daily})
    assert list(_images(tenant, "daily")) == [newest["id"]]
    for one in (ident, second):
        tenant.delete(f"/servers/{one}")
        cloud.wait_gone(one)
    for one in (image, newest):
        tenant.delete(f"/image/v2/images/{one['id']}")


def _refused(client: Client) -> bool:
    return client.send("GET", "/servers").status_code == 401


def test_no_token_and_a_wrong_one(site: Site) -> None:
    nobody = site.cloud.client()
    answer = nobody.send("GET", "/servers")
    assert answer.status_code == 401
    assert site.keystone.url in answer.headers["WWW-Authenticate"]
    assert answer.json()["error"]["code"] == 401
    nobody.token = "gAAAAAB-no-token"
    assert _refused(nobody)


def test_a_project_that_is_not_there(site: Site) -> None:
    admin = site.cloud.admin
    (known,) = admin.get("/identity/v3/projects?name=demo")["projects"]
    assert admin.get(f"/os-quota-sets/{known['id']}")["quota_set"]["cores"]
    message = admin.refusal(400, "GET", "/os-quota-sets/demo")
    assert "no project with the id demo" in message


def test_a_revoked_token(site: Site) -> None:
    client = site.cloud.client()
    client.login("tenant", "tenant-secret", "demo")
    assert not _refused(client)
    client.delete(_TOKENS, headers={"X-Subject-Token": str(client.token)})
    wait_until(lambda: _refused(client), 60, "it is refused")


def test_an_expired_token_ends_a_stream_too(site: Site) -> None:
    # Of a second process of the same Keystone, which makes short ones; the
    # first is long enough, unless this machine is busy.
    for seconds in (5, 20, 60):
        client, stream = _with_a_brief_token(site, seconds)
        if stream.answer.status_code != 401:
            break
    assert stream.answer.status_code == 200, stream.answer.text
    wait_until(lambda: _refused(client), seconds + 30, "it is refused")
    assert stream.ended.wait(60)
    assert stream.comments[-1] == "come back with a fresh token"


def _with_a_brief_token(
    site: Site, seconds: int
) -> tuple[Client, EventStream]:
    """A client whose token lasts so long, and its stream."""
    brief = Keystone(
        site.directory / f"keystone-{uuid.uuid4().hex[:8]}",
        site.keystone_database,
        token_seconds=seconds,
        keys_of=site.keystone,
    )
    brief.start()
    try:
        client = Client(site.cloud.url, services={"identity": brief.url})
        client.login("tenant", "tenant-secret", "demo")
        return client, EventStream(client)
    finally:
        brief.stop()


def _with_credential(site: Site, **fields: Any) -> Client:
    """A client with a token of a new application credential."""
    tenant = site.cloud.tenant
    headers = {"X-Subject-Token": str(tenant.token)}
    user = tenant.get(_TOKENS, headers=headers)["token"]["user"]["id"]
    name = f"ci-{uuid.uuid4().hex[:8]}"
    made = tenant.post(
        f"/identity/v3/users/{user}/application_credentials",
        {"application_credential": {"name": name, **fields}},
    )["application_credential"]
    method = "application_credential"
    shown = {"id": made["id"], "secret": made["secret"]}
    return _with_token(site, {"methods": [method], method: shown})


def _with_token(site: Site, identity: dict[str, Any], **scope: Any) -> Client:
    client = site.cloud.client()
    body = {"auth": {"identity": identity, **scope}}
    answer = client.send("POST", _TOKENS, body)
    assert answer.status_code == 201, answer.text
    client.token = answer.headers["X-Subject-Token"]
    return client


def test_an_application_credential(site: Site) -> None:
    client = _with_credential(site)
    assert client.get("/servers")["servers"] == []
    listing = {"path": "/v2.1/servers", "method": "GET", "service": "compute"}
    client = _with_credential(site, access_rules=[listing])
    assert client.get("/servers")["servers"] == []
    assert client.send("GET", "/flavors").status_code == 401
    body = site.cloud.body("no")
    assert client.send("POST", "/servers", body).status_code == 401


@pytest.mark.parametrize(
    "scope", [{"system": {"all": True}}, "unscoped"], ids=["system", "none"]
)
def test_a_token_without_a_project(site: Site, scope: Any) -> None:
    """Whoever has no project gets no servers of one, and a sentence."""
    user = {"name": "admin", "domain": {"id": "default"}}
    identity = {
        "methods": ["password"],
        "password": {"user": {**user, "password": ADMIN_PASSWORD}},
    }
    client = _with_token(site, identity, scope=scope)
    message = client.refusal(403, "POST", "/servers", site.cloud.body("no"))
    assert message
    assert client.send("GET", "/servers").status_code in (200, 403)


def test_keystone_is_away(site: Site) -> None:
    client = site.cloud.client()
    client.login("tenant", "tenant-secret", "demo")
    site.keystone.stop()
    try:
        answer = client.send("GET", "/servers")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        fault = answer.json()["serviceUnavailable"]
        assert "identity service does not answer" in fault["message"]
    finally:
        site.keystone.start()
    wait_until(
        lambda: client.send("GET", "/servers").ok, 60, "it is well again"
    )


def test_a_wrong_password_of_the_service(site: Site, tmp_path: Path) -> None:
    cloud = site.cloud
    port = system.free_port()
    wrong = {"password": "mistyped"}
    path = write_ini(
        tmp_path / "wrong.conf",
        {"api": {"port": port}, "keystone_authtoken": wrong},
    )
    names = ("common.conf", "database.conf", "api.conf")
    files = [cloud.directory / name for name in names]
    api = Daemon("wrong", "api", [*files, Path(path)], tmp_path / "log")
    client = Client(f"http://127.0.0.1:{port}", cloud.tenant.token)

    def serves() -> bool:
        try:
            return client.send("GET", "/").ok
        except requests.ConnectionError:
            return False

    api.start()
    try:
        wait_until(serves, 60, "it serves")
        message = client.refusal(503, "GET", "/servers")
        assert "own account" in message
        assert api.says("correct the account in [keystone_authtoken]")
    finally:
        api.stop()


def _doctor(site: Site, *more: str) -> str:
    files = ("common.conf", "database.conf", "api.conf")
    words = []
    for name in (*(str(site.cloud.directory / file) for file in files), *more):
        words += ["--config-file", name]
    done = subprocess.run(
        [sys.executable, "-m", "nova_lite.cmd.status", *words, "doctor"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout


def test_the_doctor(site: Site, tmp_path: Path) -> None:
    text = _doctor(site)
    for section in ("keystone_authtoken", "service_user"):
        assert f"ok       {section}: nova logs in" in text
    assert "catalogue" not in text

    groups = {"username": "glance-typo"}, {"auth_url": "http://127.0.0.1:1/"}
    path = write_ini(
        tmp_path / "wrong.conf",
        {"keystone_authtoken": groups[0], "service_user": groups[1]},
    )
    text = _doctor(site, path)
    assert "FAULT    keystone_authtoken: Keystone refuses" in text
    assert "FAULT    service_user:" in text
    assert "is auth_url in [service_user] right?" in text


def _image(client: Client, *, data: bytes | None, **fields: Any) -> str:
    made = client.post(
        "/image/v2/images",
        {
            "name": "of-a-test",
            "disk_format": "raw",
            "container_format": "bare",
            **fields,
        },
    )
    if data is not None:
        client.call(
            "PUT",
            f"/image/v2/images/{made['id']}/file",
            data=data,
            headers={"Content-Type": "application/octet-stream"},
        )
    ident: str = made["id"]
    return ident


def test_images_that_cannot_be_booted(site: Site) -> None:
    cloud = site.cloud
    queued = _image(cloud.tenant, data=None)
    private = _image(cloud.admin, data=b"\0", visibility="private")
    deleted = _image(cloud.tenant, data=b"\0")
    cloud.tenant.delete(f"/image/v2/images/{deleted}")

    def refusal(image: str) -> str:
        body = cloud.body("no", imageRef=image)
        return cloud.tenant.refusal(400, "POST", "/servers", body)

    assert "queued" in refusal(queued)
    for image in (private, deleted, str(uuid.uuid4())):
        assert image in refusal(image)


@pytest.fixture
def images(site: Site) -> Iterator[image_api.ImageAPI]:
    """Our client, as a compute has it: the account of [service_user]."""
    conf.register_opts(cfg.CONF)
    cfg.CONF([], project="nova_lite", default_config_files=[])
    account = settings(site.keystone)["service_user"]
    for name, value in account.items():
        cfg.CONF.set_override(name, value, group="service_user")
    yield image_api.load("glance")
    cfg.CONF.reset()
    cfg.CONF.clear()


def test_a_compute_downloads(
    site: Site, images: image_api.ImageAPI, tmp_path: Path
) -> None:
    """A tenant's private image, with its hash, by the daemons' account."""
    data = os.urandom(3 * 1024 * 1024 + 17)
    ident = _image(site.cloud.tenant, data=data, visibility="private")
    daemon = context.RequestContext(project_id="whatever")

    image = images.get(daemon, ident)
    assert (image.status, image.size_bytes) == ("active", len(data))
    assert image.os_hash_algo == "sha512"
    assert image.os_hash_value == hashlib.sha512(data).hexdigest()
    shown: list[int] = []
    path = tmp_path / "disk"
    images.download(
        daemon, ident, str(path), lambda percent, _what: shown.append(percent)
    )
    assert path.read_bytes() == data
    assert shown[-1] == 100
    assert ident in [one.id for one in images.list(daemon)]

    stored = site.glance.directory / "images" / ident
    stored.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(exception.ImageChecksumMismatch):
        images.download(daemon, ident, str(path))
    images.delete(daemon, ident)
    with pytest.raises(exception.ImageNotFound):
        images.get(daemon, ident)
