# SPDX-License-Identifier: Apache-2.0
"""Guests' networks on one host and between two, in namespaces of our own."""

from __future__ import annotations

import dataclasses
import itertools
import os
import socket
import struct
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from typing import Any

import pytest
from pyroute2 import IPRoute

from nova_lite.doctor import networks
from nova_lite.doctor.finding import Finding, Level
from nova_lite.netd import links, nft, probe, rules, table
from nova_lite.netd.firewall import BRIDGE, Firewall
from nova_lite.network.model import bridge_name, device_name
from nova_lite.network.wanted import (
    HostState,
    WantedGroup,
    WantedNetwork,
    WantedPort,
    WantedRule,
    WantedSubnet,
)
from tests.fixtures.netlab import Guest, LabHost, ping

_numbers = itertools.count(1)
GROUP = str(uuid.uuid4())
OUT = [
    WantedRule("egress", "IPv4"),
    WantedRule("egress", "IPv6"),
]


def network(vni: int = 7, **more: object) -> WantedNetwork:
    return WantedNetwork(
        id=str(uuid.uuid4()),
        network_type="vxlan",
        mtu=1450,
        subnets=[
            WantedSubnet("s4", "198.51.100.0/24", 4, None, False),
            WantedSubnet("s6", "fd00:1::/64", 6, None, False),
        ],
        segmentation_id=vni,
        **more,  # type: ignore[arg-type]
    )


def port(net: WantedNetwork, number: int, **more: object) -> WantedPort:
    values: dict[str, object] = {
        "id": str(uuid.uuid4()),
        "network_id": net.id,
        "mac": f"fa:16:3e:00:00:{number:02x}",
        "fixed_ips": [
            ["s4", f"198.51.100.{number}"],
            ["s6", f"fd00:1::{number:x}"],
        ],
        "project_id": "p",
        "device_id": str(uuid.uuid4()),
        "device_owner": "compute:nova",
        "groups": [GROUP],
    }
    return WantedPort(**{**values, **more})  # type: ignore[arg-type]


def state(
    net: WantedNetwork,
    ports: list[WantedPort],
    *rules: WantedRule,
    stateful: bool = True,
) -> HostState:
    members = [address for one in ports for _, address in one.fixed_ips]
    return HostState(
        networks=[net],
        ports=ports,
        groups=[WantedGroup(GROUP, stateful, [*OUT, *rules])],
        members={GROUP: members},
    )


Lab = Callable[..., LabHost]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def host(stack: ExitStack, **more: object) -> LabHost:
    name = f"nlt-{os.getpid()}-h{next(_numbers)}"
    return stack.enter_context(closing(LabHost(name, **more)))  # type: ignore[arg-type]


def guest(stack: ExitStack, at: LabHost, port: WantedPort) -> Guest:
    name = f"nlt-{os.getpid()}-g{next(_numbers)}"
    return stack.enter_context(closing(Guest(at, port, name)))


ALLOW_PING = WantedRule("ingress", "IPv4", "icmp")
ALLOW_HTTP = WantedRule("ingress", "IPv4", "tcp", 80, 80)


def pair(
    stack: ExitStack,
    *rules: WantedRule,
    bridges: Mapping[str, str] | None = None,
    **more: object,
) -> tuple[LabHost, HostState, Guest, Guest]:
    """A host with two guests on one network."""
    net = network()
    wanted = state(net, [port(net, 11, **more), port(net, 12, **more)], *rules)
    here = host(stack, bridges=bridges)
    here.converge(wanted)
    one, two = (guest(stack, here, each) for each in wanted.ports)
    return here, wanted, one, two


def with_rules(wanted: HostState, *rules: WantedRule) -> HostState:
    groups = [dataclasses.replace(wanted.groups[0], rules=[*OUT, *rules])]
    return dataclasses.replace(wanted, groups=groups)


def test_nothing_comes_in_that_no_rule_allows(stack: ExitStack) -> None:
    here, wanted, one, two = pair(stack)
    assert not one.reaches(two.address, 0.3)
    here.converge(with_rules(wanted, ALLOW_PING))
    assert one.reaches(two.address)
    assert not one.reaches("fd00:1::c", 0.3)
    here.converge(
        with_rules(wanted, WantedRule("ingress", "IPv6", "ipv6-icmp", 128, 0))
    )
    assert one.reaches("fd00:1::c")
    assert not one.reaches(two.address, 0.3)


