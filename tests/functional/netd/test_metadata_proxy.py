# SPDX-License-Identifier: Apache-2.0
"""Guests' requests for metadata, as the service gets them."""

from __future__ import annotations

import hashlib
import hmac
import socket
import uuid

import pytest

from nova_lite.network.wanted import WantedRouter, WantedRouterPort
from tests.fixtures.netlab_routing import (
    SECRET,
    Lab,
    PlainGuest,
    RoutingHost,
    eventually,
    network,
    port,
    state,
    subnet,
)

ASK = "GET /latest/meta-data/?x=%2F HTTP/1.1\r\nHost: 169.254.169.254\r\n"


def place(
    lab: Lab, guest_timeout_s: float = 30, **more: object
) -> tuple[RoutingHost, PlainGuest]:
    """A guest that was told by DHCP where its metadata are."""
    net = network(subnet("198.51.100.0/24"))
    one = port(net, 11, **more)
    host = lab.host(guest_timeout_s=guest_timeout_s)
    assert not host.converge(state([net], [one])).failed
    guest = lab.guest(host, one)
    guest.join()
    return host, guest


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_the_service_is_told_whose_request_it_is(lab: Lab) -> None:
    host, guest = place(lab)
    forged = (
        "X-Instance-ID: other\r\nx-tenant-id: other\r\n"
        "X_Instance_ID: other\r\nX-Forwarded-For: 198.51.100.12\r\n"
        "X-Instance-ID-Signature: 00\r\nAccept: text/x\r\n"
    )
    answer = guest.http(f"{ASK}{forged}\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nhello")
    ((method, path, headers, body),) = host.service.asked
    assert (method, path, body) == ("GET", "/latest/meta-data/?x=%2F", b"")
    server = guest.port.device_id
    signature = hmac.new(SECRET.encode(), server.encode(), hashlib.sha256)
    told = {k: v for k, v in headers.items() if k.startswith("x")}
    assert told == {
        "x-instance-id": server,
        "x-tenant-id": "the-project",
        "x-forwarded-for": guest.address,
        "x-instance-id-signature": signature.hexdigest(),
    }
    assert headers["accept"] == "text/x"


def test_through_a_router_without_dhcp(lab: Lab) -> None:
    nets = [
        network(
            subnet(cidr, enable_dhcp=False), dhcp_port_id=None, dhcp_mac=None
        )
        for cidr in ("198.51.100.0/25", "198.51.100.128/25")
    ]
    ports = [port(net, 11) for net in nets]
    # Not on the router: another network with the same addresses.
    twin = network(
        subnet("198.51.100.0/25", enable_dhcp=False),
        dhcp_port_id=None,
        dhcp_mac=None,
    )
    ports.append(port(twin, 11))
    legs = [
        WantedRouterPort(
            str(uuid.uuid4()),
            net.id,
            f"fa:16:3e:bb:00:{number:02x}",
            [f"{net.subnets[0].gateway_ip}/25"],
        )
        for number, net in enumerate(nets)
    ]
    router = WantedRouter(str(uuid.uuid4()), True, legs)
    host = lab.host()
    wanted = state([twin, *nets], ports, routers=[router])
    assert not host.converge(wanted).failed
    for net, one in zip(nets, ports, strict=False):
        guest = lab.guest(host, one)
        guest.use(f"{guest.address}/25", net.subnets[0].gateway_ip)
        assert status(guest.http(f"{ASK}\r\n")) == 200
        _, _, headers, _ = host.service.asked[-1]
        assert headers["x-instance-id"] == one.device_id
        assert headers["x-forwarded-for"] == guest.address


def test_answers_are_passed_on_whole_whatever_they_say(lab: Lab) -> None:
    host, guest = place(lab)
    host.service.answer = bytes(range(256)) * 20_000
    answer = guest.http(f"{ASK}\r\n")
    assert answer.partition(b"\r\n\r\n")[2] == host.service.answer
    host.service.answer = b"no such thing"
    host.service.status = 404
    answer = guest.http(f"{ASK}\r\n")
    assert status(answer) == 404
    assert answer.endswith(b"no such thing")


def test_what_is_posted_arrives_unless_it_is_too_much(lab: Lab) -> None:
    host, guest = place(lab)
    post = "POST /openstack/latest/password HTTP/1.1\r\n"
    assert status(guest.http(f"{post}Content-Length: 6\r\n\r\nsecret")) == 200
    ((method, _, _, body),) = host.service.asked
    assert (method, body) == ("POST", b"secret")
    huge = guest.http(f"{post}Content-Length: 100000\r\n\r\n")
    assert status(huge) == 413
    endless = guest.http(f"{post}Transfer-Encoding: chunked\r\n\r\n")
    assert status(endless) == 411
    assert status(guest.http("TRACE / HTTP/1.1\r\n\r\n")) == 501
    assert status(guest.http("nonsense\r\n\r\n")) == 400
    assert status(guest.http("GET /\x01 HTTP/1.1\r\n\r\n")) == 400
    assert len(host.service.asked) == 1
    folded = "GET / HTTP/1.1\r\nAccept: a\r\n b: c\r\n\r\n"
    assert status(guest.http(folded)) == 200
    assert host.service.asked[1][2]["accept"] == "a b: c"


@pytest.mark.parametrize(
    "owner",
    [
        {"device_id": "", "device_owner": "compute:nova"},
        {"device_owner": "another:thing"},
    ],
)
def test_who_is_no_server_learns_nothing(
    lab: Lab, owner: dict[str, str]
) -> None:
    host, guest = place(lab, **owner)
    assert status(guest.http(f"{ASK}\r\n")) == 404
    assert host.service.asked == []


def test_a_service_that_is_away(lab: Lab) -> None:
    host, guest = place(lab)
    host.service.stop()
    answer = guest.http(f"{ASK}\r\n")
    assert status(answer) == 503
    host.run(host.service.start)
    assert status(guest.http(f"{ASK}\r\n")) == 200


def test_a_guest_has_so_many_requests_at_a_time(lab: Lab) -> None:
    host, guest = place(lab)
    held = [
        lab.enter_context(guest.connect("169.254.169.254")) for _ in "1234"
    ]
    assert not _is_served(guest)
    for sock in held:
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""
    assert eventually(lambda: _is_served(guest))
    assert len(host.service.asked) == 1


def _is_served(guest: PlainGuest) -> bool:
    try:
        return guest.http(f"{ASK}\r\n").startswith(b"HTTP/1.1 200 ")
    except ConnectionError:
        return False


def test_a_slow_guest_is_not_waited_for(lab: Lab) -> None:
    host, guest = place(lab, guest_timeout_s=0.5)
    slow = [lab.enter_context(guest.connect("169.254.169.254")) for _ in "12"]
    slow[0].sendall(b"GET / HT")
    for sock in slow:
        assert sock.recv(1) == b""
    assert host.service.asked == []


def test_a_new_netd_listens_again(lab: Lab) -> None:
    host, guest = place(lab)
    assert status(guest.http(f"{ASK}\r\n")) == 200
    host.restart()
    with pytest.raises(ConnectionError):
        guest.http(f"{ASK}\r\n")
    assert not host.converge(host.wanted).failed
    assert status(guest.http(f"{ASK}\r\n")) == 200
