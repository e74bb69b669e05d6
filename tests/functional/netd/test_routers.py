# SPDX-License-Identifier: Apache-2.0
"""Guests reach other networks and the world, and are reached from there."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import struct
import subprocess
import threading
import uuid
from ipaddress import ip_network

import pytest

from nova_lite.netd.dhcp_tables import Settings
from nova_lite.netd.floating import TABLE
from nova_lite.network.wanted import (
    HostState,
    WantedFloatingIP,
    WantedNetwork,
    WantedRouter,
    WantedRouterPort,
)
from tests.fixtures.netlab_routing import (
    OUTSIDE,
    Lab,
    PlainGuest,
    RoutingHost,
    eventually,
    external,
    network,
    port,
    resolve,
    served,
    state,
    subnet,
)

GATEWAY = "203.0.113.20"
FLOATING = "203.0.113.50"
ONE, TWO = "198.51.100.11", "198.51.100.141"


def leg(net: WantedNetwork, number: int = 0) -> WantedRouterPort:
    """In all subnets of a network, at their gateways' addresses."""
    own = f"fa:16:3e:bb:{number:02x}:01"
    addresses = [
        f"{one.gateway_ip}/{ip_network(one.cidr).prefixlen}"
        for one in net.subnets
    ]
    return WantedRouterPort(str(uuid.uuid4()), net.id, own, addresses)


def gateway(net: WantedNetwork) -> WantedRouterPort:
    return WantedRouterPort(
        str(uuid.uuid4()), net.id, "fa:16:3e:cc:00:01", [f"{GATEWAY}/24"]
    )


def floating(address: str, fixed: str) -> WantedFloatingIP:
    return WantedFloatingIP(str(uuid.uuid4()), address, fixed)


class Town:
    """Two networks, a guest on each, and a router to the world."""

    def __init__(
        self,
        lab: Lab,
        *floating_ips: WantedFloatingIP,
        settings: Settings | None = None,
    ) -> None:
        self.nets = [
            network(subnet("198.51.100.0/25")),
            network(subnet("198.51.100.128/25")),
        ]
        # .11 of one and .13 of the other, so no two are the same.
        self.ports = [port(self.nets[0], 11), port(self.nets[1], 13)]
        self.outer = external()
        self.router = WantedRouter(
            id=str(uuid.uuid4()),
            admin_state_up=True,
            legs=[leg(net, number) for number, net in enumerate(self.nets)],
            gateway=gateway(self.outer),
            next_hops=[OUTSIDE],
            floating_ips=floating_ips,
        )
        self.host: RoutingHost = lab.host(settings)
        self.converge()
        self.one, self.two = (
            self._guest(lab, net, each)
            for net, each in zip(self.nets, self.ports, strict=True)
        )

    def _guest(self, lab: Lab, net: WantedNetwork, each: object) -> PlainGuest:
        guest = lab.guest(self.host, each)  # type: ignore[arg-type]
        guest.use(f"{guest.address}/25", net.subnets[0].gateway_ip)
        return guest

    def state(self) -> HostState:
        return state(
            [*self.nets, self.outer], self.ports, routers=[self.router]
        )

    def converge(self, full: bool = False, **changes: object) -> None:
        """One pass, with the router changed."""
        self.router = dataclasses.replace(self.router, **changes)  # type: ignore[arg-type]
        assert not self.host.converge(self.state(), full).failed

    @property
    def namespace(self) -> str:
        return f"qrouter-{self.router.id}"


def test_guests_of_two_networks_reach_one_another(lab: Lab) -> None:
    town = Town(lab)
    assert town.one.reaches(TWO)
    assert town.two.reaches(ONE)
    # The router's own addresses, seen from a guest.
    assert town.one.reaches("198.51.100.1")
    assert town.one.reaches(GATEWAY)


def test_the_world_sees_the_routers_address(lab: Lab) -> None:
    town = Town(lab)
    listener = town.host.run(socket.create_server, (OUTSIDE, 7777))
    with served(listener, b"world") as seen:
        with town.one.connect(OUTSIDE, 7777) as sock:
            assert sock.recv(9) == b"world"
        assert seen == [GATEWAY]
        # Without translation nobody out there knows the way back.
        town.converge(enable_snat=False)
        with pytest.raises(TimeoutError):
            town.one.connect(OUTSIDE, 7777, 0.4)
        assert seen == [GATEWAY]


