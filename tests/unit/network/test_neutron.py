# SPDX-License-Identifier: Apache-2.0
"""The client at the embedded service, over a real socket."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from oslo_config import cfg

from nova_lite import exception
from nova_lite.network import api, groups
from nova_lite.network.api import NetworkRequest
from tests.fixtures.network_contract import (
    Context,
    NetworkContract,
    World,
    owner_of,
)
from tests.unit.embedded.image import serve


class TestEmbedded(NetworkContract):
    """What every service has to do."""


class Counted:
    """Counts requests, as a middleware of the server."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(
        self, app: Any, environ: Any, start_response: Any
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"].removeprefix("/network/v2.0")
        self.seen.append(f"{environ['REQUEST_METHOD']} {path}")
        found: Iterable[bytes] = app(environ, start_response)
        return found

    def taken(self) -> list[str]:
        """The requests since the last question."""
        seen, self.seen = self.seen, []
        return seen


@pytest.fixture
def counted(server: serve.Server) -> Counted:
    made = Counted()
    server.app.around = made
    return made


def test_requests_per_boot_and_delete(world: World, counted: Counted) -> None:
    """The figures that a change must not make worse unseen."""
    user = world.new_user()
    network = world.network(user)
    world.api.has_extension(world.daemon, "router")
    owner = owner_of(user)
    wanted = [NetworkRequest(network["id"])]
    counted.taken()
    world.api.validate(user, owner.project_id, wanted)
    assert counted.taken() == [
        "GET /networks",
        f"GET /quotas/{owner.project_id}",
        "GET /ports",
    ]
    [vif] = world.api.allocate(world.daemon, owner, wanted, "host-1")
    assert counted.taken() == [
        "GET /ports",
        "GET /networks",
        "POST /ports",
        "GET /subnets",
    ]
    world.api.info(world.daemon, owner)
    assert counted.taken() == [
        "GET /ports",
        "GET /networks",
        "GET /subnets",
        "GET /floatingips",
    ]
    world.api.instance_security_groups(user, [owner.uuid, "another"])
    assert counted.taken() == ["GET /ports", "GET /security-groups"]
    world.api.deallocate(world.daemon, owner.uuid)
    assert counted.taken() == ["GET /ports", f"DELETE /ports/{vif.id}"]


def test_the_extensions_are_remembered(world: World, counted: Counted) -> None:
    for _ in range(2):
        assert world.api.has_extension(world.daemon, "security-group")
    assert counted.taken() == ["GET /extensions"]
    cfg.CONF.set_override("extension_sync_interval", 0, group="neutron")
    try:
        fresh = api.load()
        for _ in range(2):
            assert fresh.has_extension(world.daemon, "security-group")
    finally:
        cfg.CONF.clear_override("extension_sync_interval", group="neutron")
    assert counted.taken() == ["GET /extensions"] * 2