def exchange(
    sock: socket.socket, served: socket.socket, wait_s: float = 10
) -> bool:
    """Whether a byte comes through a connection."""
    served.settimeout(wait_s)
    sock.sendall(b"x")
    try:
        return served.recv(10) != b""
    except TimeoutError:
        return False


def test_a_rule_that_goes_ends_a_running_connection(stack: ExitStack) -> None:
    here, wanted, one, two = pair(stack, ALLOW_HTTP)
    server = stack.enter_context(two.listen())
    sock = stack.enter_context(one.connect(two.address))
    served = stack.enter_context(server.accept()[0])
    assert exchange(sock, served)
    assert exchange(served, sock)
    here.converge(with_rules(wanted))
    assert not exchange(sock, served, 0.5)
    # Put back, the connection goes on where it was.
    here.converge(with_rules(wanted, ALLOW_HTTP))
    served.settimeout(10)
    assert served.recv(10)


def test_a_group_allows_its_members(stack: ExitStack) -> None:
    from_group = WantedRule("ingress", "IPv4", remote_group_id=GROUP)
    here, wanted, one, two = pair(stack, from_group)
    assert one.reaches(two.address)
    only_two = {GROUP: [two.address]}
    here.converge(dataclasses.replace(wanted, members=only_two))
    assert not one.reaches(two.address, 0.3)
    assert two.reaches(one.address)
    here.converge(dataclasses.replace(wanted, members={}))
    assert not two.reaches(one.address, 0.3)
    here.converge(wanted)
    assert one.reaches(two.address)


def test_prefixes_and_ports_are_meant_as_they_stand(stack: ExitStack) -> None:
    half = WantedRule("ingress", "IPv4", "tcp", 8000, 8010, "198.51.100.11/32")
    _, _, one, two = pair(stack, half)
    for number, open_ in ((8000, True), (8010, True), (8011, False)):
        with two.listen(number), one.listen(number):
            wait_s = 10 if open_ else 0.4
            assert _connects(one, two, number, wait_s) is open_
            assert not _connects(two, one, number, 0.4)


def _connects(one: Guest, other: Guest, number: int, wait_s: float) -> bool:
    try:
        one.connect(other.address, number, wait_s).close()
    except TimeoutError:
        return False
    return True


def test_stateless_groups_let_no_answer_in_by_itself(
    stack: ExitStack,
) -> None:
    net = network()
    wanted = state(
        net, [port(net, 11), port(net, 12)], ALLOW_HTTP, stateful=False
    )
    here = host(stack)
    here.converge(wanted)
    one, two = (guest(stack, here, each) for each in wanted.ports)
    server = stack.enter_context(two.listen())
    with pytest.raises(TimeoutError):
        one.connect(two.address, timeout_s=0.4)
    answers = WantedRule("ingress", "IPv4", "tcp", 1024, 65535)
    here.converge(
        dataclasses.replace(
            wanted,
            groups=[WantedGroup(GROUP, False, [*OUT, ALLOW_HTTP, answers])],
        )
    )
    stack.enter_context(one.connect(two.address))
    stack.enter_context(server.accept()[0])


def test_a_port_without_groups_is_shut(stack: ExitStack) -> None:
    anything = WantedRule("ingress", "IPv4")
    net = network()
    wanted = state(net, [port(net, 11), port(net, 12, groups=[])], anything)
    here = host(stack)
    here.converge(wanted)
    one, shut = (guest(stack, here, each) for each in wanted.ports)
    assert not shut.reaches(one.address, 0.3)
    assert not one.reaches(shut.address, 0.3)


def test_a_port_without_security_is_open(stack: ExitStack) -> None:
    _, _, one, two = pair(stack, port_security=False, groups=[])
    assert one.reaches(two.address)
    assert two.reaches("fd00:1::b")


# --- spoofing ---


def octets(text: str) -> bytes:
    return bytes(int(part, 16) for part in text.split(":"))


