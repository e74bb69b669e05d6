# SPDX-License-Identifier: Apache-2.0
"""A network on two hosts: each serves its own guests, one has the router."""

from __future__ import annotations

import dataclasses
import uuid

from nova_lite.network.wanted import (
    HostState,
    WantedPort,
    WantedRouter,
    WantedRouterPort,
)
from tests.fixtures.netlab_routing import (
    OUTSIDE,
    Lab,
    RoutingHost,
    external,
    network,
    port,
    state,
    subnet,
)

IPS = ("192.0.2.1", "192.0.2.2")


def _hosts(lab: Lab) -> list[RoutingHost]:
    """Two, with a wire between them."""
    hosts = [lab.host(tunnel_ip=address) for address in IPS]
    hosts[0].command(
        *("ip", "link", "add", "under", "type", "veth"),
        *("peer", "name", "under", "netns", hosts[1].name),
    )
    for host, address in zip(hosts, IPS, strict=True):
        host.command("ip", "addr", "add", f"{address}/24", "dev", "under")
        host.command("ip", "link", "set", "under", "up")
    return hosts


def test_guests_of_two_hosts_have_all_of_it(lab: Lab) -> None:
    net, outer = network(subnet("198.51.100.0/24")), external()
    # Each host has a DHCP port of its own.
    nets = [
        dataclasses.replace(
            net,
            dhcp_port_id=str(uuid.uuid4()),
            dhcp_mac=f"fa:16:3e:aa:ff:0{number}",
            dhcp_ips={net.subnets[0].id: f"198.51.100.{number}"},
        )
        for number in (2, 3)
    ]
    ports = [port(net, 11), port(net, 12)]
    leg = WantedRouterPort(
        str(uuid.uuid4()), net.id, "fa:16:3e:bb:00:01", ["198.51.100.1/24"]
    )
    gateway = WantedRouterPort(
        str(uuid.uuid4()), outer.id, "fa:16:3e:cc:00:01", ["203.0.113.9/24"]
    )
    router = WantedRouter(
        str(uuid.uuid4()), True, [leg], gateway, next_hops=[OUTSIDE]
    )
    macs = [
        [ports[0].mac, leg.mac, nets[0].dhcp_mac],
        [ports[1].mac, nets[1].dhcp_mac],
    ]

    def seen(number: int, one: WantedPort, **more: object) -> HostState:
        other = 1 - number
        mine = dataclasses.replace(
            nets[number],
            peers=[IPS[other]],
            remote=[[mac, IPS[other]] for mac in macs[other]],
        )
        return state([mine, outer], [one], **more)

    here, there = _hosts(lab)
    assert not here.converge(seen(0, ports[0], routers=[router])).failed
    assert not there.converge(seen(1, ports[1])).failed
    one, two = lab.guest(here, ports[0]), lab.guest(there, ports[1])
    # Each is answered by its own host's server alone.
    assert one.join()["serverid"] == "198.51.100.2"
    assert two.join()["serverid"] == "198.51.100.3"
    assert two.reaches(one.address)
    # By the router of the other host, and by its own host's metadata proxy.
    assert two.reaches(OUTSIDE)
    for host, guest in ((here, one), (there, two)):
        answer = guest.http("GET / HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")
        ((_, _, headers, _),) = host.service.asked
        assert headers["x-instance-id"] == guest.port.device_id