def test_a_port_that_two_servers_want(
    world: World, server: serve.Server
) -> None:
    """Between the look and the change somebody else takes it."""
    user = world.new_user()
    network = world.network(user)
    own = world.make(user, "ports", network_id=network["id"])
    first, second = owner_of(user), owner_of(user)
    wanted = [NetworkRequest(port_id=own["id"])]
    world.api.has_extension(world.daemon, "router")

    def between(
        app: Any, environ: Any, start_response: Any
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "PUT":
            server.app.around = None
            world.api.allocate(world.daemon, first, wanted, "host-1")
        found: Iterable[bytes] = app(environ, start_response)
        return found

    server.app.around = between
    with pytest.raises(exception.PortInUse):
        world.api.allocate(world.daemon, second, wanted, "host-1")
    assert world.api.port(user, own["id"])["device_id"] == first.uuid


def test_a_port_is_let_go_while_another_server_gets_it(
    world: World, server: serve.Server
) -> None:
    user = world.new_user()
    own = world.make(user, "ports", network_id=world.network(user)["id"])
    first, second = owner_of(user), owner_of(user)
    wanted = [NetworkRequest(port_id=own["id"])]
    path = f"/ports/{own['id']}"
    changes: list[Callable[[], None]] = []

    def between(
        app: Any, environ: Any, start_response: Any
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "PUT":
            server.app.around = None
            changes.pop()()
        found: Iterable[bytes] = app(environ, start_response)
        return found

    def rename() -> None:
        world.api.call(user, "PUT", path, {"port": {"name": "new"}})

    def hand_over() -> None:
        world.api.deallocate(world.daemon, first.uuid)
        world.api.allocate(world.daemon, second, wanted, "host-2")

    for change, owned_by in ((rename, ""), (hand_over, second.uuid)):
        world.api.allocate(world.daemon, first, wanted, "host-1")
        changes.append(change)
        server.app.around = between
        world.api.deallocate(world.daemon, first.uuid)
        assert not changes
        assert world.api.port(user, own["id"])["device_id"] == owned_by


def test_a_binding_that_failed(world: World, server: serve.Server) -> None:
    user = world.new_user()
    owner = owner_of(user)
    wanted = [NetworkRequest(world.network(user)["id"])]
    world.api.has_extension(world.daemon, "router")

    def failed(app: Any, environ: Any, start: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            found: Iterable[bytes] = app(environ, start)
            return found
        answers: list[Any] = []
        body = json.loads(
            b"".join(app(environ, lambda *args: answers.append(args)))
        )
        for port in body["ports"]:
            port["binding:vif_type"] = "binding_failed"
        status, headers = answers[0][:2]
        data = json.dumps(body).encode()
        kept = [h for h in headers if h[0].lower() != "content-length"]
        start(status, [*kept, ("Content-Length", str(len(data)))])
        return [data]

    server.app.around = failed
    with pytest.raises(exception.PortBindingFailed):
        world.api.allocate(world.daemon, owner, wanted, "host-1")
    server.app.around = None
    assert world.api.ports(world.admin, {"device_id": owner.uuid}) == []


def test_an_answer_that_is_lost(world: World, server: serve.Server) -> None:
    """The port was made, though nobody heard so: no second, and none left."""
    user = world.new_user()
    owner = owner_of(user)
    wanted = [NetworkRequest(world.network(user)["id"])]
    world.api.has_extension(world.daemon, "router")
    made: list[str] = []

    def broken(body: Iterable[bytes]) -> Iterable[bytes]:
        made.append(json.loads(b"".join(body))["ports"][0]["id"])
        yield b"{"
        raise OSError("the server's connection breaks")

    def lose(app: Any, environ: Any, start_response: Any) -> Iterable[bytes]:
        found: Iterable[bytes] = app(environ, start_response)
        return broken(found) if environ["REQUEST_METHOD"] == "POST" else found

    server.app.around = lose
    with pytest.raises(exception.ServiceUnavailable):
        world.api.allocate(world.daemon, owner, wanted, "host-1")
    server.app.around = None
    assert len(made) == 1
    assert world.api.ports(world.admin, {"device_id": owner.uuid}) == []
    [vif] = world.api.allocate(world.daemon, owner, wanted, "host-1")
    assert vif.id not in made


def test_a_post_that_is_said_to_have_failed(
    world: World, server: serve.Server, counted: Counted
) -> None:
    """A proxy before the service gives up when the port is made."""
    user = world.new_user()
    owner = owner_of(user)
    wanted = [NetworkRequest(world.network(user)["id"])]
    world.api.has_extension(world.daemon, "router")
    counted.taken()

    def give_up(app: Any, environ: Any, start: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return counted(app, environ, start)
        b"".join(counted(app, environ, lambda *_: None))
        start("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]

    server.app.around = give_up
    with pytest.raises(exception.ServiceUnavailable):
        world.api.allocate(world.daemon, owner, wanted, "host-1")
    assert counted.taken().count("POST /ports") == 1
    assert world.api.ports(world.admin, {"device_id": owner.uuid}) == []


def test_external_networks_are_for_administrators(world: World) -> None:
    user = world.new_user()
    network = world.network(world.admin, **{"router:external": True})
    wanted = [NetworkRequest(network["id"])]
    with pytest.raises(exception.ExternalNetworkAttachForbidden):
        world.api.validate(user, str(user.project_id), wanted)
    assert world.api.validate(world.admin, "ops", wanted) == 1


def test_an_address_of_a_network_of_others(world: World) -> None:
    """As in Neutron: a network's owner alone says who has which."""
    user = world.new_user()
    network = world.network(world.admin, shared=True)
    chosen = NetworkRequest(network["id"], address="198.51.100.1")
    try:
        with pytest.raises(exception.FixedIpNotAllowed, match=network["id"]):
            world.api.validate(user, str(user.project_id), [chosen])
        project = str(user.project_id)
        for who, request in (
            (world.admin, chosen),
            (user, NetworkRequest(network["id"])),
        ):
            assert world.api.validate(who, project, [request]) == 1
    finally:
        path = f"/networks/{network['id']}"
        world.api.call(world.admin, "DELETE", path)


def test_a_port_that_goes_while_others_are_bound(
    world: World, server: serve.Server
) -> None:
    user = world.new_user()
    owner = owner_of(user)
    wanted = [NetworkRequest(world.network(user)["id"])] * 2
    vifs = world.api.allocate(world.daemon, owner, wanted, "host-1")

    def between(
        app: Any, environ: Any, start_response: Any
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "PUT":
            server.app.around = None
            lost.append(environ["PATH_INFO"].rpartition("/")[2])
            world.api.call(user, "DELETE", f"/ports/{lost[0]}")
        found: Iterable[bytes] = app(environ, start_response)
        return found

    lost: list[str] = []
    server.app.around = between
    world.api.bind(world.daemon, owner, "host-2")
    [left] = world.api.ports(world.admin, {"device_id": owner.uuid})
    assert {left["id"], *lost} == {vif.id for vif in vifs}
    assert left["binding:host_id"] == "host-2"


@pytest.mark.parametrize(
    ("requested", "error"),
    [
        ("auto", exception.UnsupportedNetworks),
        ([NetworkRequest("n")], exception.UnsupportedNetworks),
        ("none", None),
        ((), None),
    ],
    ids=str,
)
def test_a_cloud_without_networks(
    world: World, requested: api.Requested, error: Any
) -> None:
    nobody: Context = serve.context_of("p1", [])
    assert not world.api.exists(nobody)
    cfg.CONF.set_override("auth_url", None, group="service_user")
    fresh = api.load()
    owner = owner_of(nobody)
    assert fresh.allocate(world.daemon, owner, requested, "host-1") == []
    fresh.deallocate(world.daemon, owner.uuid)
    if error is None:
        assert fresh.validate(nobody, "p1", requested, 4) == 4
    else:
        with pytest.raises(error):
            fresh.validate(nobody, "p1", requested, 4)


def test_an_endpoint_of_the_options(
    world: World, server: serve.Server
) -> None:
    user = world.new_user()
    network = world.network(user)
    override = f"{server.url}/v2.0/"
    cfg.CONF.set_override("endpoint_override", override, group="neutron")
    try:
        user.service_catalog = []
        [found] = api.load().networks(user, {"name": network["name"]})
    finally:
        cfg.CONF.clear_override("endpoint_override", group="neutron")
    assert found["id"] == network["id"]


def test_lists_do_not_each_wait_for_a_service_that_is_away(
    world: World,
    server: serve.Server,
    counted: Counted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = world.new_user()

    def away(app: Any, environ: Any, start: Any) -> Iterable[bytes]:
        b"".join(counted(app, environ, lambda *_: None))
        start("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]

    cfg.CONF.set_override("http_retries", 0, group="neutron")
    try:
        fresh = api.load()
        server.app.around = away
        for _ in range(3):
            with pytest.raises(exception.ServiceUnavailable):
                fresh.instance_security_groups(user, ["a"])
        assert counted.taken() == ["GET /ports"]
    finally:
        cfg.CONF.clear_override("http_retries", group="neutron")
    server.app.around = counted
    # What a user asks for is tried all the same, and lists soon are.
    assert fresh.ports(user, {"device_id": "a"}) == []
    monkeypatch.setattr(groups, "_now", lambda: time.monotonic() + 60)
    assert fresh.instance_security_groups(user, ["a"]) == {"a": []}


def test_lists_do_not_wait_for_a_service_that_hangs(world: World) -> None:
    cfg.CONF.set_override("list_timeout", 1, group="neutron")
    try:
        with socket.create_server(("127.0.0.1", 0)) as sock:
            url = f"http://127.0.0.1:{sock.getsockname()[1]}/network"
            user = serve.context_of("p1", serve.catalog(url, "network"))
            fresh = api.load()
            for _ in range(2):
                with pytest.raises(exception.ServiceUnavailable):
                    fresh.instance_security_groups(user, ["a"])
            # It was asked once.
            sock.setblocking(False)
            sock.accept()[0].close()
            with pytest.raises(BlockingIOError):
                sock.accept()
    finally:
        cfg.CONF.clear_override("list_timeout", group="neutron")


def test_nobody_answers(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    rows = serve.catalog(f"http://127.0.0.1:{port}/network", "network")
    user = serve.context_of("p1", rows)
    cfg.CONF.set_override("http_retries", 0, group="neutron")
    try:
        with pytest.raises(exception.ServiceUnavailable, match="network"):
            world.api.networks(user)
    finally:
        cfg.CONF.clear_override("http_retries", group="neutron")


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"{}", b"[]", b""])
def test_something_else_answers(
    world: World, server: serve.Server, body: bytes
) -> None:
    def other(_app: Any, _environ: Any, start: Any) -> Iterable[bytes]:
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server.app.around = other
    with pytest.raises(exception.NetworkError, match="endpoint"):
        world.api.networks(world.new_user())


def test_an_account_that_may_not(world: World) -> None:
    """That is the cloud's fault, and not its user's."""
    cfg.CONF.set_override("username", "p1", group="service_user")
    try:
        fresh = api.load()
        path = "/quotas/p2"
        with pytest.raises(exception.NetworkError, match="service_user"):
            fresh.call(world.daemon, "PUT", path, {"quota": {"port": 1}})
    finally:
        cfg.CONF.clear_override("username", group="service_user")


@pytest.mark.parametrize("ident", ["", "../x", "a/b", "x?y", "é"])
def test_what_cannot_be_an_id(world: World, ident: str) -> None:
    user = world.new_user()
    with pytest.raises(exception.PortNotFound):
        world.api.port(user, ident)
    with pytest.raises(exception.FloatingIpNotFound):
        world.api.release_floating_ip(user, ident)


def test_unknown_client() -> None:
    with pytest.raises(exception.ConfigurationError, match="nosuch"):
        api.load("nosuch")