def udp(source: tuple[str, str, int], target: tuple[str, str, int]) -> bytes:
    """A frame with a datagram from (mac, address, port) to another."""
    payload = b"spoofed?"
    header = struct.pack("!HHHH", source[2], target[2], 8 + len(payload), 0)
    length = 20 + len(header) + len(payload)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, length, 1, 0, 64, 17, 0)
    ip += socket.inet_aton(source[1]) + socket.inet_aton(target[1])
    total = sum(struct.unpack("!10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack("!H", ~total & 0xFFFF) + ip[12:]
    ends = octets(target[0]) + octets(source[0])
    return ends + b"\x08\x00" + ip + header + payload


def arp(mac: str, sender: str, sender_mac: str, asked: str) -> bytes:
    frame = b"\xff" * 6 + octets(mac) + b"\x08\x06"
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1)
    body += octets(sender_mac) + socket.inet_aton(sender)
    return frame + body + bytes(6) + socket.inet_aton(asked)


def arrives(one: Guest, two: Guest, frame: bytes) -> bool:
    """Whether the other guest gets to see a frame.

    Frames that may pass are sent before it, until one has passed, and after
    it, so there is no waiting.
    """
    before, after = (
        udp((one.mac, one.address, 7), (two.mac, two.address, number))
        for number in (9, 10)
    )
    with two.hearing() as heard:
        heard.settimeout(1)
        for _ in range(15):
            one.send_frame(before)
            if _first_of(heard, before):
                break
        heard.settimeout(10)
        one.send_frame(frame)
        one.send_frame(after)
        seen = _first_of(heard, frame, after)
    assert seen
    return seen == frame


def _first_of(heard: socket.socket, *frames: bytes) -> bytes | None:
    """The one of some frames that comes first; None when none comes."""
    with suppress(TimeoutError):
        while True:
            got = heard.recv(2048)
            if got in frames:
                return got
    return None


def test_nobody_sends_as_somebody_else(stack: ExitStack) -> None:
    here, wanted, one, two = pair(stack, WantedRule("ingress", "IPv4"))
    to = (two.mac, two.address, 53)
    other_mac, other_ip = "fa:16:3e:00:00:99", "198.51.100.99"
    assert arrives(one, two, udp((one.mac, one.address, 1), to))
    assert not arrives(one, two, udp((other_mac, one.address, 1), to))
    assert not arrives(one, two, udp((one.mac, other_ip, 1), to))
    assert arrives(one, two, arp(one.mac, one.address, one.mac, two.address))
    assert not arrives(one, two, arp(one.mac, other_ip, one.mac, two.address))
    assert not arrives(
        one, two, arp(one.mac, one.address, other_mac, two.address)
    )
    # A server's answer to who asks for an address; a frame with a tag.
    assert not arrives(
        one,
        two,
        udp((one.mac, one.address, 67), (two.mac, two.address, 68)),
    )
    plain = udp((one.mac, one.address, 1), to)
    assert not arrives(one, two, plain[:12] + b"\x81\x00\x00\x05" + plain[12:])
    # What is another's, but allowed to this port.
    pairs = [[one.mac, "198.51.100.96/28"]]
    allowed = [
        dataclasses.replace(wanted.ports[0], allowed_pairs=pairs),
        wanted.ports[1],
    ]
    here.converge(dataclasses.replace(wanted, ports=allowed))
    assert arrives(one, two, udp((one.mac, other_ip, 1), to))
    assert arrives(one, two, arp(one.mac, other_ip, one.mac, two.address))
    assert not arrives(one, two, udp((one.mac, "198.51.100.95", 1), to))
    anything = [[one.mac, "0.0.0.0/0"], ["fa:16:3e:00:00:99", "::/0"]]
    allowed[0] = dataclasses.replace(allowed[0], allowed_pairs=anything)
    here.converge(dataclasses.replace(wanted, ports=allowed))
    assert arrives(one, two, udp((one.mac, "198.51.100.95", 1), to))
    assert not arrives(one, two, udp((other_mac, one.address, 1), to))


def icmpv6(one: Guest, source: str, kind: int, about: str = "::") -> bytes:
    """A frame with an ICMPv6 message to all nodes, checksum and all.

    ``about``: the address that a neighbour's word is about.
    """
    addresses = socket.inet_pton(socket.AF_INET6, source)
    addresses += socket.inet_pton(socket.AF_INET6, "ff02::1")
    body = bytes([kind, 0, 0, 0]) + bytes(4)
    body += socket.inet_pton(socket.AF_INET6, about)
    length = struct.pack("!II", len(body), 58)
    total = sum(struct.unpack("!32H", addresses + length + body))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    body = body[:2] + struct.pack("!H", ~total & 0xFFFF) + body[4:]
    header = struct.pack("!IHBB", 0x60000000, len(body), 58, 255)
    ends = octets("33:33:00:00:00:01") + octets(one.mac)
    return ends + b"\x86\xdd" + header + addresses + body


def test_nobody_plays_the_router(stack: ExitStack) -> None:
    anything = WantedRule("ingress", "IPv6"), WantedRule("ingress", "IPv4")
    _, _, one, two = pair(stack, *anything)
    own = rules.link_local(one.mac)
    for kind, passes in ((128, True), (134, False), (137, False)):
        frame = icmpv6(one, own, kind)
        assert arrives(one, two, frame) is passes, kind
    stolen = icmpv6(one, "fe80::1", 128)
    assert not arrives(one, two, stolen)


def test_nobody_has_anothers_ipv6_address(stack: ExitStack) -> None:
    here, wanted, one, two = pair(stack, WantedRule("ingress", "IPv4"))
    own = rules.link_local(one.mac)

    def told(about: str) -> bool:
        return arrives(one, two, icmpv6(one, own, 136, about))

    assert told(own)
    assert told(wanted.ports[0].fixed_ips[1][1])
    assert not told(wanted.ports[1].fixed_ips[1][1])
    assert not told("fe80::1")
    for pairs, about, passes in (
        ([[one.mac, "fd00:7::/64"]], "fd00:7::9", True),
        ([[one.mac, "fd00:7::/64"]], "fd00:8::9", False),
        ([[one.mac, "::/0"]], "fd00:8::9", True),
    ):
        allowed = [
            dataclasses.replace(wanted.ports[0], allowed_pairs=pairs),
            wanted.ports[1],
        ]
        here.converge(dataclasses.replace(wanted, ports=allowed))
        assert told(about) is passes, (pairs, about)


# --- what stays, what goes ---


def test_a_second_pass_changes_nothing(stack: ExitStack) -> None:
    here, wanted, *_ = pair(stack, ALLOW_PING, ALLOW_HTTP)
    before = _picture(here)
    here.converge(wanted)
    here.converge(wanted, full=True)
    here.restart()
    here.converge(wanted)
    assert _picture(here) == before


def _picture(here: LabHost) -> tuple[str, object]:
    """Rules with their handles, so that one made anew is another; devices."""
    return here.command("nft", "-a", "list", "ruleset"), here.devices()


def test_what_somebody_took_away_is_back(stack: ExitStack) -> None:
    here, wanted, one, two = pair(stack, ALLOW_HTTP)
    server = stack.enter_context(two.listen())
    sock = stack.enter_context(one.connect(two.address))
    served = stack.enter_context(server.accept()[0])
    here.command("nft", "flush", "chain", "bridge", "nova-lite", "mark-to")
    here.command("nft", "delete", "table", "inet", "nova-lite")
    here.command("ip", "link", "set", device_name(two.port.id), "nomaster")
    assert here.converge(wanted, full=True).wired == {
        one.port.id,
        two.port.id,
    }
    assert exchange(sock, served)
    assert exchange(served, sock)
    with pytest.raises(TimeoutError):
        one.connect(two.address, 81, 0.3)
    assert not one.reaches(two.address, 0.3)


def test_what_nobody_wants_goes_and_the_rest_stays(stack: ExitStack) -> None:
    here, wanted, one, two = pair(stack, ALLOW_PING)
    here.command("ip", "link", "add", "br-theirs", "type", "bridge")
    here.command("ip", "tuntap", "add", "taptheirs", "mode", "tap")
    assert one.reaches(two.address)
    less = dataclasses.replace(wanted, ports=wanted.ports[1:])
    # While a guest has the tap, it is only cut off.
    outcome = here.converge(less)
    assert outcome.held == {device_name(one.port.id)}
    assert not outcome.failed
    assert not one.reaches(two.address, 0.3)
    assert one.port.id not in here.rules()
    assert two.port.id in here.rules()
    here.converge(wanted)
    assert one.reaches(two.address)
    here.converge(less)
    one.unplug()
    assert not here.converge(less).held
    assert device_name(one.port.id) not in here.devices()
    two.unplug()
    here.restart()
    assert here.converge(HostState()).wired == set()
    assert set(here.devices()) == {"br-theirs", "taptheirs"}
    assert "198.51.100" not in here.rules()


def test_a_port_that_is_switched_off(stack: ExitStack) -> None:
    here, wanted, one, two = pair(stack, ALLOW_PING)
    off = dataclasses.replace(wanted.ports[1], admin_state_up=False)
    outcome = here.converge(
        dataclasses.replace(wanted, ports=[wanted.ports[0], off])
    )
    assert outcome.wired == {one.port.id}
    assert not one.reaches(two.address, 0.3)
    assert here.converge(wanted).wired == {one.port.id, two.port.id}
    assert one.reaches(two.address)


def test_a_network_that_cannot_be_made_keeps_no_other_back(
    stack: ExitStack,
) -> None:
    here, wanted, one, two = pair(
        stack, ALLOW_PING, bridges={"late": "br-late"}
    )
    flat = dataclasses.replace(
        network(), network_type="flat", physical_network="late"
    )
    lost = port(flat, 13)
    late = dataclasses.replace(
        wanted,
        networks=[flat, *wanted.networks],
        ports=[lost, *wanted.ports],
    )
    outcome = here.converge(late)
    assert outcome.wired == {one.port.id, two.port.id}
    assert outcome.failed == {flat.id}
    assert one.reaches(two.address)
    # It is tried again, without a look at everything else.
    here.command("ip", "link", "add", "br-late", "type", "bridge")
    outcome = here.converge(late)
    assert outcome.wired == {one.port.id, two.port.id, lost.id}
    assert not outcome.failed


def test_two_networks_use_the_same_addresses(stack: ExitStack) -> None:
    here = host(stack)
    nets = [network(7), network(8)]
    ports = [port(net, number) for net in nets for number in (11, 12)]
    here.converge(
        HostState(
            networks=nets,
            ports=ports,
            groups=[WantedGroup(GROUP, True, [*OUT, ALLOW_HTTP])],
        )
    )
    guests = [guest(stack, here, each) for each in ports]
    for one, two in (guests[:2], guests[2:]):
        server = stack.enter_context(two.listen())
        # The same addresses and ports on both: one table of connections
        # would take the second for the first.
        sock = one.run(
            socket.create_connection,
            (two.address, 80),
            10,
            ("198.51.100.11", 4444),
        )
        stack.enter_context(sock)
        served = stack.enter_context(server.accept()[0])
        assert exchange(sock, served)
        assert exchange(served, sock)


def test_a_flat_network_is_on_the_bridge_that_the_host_has(
    stack: ExitStack,
) -> None:
    here = host(stack, bridges={"public": "br-ex"})
    here.command("ip", "link", "add", "br-ex", "type", "bridge")
    here.command("ip", "link", "set", "br-ex", "up")
    here.command("ip", "addr", "add", "198.51.100.1/24", "dev", "br-ex")
    flat = dataclasses.replace(
        network(),
        network_type="flat",
        physical_network="public",
        segmentation_id=None,
    )
    wanted = state(flat, [port(flat, 11)])
    assert here.converge(wanted).wired == {wanted.ports[0].id}
    one = guest(stack, here, wanted.ports[0])
    assert one.reaches("198.51.100.1")
    # What the host sends is nobody's frame, and is judged all the same.
    assert not here.run(ping, one.address, 0.3)
    here.converge(with_rules(wanted, ALLOW_PING))
    assert here.run(ping, one.address)
    one.unplug()
    here.converge(HostState(networks=[flat]))
    assert set(here.devices()) == {"br-ex"}


class Crash(BaseException):
    """The end of a netd, wherever it is."""


class Mortal:
    """Something whose calls are counted, and the last one never returns."""

    left = 0

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name == "close":
            return found
        return self._counted(found)

    @classmethod
    def _counted(cls, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            cls.left -= 1
            if cls.left == 0:
                raise Crash
            return function(*args, **kwargs)

        return call


def test_a_crash_anywhere_leaves_nothing_behind(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at each of its calls to the kernel, once with and once without
    a wish for what it had begun."""
    here = host(stack)
    net = network(peers=["203.0.113.9"])
    wanted = state(net, [port(net, 11)], ALLOW_PING)
    ident = wanted.ports[0].id
    monkeypatch.setattr(here.links, "_netlink", Mortal(here.links._netlink))
    monkeypatch.setattr(links, "IPRoute", lambda: Mortal(IPRoute()))
    monkeypatch.setattr(nft, "apply", Mortal._counted(nft.apply))
    crashes = 0
    for after in (wanted, HostState()):
        for number in itertools.count(1):
            Mortal.left = number
            here.restart()
            try:
                here.converge(wanted)
            except Crash:
                crashes += 1
            else:
                break
            Mortal.left = 0
            here.restart()
            outcome = here.converge(after)
            assert not outcome.failed
            assert outcome.wired == ({ident} if after is wanted else set())
            here.restart()
            here.converge(HostState())
            assert here.devices() == {}
            for family in ("bridge", "inet"):
                listed = here.run(nft.list_table, family, "nova-lite")
                assert ident not in str(listed)
    assert crashes > 30


# --- between hosts ---


@pytest.mark.parametrize(
    "addresses", [("203.0.113.1", "203.0.113.2"), ("fd00:8:0::1", "fd00:8::2")]
)
def test_two_hosts_have_one_network(
    stack: ExitStack, addresses: tuple[str, str]
) -> None:
    here, there = (host(stack, tunnel_ip=one) for one in addresses)
    here.command(
        *("ip", "link", "add", "under", "mtu", "1500", "type", "veth"),
        *("peer", "name", "under", "mtu", "1500", "netns", there.name),
    )
    for each, address in zip((here, there), addresses, strict=True):
        bits = 64 if ":" in address else 24
        each.command(
            *("ip", "addr", "add", f"{address}/{bits}", "dev", "under"),
            *(["nodad"] if ":" in address else []),
        )
        each.command("ip", "link", "set", "under", "up")
    net = network()
    ports = [port(net, 11), port(net, 12)]

    def seen(mine: WantedPort, other: WantedPort, peer: str) -> HostState:
        seen_net = dataclasses.replace(
            net, peers=[peer], remote=[[other.mac, peer]]
        )
        return state(seen_net, [mine], ALLOW_PING, ALLOW_HTTP)

    one_sees = seen(*ports, addresses[1])
    here.converge(one_sees)
    there.converge(seen(*reversed(ports), addresses[0]))
    before = here.run(here.links.forwarding), here.devices()
    here.restart()
    here.converge(one_sees)
    assert before == (here.run(here.links.forwarding), here.devices())
    one, two = guest(stack, here, ports[0]), guest(stack, there, ports[1])
    assert one.reaches(two.address)
    server = stack.enter_context(two.listen())
    sock = stack.enter_context(one.connect(two.address))
    served = stack.enter_context(server.accept()[0])
    # More than one frame of the tunnel.
    sock.sendall(bytes(20000))
    got = 0
    served.settimeout(10)
    while got < 20000:
        got += len(served.recv(65536))
    # The peer is gone: nothing is sent there any more.
    here.converge(state(net, [ports[0]], ALLOW_PING))
    assert addresses[1] not in here.command("bridge", "fdb")
    assert not two.reaches(one.address, 0.3)
    assert bridge_name(net.id) in here.devices()


def test_rules_for_kernels_that_track_bridges(stack: ExitStack) -> None:
    """As far as this kernel takes them, which may not know of conntrack."""
    here = host(stack)
    net = network()
    group = WantedRule("ingress", "IPv6", "tcp", 1, 9, remote_group_id=GROUP)
    wanted = state(net, [port(net, 11)], ALLOW_PING, ALLOW_HTTP, group)
    firewall = Firewall(BRIDGE)
    (made,) = firewall.tables(wanted, {wanted.ports[0].id: 5})
    commands = table.changes(made, table.Table("bridge", "nova-lite"))
    if here.run(probe.tracking) != BRIDGE:
        commands = [
            one
            for one in commands
            if "'ct'" not in str(one) and "ibrname" not in str(one)
        ]
    here.run(nft.apply, commands)
    assert f"to-{wanted.ports[0].id}" in here.rules()
    listed = here.run(nft.list_table, "bridge", "nova-lite")
    there = table.read("bridge", "nova-lite", listed)
    assert there.maps == made.maps
    assert there.sets == made.sets


def test_the_doctor_sees_who_else_drops(stack: ExitStack) -> None:
    here = host(stack)
    assert not [one for one in _findings(here) if "nft insert" in one.fix]
    here.command("nft", "add", "table", "ip", "filter")
    chain = "{ type filter hook forward priority 0; policy drop; }"
    here.command("nft", "add", "chain", "ip", "filter", "FORWARD", chain)
    (found,) = (one for one in _findings(here) if "nft insert" in one.fix)
    assert found.level is Level.WARNING
    assert "chain FORWARD of table ip filter" in found.text
    here.command("sh", "-c", found.fix)


def _findings(here: LabHost) -> list[Finding]:
    return here.run(networks.check_netd, "127.0.0.1", {})