def test_a_floating_ip_leads_in_and_out(lab: Lab) -> None:
    town = Town(lab, floating(FLOATING, ONE))
    with served(town.one.listen(), b"one") as seen:
        sock = town.host.run(
            socket.create_connection, (FLOATING, 80), timeout=10
        )
        with sock:
            assert sock.recv(9) == b"one"
        assert seen == [OUTSIDE]
    listener = town.host.run(socket.create_server, (OUTSIDE, 7777))
    with served(listener, b"world") as seen:
        for guest in (town.one, town.two):
            with guest.connect(OUTSIDE, 7777) as sock:
                assert sock.recv(9) == b"world"
        assert seen == [FLOATING, GATEWAY]


def test_guests_reach_floating_ips_from_inside(lab: Lab) -> None:
    other = "203.0.113.51"
    town = Town(lab, floating(FLOATING, ONE), floating(other, TWO))
    third = port(town.nets[0], 14)
    town.ports.append(third)
    town.converge()
    neighbour = lab.guest(town.host, third)
    neighbour.use("198.51.100.14/25", "198.51.100.1")
    with served(town.one.listen(), b"one") as seen:
        for guest in (town.two, neighbour, town.one):
            with guest.connect(FLOATING) as sock:
                assert sock.recv(9) == b"one"
    # By its own floating ip, the router's, and its own once more.
    assert seen == [other, GATEWAY, FLOATING]


def test_a_floating_ip_taken_away_takes_its_connections(lab: Lab) -> None:
    town = Town(lab, floating(FLOATING, ONE))
    server = lab.enter_context(town.one.listen())
    sock = lab.enter_context(
        town.host.run(socket.create_connection, (FLOATING, 80), timeout=10)
    )
    inner, _ = server.accept()
    lab.enter_context(inner)
    sock.sendall(b"before")
    assert inner.recv(9) == b"before"
    # A pass, and a new netd, leave it alone.
    town.host.restart()
    town.converge(full=True)
    inner.sendall(b"still")
    assert sock.recv(9) == b"still"
    town.converge(floating_ips=[])
    sock.sendall(b"after")
    inner.settimeout(0.5)
    with pytest.raises(TimeoutError):
        inner.recv(9)
    with pytest.raises(OSError):  # noqa: PT011
        town.host.run(socket.create_connection, (FLOATING, 80), timeout=0.5)


def test_a_floating_ip_moves_to_another_guest(lab: Lab) -> None:
    town = Town(lab, floating(FLOATING, ONE))
    with (
        served(town.one.listen(), b"one"),
        served(town.two.listen(), b"two"),
    ):
        assert _name_at(town, FLOATING) == b"one"
        town.converge(floating_ips=[floating(FLOATING, TWO)])
        assert _name_at(town, FLOATING) == b"two"


def _name_at(town: Town, address: str) -> bytes:
    sock = town.host.run(socket.create_connection, (address, 80), timeout=10)
    with sock:
        return bytes(sock.recv(9))


def test_an_address_that_came_is_announced(lab: Lab) -> None:
    town = Town(lab)
    with town.host.run(
        socket.socket, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)
    ) as heard:
        heard.bind(("br-ex", 0x0806))
        heard.settimeout(10)
        town.converge(floating_ips=[floating(FLOATING, ONE)])
        wanted = socket.inet_aton(FLOATING)
        while True:
            frame = heard.recv(2048)
            # The sender's address, and whom it asks for.
            if frame[28:32] == wanted:
                break
    assert frame[38:42] == wanted
    assert frame[22:28].hex(":") == "fa:16:3e:cc:00:01"


def test_a_router_that_is_switched_off_forwards_nothing(lab: Lab) -> None:
    town = Town(lab, floating(FLOATING, ONE))
    town.converge(admin_state_up=False)
    assert not town.one.reaches(TWO, 0.3)
    town.converge(full=True)
    assert not town.one.reaches("198.51.100.1", 0.3)
    town.converge(admin_state_up=True)
    assert town.one.reaches(TWO)
    assert town.one.reaches(OUTSIDE)


