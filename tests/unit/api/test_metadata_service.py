# SPDX-License-Identifier: Apache-2.0
"""What guests get of the metadata service, and what they do not."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
import webob
from oslo_config import cfg

from nova_lite import exception
from nova_lite.api.metadata import sender
from nova_lite.api.metadata.handler import MAX_PASSWORD, MetadataApp
from nova_lite.api.metadata.servers import Servers
from nova_lite.db import session
from nova_lite.network import model
from tests.fixtures.compute_api import ComputeAPI

CONF = cfg.CONF
SECRET = "between the two"
UUID = "6f70656e-7374-4163-8b00-000000000001"
OTHER = "6f70656e-7374-4163-8b00-000000000002"
NIC = model.VIF(
    id="0f3eb5f0-0000-4000-8000-000000000001",
    address="fa:16:3e:00:00:01",
    network=model.Network(
        id="n1",
        label="net",
        mtu=1450,
        subnets=(model.Subnet(id="s1", cidr="198.51.100.0/24", version=4),),
    ),
    fixed_ips=(model.FixedIP("198.51.100.5", "s1", ("203.0.113.9",)),),
    type="tap",
    tag="front",
)
META = "/openstack/latest/meta_data.json"
PASSWORD = "/openstack/latest/password"
VENDOR = "/openstack/latest/vendor_data2.json"


@dataclasses.dataclass
class Network:
    """What the network service would tell.

    ``devices``: servers and the projects of their ports, by address;
    ``groups``: of every server; None: the service does not answer.
    """

    devices: Mapping[str, list[tuple[str, str]]]
    groups: Sequence[str] | None = ("web", "db")
    asked: int = 0

    def ports(self, _context: Any, filters: Mapping[str, str]) -> list[Any]:
        address = filters["fixed_ips"].removeprefix("ip_address=")
        owners = [
            (device, "compute:nova", project)
            for device, project in self.devices.get(address, ())
        ]
        names = ("device_id", "device_owner", "project_id")
        return [
            dict(zip(names, values, strict=True))
            for values in (*owners, ("dhcp", "network:dhcp", "p1"))
        ]

    def instance_security_groups(
        self, _context: Any, uuids: Sequence[str]
    ) -> dict[str, list[dict[str, str]]]:
        self.asked += 1
        if self.groups is None:
            raise exception.ServiceUnavailable(reason="it is away")
        found = [{"id": name, "name": name} for name in self.groups]
        return dict.fromkeys(uuids, found)


@pytest.fixture
def options(compute_api: ComputeAPI) -> Iterator[Callable[..., None]]:
    changed = []

    def override(group: str, **values: Any) -> None:
        for name, value in values.items():
            CONF.set_override(name, value, group)
            changed.append((name, group))

    override("neutron", service_metadata_proxy=True)
    override("neutron", metadata_proxy_shared_secret=SECRET)
    yield override
    for name, group in changed:
        CONF.clear_override(name, group)


class Guest:
    """Asks as the proxy would for a guest, or as a guest without one."""

    def __init__(self, network: Network | None = None) -> None:
        network = network or Network({})
        identification = sender.load(network)  # type: ignore
        servers = Servers(network)  # type: ignore
        self.app = MetadataApp(servers, identification)

    def __call__(
        self,
        path: str,
        *,
        uuid: str = UUID,
        project: str = "p1",
        method: str = "GET",
        body: bytes = b"",
        remote: str = "10.0.0.1",
        headers: Mapping[str, str | None] | None = None,
    ) -> Any:
        key = hmac.new(SECRET.encode(), uuid.encode(), hashlib.sha256)
        sent: dict[str, str | None] = {
            "X-Instance-ID": uuid,
            "X-Tenant-ID": project,
            "X-Instance-ID-Signature": key.hexdigest(),
            **(headers or {}),
        }
        request = webob.Request.blank(path, method=method, body=body)
        request.remote_addr = remote
        request.headers.update({k: v for k, v in sent.items() if v})
        return request.get_response(self.app)


@pytest.fixture
def guest(
    compute_api: ComputeAPI, options: Callable[..., None]
) -> Callable[..., Any]:
    compute_api.add(
        "server",
        uuid=UUID,
        key_name="mine",
        key_data="ssh-ed25519 AAAA me",
        user_data=base64.b64encode(b"#!/bin/sh\n\xff").decode(),
        instance_metadata={"role": "web"},
        network_info=model.dump([NIC]),
    )
    compute_api.add("server", uuid=OTHER, project_id="p2", hostname="db")
    return Guest()


def test_versions_need_no_sender(guest: Any) -> None:
    found = guest("/", headers={"X-Instance-ID": None})
    assert found.text.splitlines()[-2:] == ["2009-04-04", "latest"]


def test_documents_of_a_server(guest: Any) -> None:
    found = guest(META)
    assert (found.status_int, found.content_type) == (200, "application/json")
    assert found.json["uuid"] == UUID
    assert found.json["hostname"] == "web.novalocal"
    assert found.json["meta"] == {"role": "web"}
    assert found.json["keys"] == [
        {"name": "mine", "type": "ssh", "data": "ssh-ed25519 AAAA me"}
    ]
    assert [one["tags"] for one in found.json["devices"]] == [["front"]]
    network = guest("/openstack/2018-08-27/network_data.json").json
    assert [one["vif_id"] for one in network["links"]] == [NIC.id]
    assert guest("/openstack/latest/user_data").body == b"#!/bin/sh\n\xff"
    assert guest("/latest/user-data").body == b"#!/bin/sh\n\xff"
    for path, text in (
        ("/latest/meta-data/local-ipv4", "198.51.100.5"),
        ("/2009-04-04/meta-data/public-ipv4", "203.0.113.9"),
        ("/latest/meta-data/hostname", "web.novalocal"),
        ("/latest/meta-data/public-keys/", "0=mine"),
        ("/latest/meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA me"),
    ):
        found = guest(path)
        assert (found.text, found.content_type) == (text, "text/plain")


def test_another_server_shows_its_own(guest: Any) -> None:
    guest(META)
    found = guest(META, uuid=OTHER, project="p2").json
    assert (found["uuid"], found["hostname"]) == (OTHER, "db.novalocal")
    assert guest("/openstack/latest/user_data", uuid=OTHER).status_int == 404


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"X-Instance-ID": None}, 400, "X-Instance-ID header is missing"),
        ({"X-Tenant-ID": None}, 400, "X-Tenant-ID header is missing"),
        ({"X-Instance-ID": f"{UUID}, {OTHER}"}, 400, "Multiple X-Instance-ID"),
        ({"X-Tenant-ID": "p1,p2"}, 400, "Multiple X-Tenant-ID"),
        ({"X-Instance-ID": OTHER}, 403, "Invalid proxy request signature"),
        ({"X-Instance-ID-Signature": "0"}, 403, "Invalid proxy request"),
        ({"X-Instance-ID-Signature": None}, 403, "Invalid proxy request"),
        ({"X-Instance-ID-Signature": "\xe9"}, 403, "Invalid proxy request"),
        ({"X-Tenant-ID": "p2"}, 404, ""),
    ],
)
def test_refused(
    guest: Any, change: dict[str, Any], status: int, message: str
) -> None:
    for _ in range(2):  # the second time with what is remembered
        found = guest(META, headers=change)
        assert found.status_int == status
        assert message in found.text
        assert UUID not in found.text
        assert guest(META).status_int == 200


def test_no_secret_lets_nobody_in(
    guest: Any, options: Callable[..., None]
) -> None:
    options("neutron", metadata_proxy_shared_secret="")
    empty = hmac.new(b"", UUID.encode(), hashlib.sha256).hexdigest()
    found = Guest()(META, headers={"X-Instance-ID-Signature": empty})
    assert found.status_int == 403


@pytest.mark.parametrize(
    "path",
    [
        "/openstack/latest/nothing",
        "/openstack/1999-01-01/meta_data.json",
        "/openstack/2012-08-10/password",
        "/latest/meta-data/nothing",
        "/openstack/../../etc/passwd",
        "/%ff",
    ],
)
def test_unknown_paths(guest: Any, path: str) -> None:
    assert guest(path).status_int == 404
    assert guest(path, uuid=OTHER, project="p2").status_int == 404


def test_unknown_and_deleted_servers(
    guest: Any, compute_api: ComputeAPI
) -> None:
    gone = "6f70656e-7374-4163-8b00-000000000003"
    compute_api.add("server", uuid=gone, deleted=7)
    assert guest(META, uuid=gone).status_int == 404
    assert guest(META, uuid="nobody").status_int == 404


def test_security_groups(guest: Any) -> None:
    path = "/2009-04-04/meta-data/security-groups"
    network = Network({})
    ask = Guest(network)
    for _ in range(2):
        assert ask(path).text.split() == ["web", "db"]
    assert network.asked == 1
    # One that has no interface is not asked about.
    assert ask(path, uuid=OTHER, project="p2").text == "default"
    assert network.asked == 1
    # A guest that boots does not wait for a service that is away each time.
    network = Network({}, groups=None)
    ask = Guest(network)
    for _ in range(2):
        assert ask(path).text == "default"
    assert network.asked == 1


def _statements(ask: Any, *paths: str) -> int:
    before = session.statements()
    for path in paths:
        assert ask(path).status_int == 200
    return session.statements() - before


def test_one_statement_for_many_documents(guest: Any) -> None:
    # SQLite's is one more: it begins a transaction.
    assert _statements(guest, META) == 2
    many = (META, "/latest/meta-data/", "/latest/user-data", PASSWORD)
    assert _statements(guest, *many) == 0


def test_nothing_is_remembered_by_option(
    guest: Any, options: Callable[..., None]
) -> None:
    options("api", metadata_cache_expiration=0)
    assert _statements(Guest(), META, META) == 4


def test_password_is_reported_once(
    guest: Any, compute_api: ComputeAPI
) -> None:
    def report(body: bytes, **more: Any) -> Any:
        return guest(more.pop("path", PASSWORD), body=body, **more)

    assert guest(PASSWORD).text == ""
    assert report(b"x", method="PUT").status_int == 400
    assert report(b"x", method="POST", path=META).status_int == 200
    early = "/openstack/2012-08-10/password"
    assert report(b"x", method="POST", path=early).status_int == 404
    long = report(b"x" * (MAX_PASSWORD + 1), method="POST")
    assert (long.status_int, long.text) == (400, "Request is too large.")
    assert report(b"\xff", method="POST").status_int == 400
    assert guest(PASSWORD).text == ""
    # Another process remembers the server without a password.
    other = Guest()
    assert other(PASSWORD).text == ""
    done = report(b"c2VjcmV0", method="POST")
    assert (done.status_int, done.text) == (200, "")
    assert guest(PASSWORD).text == "c2VjcmV0"
    for ask in (guest, other):
        again = ask(PASSWORD, body=b"other", method="POST")
        assert again.status_int == 409
        assert "its owner can clear it" in again.text
    url = f"/servers/{UUID}/os-server-password"
    assert compute_api("GET", url).json == {"password": "c2VjcmV0"}
    assert compute_api("DELETE", url).status == 204
    assert report(b"new", method="POST").status_int == 200
    assert compute_api("GET", url).json == {"password": "new"}


class TestByAddress:
    """Without a proxy a server is known by its address."""

    @pytest.fixture
    def ask(
        self, guest: Any, options: Callable[..., None]
    ) -> Callable[..., Any]:
        options("neutron", service_metadata_proxy=False)
        return Guest(
            Network(
                {
                    "198.51.100.5": [(UUID, "p1")],
                    "198.51.100.6": [(OTHER, "p2")],
                    "198.51.100.7": [(UUID, "p1"), (OTHER, "p2")],
                    # Somebody says that his own port is that server's.
                    "198.51.100.9": [(UUID, "p2")],
                    "fd00::5": [(UUID, "p1")],
                }
            )
        )

    @pytest.mark.parametrize(
        ("remote", "uuid"),
        [
            ("198.51.100.5", UUID),
            ("198.51.100.6", OTHER),
            ("fd00:0::5", UUID),
        ],
    )
    def test_own_server(self, ask: Any, remote: str, uuid: str) -> None:
        # What the headers say does not count.
        assert ask(META, remote=remote, uuid=OTHER).json["uuid"] == uuid

    @pytest.mark.parametrize(
        "remote",
        ["198.51.100.7", "198.51.100.8", "198.51.100.9", "", "name"],
    )
    def test_nobody(self, ask: Any, remote: str) -> None:
        assert ask(META, remote=remote).status_int == 404

    def test_forwarded_address(
        self, ask: Any, options: Callable[..., None]
    ) -> None:
        # What the guest itself has sent stands before what the proxy adds.
        claim = {"X-Forwarded-For": "192.0.2.1, 198.51.100.6"}
        found = ask(META, remote="198.51.100.5", headers=claim)
        assert found.json["uuid"] == UUID
        options("api", use_forwarded_for=True)
        ask.app._identification = sender.load(ask.app._identification._network)
        found = ask(META, remote="198.51.100.5", headers=claim)
        assert found.json["uuid"] == OTHER
        assert ask(META, remote="198.51.100.5").json["uuid"] == UUID


class _Vendor(http.server.BaseHTTPRequestHandler):
    asked: list[Any]

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.asked.append(json.loads(self.rfile.read(length)))
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        texts = {"/text": b"no json", "/empty": b""}
        self.wfile.write(texts.get(self.path, b'{"user": "joe"}'))

    def log_message(self, *_args: Any) -> None:
        """Not on the terminal."""


@pytest.fixture
def vendor() -> Iterator[tuple[str, list[Any]]]:
    asked: list[Any] = []
    handler = type("Handler", (_Vendor,), {"asked": asked})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_vendor_data_of_services(
    guest: Any,
    options: Callable[..., None],
    vendor: tuple[str, list[Any]],
    tmp_path: Any,
) -> None:
    url, asked = vendor
    fixed = tmp_path / "vendor.json"
    fixed.write_text('{"site": "here"}')
    options(
        "api",
        vendordata_jsonfile_path=str(fixed),
        vendordata_dynamic_targets=[
            f"ours@{url}/ours",
            f"ours@{url}/twice",
            f"{url}/nameless",
            f"broken@{url}/broken",
            f"text@{url}/text",
            f"empty@{url}/empty",
        ],
    )
    assert Guest()(VENDOR).json == {"static": {"site": "here"}}
    options("api", vendordata_providers=["StaticJSON", "DynamicJSON"])
    ask = Guest()
    for _ in range(2):
        assert ask(VENDOR).json == {
            "static": {"site": "here"},
            "ours": {"user": "joe"},
            "broken": {},
            "text": {},
            "empty": {},
        }
    assert len(asked) == 4
    assert asked[0] == {
        "project-id": "p1",
        "instance-id": UUID,
        "image-id": "11111111-2222-4333-8444-555555555555",
        "user-data": base64.b64encode(b"#!/bin/sh\n\xff").decode(),
        "hostname": "web",
        "metadata": {"role": "web"},
        "boot-roles": "",
    }
    plain = ask("/openstack/latest/vendor_data.json").json
    assert plain == {"site": "here"}


def test_vendor_data_may_be_demanded(
    guest: Any, options: Callable[..., None], vendor: tuple[str, list[Any]]
) -> None:
    options(
        "api",
        vendordata_providers=["DynamicJSON"],
        vendordata_dynamic_targets=[f"broken@{vendor[0]}/broken"],
        vendordata_dynamic_failure_fatal=True,
    )
    ask = Guest()
    found = ask(VENDOR)
    assert found.status_int == 500
    assert "broken did not give its data" in found.text
    assert ask(META).status_int == 200