def test_a_leg_that_is_switched_off_forwards_nothing(lab: Lab) -> None:
    town = Town(lab, floating(FLOATING, ONE))
    first, second = town.router.legs
    outer = town.router.gateway
    assert outer
    off = dataclasses.replace(second, up=False)
    town.converge(legs=[first, off])
    assert not town.one.reaches(TWO, 0.3)
    assert town.one.reaches(OUTSIDE)
    out = dataclasses.replace(outer, up=False)
    town.converge(legs=[first, second], gateway=out)
    assert not town.one.reaches(OUTSIDE, 0.3)
    assert town.one.reaches(TWO)
    town.converge(full=True, gateway=outer)
    assert town.one.reaches(OUTSIDE)


def test_routes_of_a_router(lab: Lab) -> None:
    town = Town(lab)
    beyond = "192.0.2.7"
    town.two.use(f"{beyond}/32")
    town.ports[1] = dataclasses.replace(
        town.ports[1], allowed_pairs=[[town.two.mac, beyond]]
    )
    assert not town.one.reaches(beyond, 0.3)
    nowhere = ("192.0.2.64/26", "192.0.2.99")
    town.converge(routes=[("192.0.2.0/26", TWO), nowhere])
    assert town.one.reaches(beyond)
    town.converge(routes=[("192.0.2.0/26", "198.51.100.199")])
    assert not town.one.reaches(beyond, 0.3)
    town.converge(routes=[])
    assert not town.one.reaches(beyond, 0.3)


def test_names_are_asked_for_through_the_router(lab: Lab) -> None:
    town = Town(lab, settings=Settings(dns_servers=[OUTSIDE]))
    with town.host.run(
        socket.socket, socket.AF_INET, socket.SOCK_DGRAM
    ) as server:
        server.bind((OUTSIDE, 53))
        server.settimeout(15)
        thread = threading.Thread(target=_answer_one, args=(server,))
        thread.start()
        known = town.one.run(resolve, "198.51.100.2", "example.org")
        thread.join()
    assert known == "192.0.2.80"


def _answer_one(server: socket.socket) -> None:
    """Whatever the name is, it has this address."""
    query, sender = server.recvfrom(2048)
    # Its question alone: a server may add more to what it asks.
    end = query.index(b"\0", 12) + 5
    head = query[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0)
    answer = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4)
    answer += socket.inet_aton("192.0.2.80")
    server.sendto(head + query[12:end] + answer, sender)


def test_ipv6_is_advertised_and_routed(lab: Lab) -> None:
    nets = [
        network(subnet("fd00:6::/64", ra_mode="slaac", address_mode="slaac")),
        network(subnet("fd00:7::/64")),
    ]
    mac = "fa:16:3e:00:00:0b"
    own = "fd00:6::f816:3eff:fe00:b"
    ports = [
        port(nets[0], 11, mac=mac, fixed_ips=[[nets[0].subnets[0].id, own]]),
        port(nets[1], 12),
    ]
    router = WantedRouter(
        id=str(uuid.uuid4()),
        admin_state_up=True,
        legs=[leg(net, number) for number, net in enumerate(nets)],
    )
    host = lab.host()
    wanted = state(nets, ports, routers=[router])
    assert not host.converge(wanted).failed
    one, two = (lab.guest(host, each) for each in ports)
    two.use("fd00:7::c/64", "fd00:7::1")
    # A router that still doubts its address is not heard.
    doubted = ["ip", "-6", "addr", "show", "tentative"]
    space = f"qrouter-{router.id}"
    assert host.inside(space, subprocess.check_output, doubted) == b""
    assert eventually(lambda: own in one.command("ip", "-6", "addr"))
    routes = one.command("ip", "-6", "route")
    assert "mtu 1400" in routes
    assert "default via fe80::f816:3eff:febb:1 " in routes
    assert eventually(lambda: one.reaches("fd00:7::c"))
    # Without its leg nobody says any more that there is a router.
    pid = host.dnsmasq("routers", router.id)
    bare = dataclasses.replace(router, legs=router.legs[1:])
    assert not host.converge(state(nets, ports, routers=[bare])).failed
    assert not host.inside(space, _has_device, router.legs[0])
    assert not _is_dnsmasq(pid)


def _has_device(leg: WantedRouterPort) -> bool:
    return f"qr-{leg.port_id[:11]}" in [
        name for _, name in socket.if_nameindex()
    ]


def _is_dnsmasq(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline") as command:
            return "dnsmasq" in command.read()
    except FileNotFoundError:
        return False


# --- what stays, what goes ---------------------------------------------------


def picture(town: Town) -> object:
    """Rules with their handles, devices with their numbers."""
    rules = _rules(town)
    return (
        rules,
        town.host.inside(town.namespace, socket.if_nameindex),
        town.host.namespaces.path(town.namespace).stat().st_ino,
    )


def _rules(town: Town) -> str:
    from nova_lite.netd import nft

    found = town.host.inside(town.namespace, nft.list_table, "ip", TABLE)
    assert found
    return repr(found)


def test_neither_a_pass_nor_a_new_netd_changes_what_is_right(
    lab: Lab,
) -> None:
    town = Town(lab, floating(FLOATING, ONE))
    before = picture(town)
    town.converge()
    town.converge(full=True)
    town.host.restart()
    town.converge()
    assert picture(town) == before


def test_what_somebody_took_away_is_back(lab: Lab) -> None:
    from nova_lite.netd import nft

    town = Town(lab, floating(FLOATING, ONE))
    table = {"family": "ip", "name": TABLE}
    town.host.inside(town.namespace, nft.apply, [{"delete": {"table": table}}])
    assert not town.two.reaches(OUTSIDE, 0.3)
    town.converge(full=True)
    assert town.two.reaches(OUTSIDE)
    town.host.namespaces.remove(town.namespace)
    town.converge(full=True)
    assert town.two.reaches(OUTSIDE)
    with served(town.one.listen(), b"one"):
        assert _name_at(town, FLOATING) == b"one"


def test_a_host_that_was_cut_off_from_power_is_as_it_was(lab: Lab) -> None:
    """Nothing of the kernel's is left; files are, and may be damaged."""
    from nova_lite.netd import nft

    town = Town(lab, floating(FLOATING, ONE))
    town.one.unplug()
    town.two.unplug()
    kept = town.host.directory / "state"
    for path in kept.glob("*/*/pid"):
        os.kill(int(path.read_text()), signal.SIGKILL)
        # The number is another's now, which must not be ended for it.
        path.write_text(f"{os.getpid()}\n")
    for path in [*kept.glob("routers/*/*"), *kept.glob("dhcp/*/[hlnot]*")]:
        path.write_bytes(b"\xff" * 8)
    for name in town.host.names():
        town.host.namespaces.remove(name)
    for device in _made_devices(town.host):
        town.host.command("ip", "link", "del", device)
    town.host.run(nft.apply, [{"flush": {"ruleset": None}}])

    town.host.restart()
    town.converge()
    one = lab.guest(town.host, town.ports[0])
    assert one.join()["ip"] == ONE
    one.command("ip", "route", "replace", "default", "via", "198.51.100.1")
    assert one.reaches(OUTSIDE)
    with served(one.listen(), b"one"):
        assert _name_at(town, FLOATING) == b"one"


def _made_devices(host: RoutingHost) -> list[str]:
    found: list[str] = host.run(
        lambda: [name for _, name in socket.if_nameindex()]
    )
    made = ("brq", "vxlan-", "tap", "nlv")
    return [name for name in found if name.startswith(made)]


def test_nothing_is_left_of_a_router_that_went(lab: Lab) -> None:
    town = Town(lab)
    town.host.restart()
    wanted = state([*town.nets, town.outer], town.ports)
    assert not town.host.converge(wanted).failed
    assert town.namespace not in town.host.names()
    assert not list((town.host.directory / "state" / "routers").iterdir())
    assert not town.one.reaches("198.51.100.1", 0.3)
    links = town.host.command("ip", "-o", "link", "show", "master", "br-ex")
    assert links == ""
