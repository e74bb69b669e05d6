# SPDX-License-Identifier: Apache-2.0
"""Guests are given their addresses: a real client, a real dnsmasq."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

from nova_lite.netd.dhcp_tables import Settings
from nova_lite.network.wanted import HostState, WantedNetwork, WantedPort
from tests.fixtures.netlab_routing import (
    Lab,
    RoutingHost,
    eventually,
    network,
    port,
    resolve,
    state,
    subnet,
)


def one_network(**more: object) -> WantedNetwork:
    return network(subnet("198.51.100.0/24", **more))


def converge(host: RoutingHost, wanted: HostState, full: bool = False) -> None:
    assert not host.converge(wanted, full).failed


def test_a_guest_is_told_what_its_subnet_says(lab: Lab) -> None:
    net = dataclasses.replace(
        network(
            subnet(
                "198.51.100.0/24",
                dns=["192.0.2.53", "192.0.2.54"],
                routes=[("203.0.113.0/25", "198.51.100.9")],
            )
        ),
        dns_domain="example.org.",
    )
    one = port(net, 11, hostname="web-1")
    host = lab.host(Settings(lease_s=4242))
    converge(host, state([net], [one]))
    told = lab.guest(host, one).ask()
    assert told["ip"] == "198.51.100.11"
    assert told["mask"] == "24"
    assert told["serverid"] == "198.51.100.2"
    assert told["router"] == "198.51.100.1"
    assert told["dns"] == "192.0.2.53 192.0.2.54"
    assert told["mtu"] == "1400"
    assert told["lease"] == "4242"
    assert told["hostname"] == "web-1"
    assert told["domain"] == "example.org"
    assert told["staticroutes"].split() == [
        *("169.254.169.254/32", "198.51.100.2"),
        *("203.0.113.0/25", "198.51.100.9"),
        *("0.0.0.0/0", "198.51.100.1"),
    ]


def test_a_subnet_without_a_gateway_has_no_default_route(lab: Lab) -> None:
    net = one_network(gateway_ip=None)
    one = port(net, 11)
    host = lab.host(Settings(domain="cloud"))
    converge(host, state([net], [one]))
    told = lab.guest(host, one).ask()
    assert "router" not in told
    assert told["staticroutes"].split() == [
        *("169.254.169.254/32", "198.51.100.2"),
    ]
    # Without servers of its own a subnet has its DHCP server for names.
    assert told["dns"] == "198.51.100.2"
    assert told["domain"] == "cloud"
    assert told["hostname"] == "host-198-51-100-11"


def test_names_of_guests_are_known_and_no_others(lab: Lab) -> None:
    net = one_network()
    one, two = port(net, 11, hostname="web"), port(net, 12, hostname="data")
    host = lab.host()
    converge(host, state([net], [one, two]))
    guest = lab.guest(host, one)
    guest.join()
    server = "198.51.100.2"
    assert guest.run(resolve, server, "data") == "198.51.100.12"
    full_name = "data.openstacklocal"
    assert guest.run(resolve, server, full_name) == "198.51.100.12"
    assert guest.run(resolve, server, "example.org") == ""
    assert guest.run(resolve, server, "other.openstacklocal") == ""


def test_who_has_no_port_is_given_nothing(lab: Lab) -> None:
    net = one_network()
    stranger = port(net, 12, fixed_ips=[], port_security=False)
    host = lab.host()
    converge(host, state([net], [port(net, 11), stranger]))
    assert lab.guest(host, stranger).ask(tries=2) == {}


def test_ports_come_and_go_without_a_new_start(lab: Lab) -> None:
    net = one_network()
    one, two = port(net, 11), port(net, 12)
    host = lab.host()
    converge(host, state([net], [one]))
    pid = host.dnsmasq("dhcp", net.id)
    first = lab.guest(host, one)
    assert first.ask()["ip"] == "198.51.100.11"
    converge(host, state([net], [one, two]))
    assert lab.guest(host, two).ask()["ip"] == "198.51.100.12"
    # The address of one that went is given to another guest at once.
    first.unplug()
    three = port(net, 13, fixed_ips=one.fixed_ips)
    converge(host, state([net], [three, two]))
    guest = lab.guest(host, three)
    assert eventually(lambda: guest.ask().get("ip")) == "198.51.100.11"
    assert host.dnsmasq("dhcp", net.id) == pid


def test_other_options_reach_guests_without_a_new_start(lab: Lab) -> None:
    net = one_network()
    one = port(net, 11)
    host = lab.host()
    converge(host, state([net], [one]))
    pid = host.dnsmasq("dhcp", net.id)
    guest = lab.guest(host, one)
    other = dataclasses.replace(net.subnets[0], dns=["192.0.2.9"])
    net = dataclasses.replace(net, subnets=[other])
    converge(host, state([net], [one]))
    assert eventually(lambda: guest.ask().get("dns") == "192.0.2.9")
    assert host.dnsmasq("dhcp", net.id) == pid


def test_a_new_subnet_is_served_too(lab: Lab) -> None:
    net = one_network()
    one = port(net, 11)
    host = lab.host()
    converge(host, state([net], [one]))
    added = subnet("203.0.113.0/25", gateway_ip=None)
    net = dataclasses.replace(
        net,
        subnets=[*net.subnets, added],
        dhcp_ips={**net.dhcp_ips, added.id: "203.0.113.2"},
    )
    two = port(net, 12, fixed_ips=[[added.id, "203.0.113.12"]])
    converge(host, state([net], [one, two]))
    assert lab.guest(host, one).ask()["ip"] == "198.51.100.11"
    told = lab.guest(host, two).ask()
    assert (told["ip"], told["mask"]) == ("203.0.113.12", "25")


def test_ipv6_addresses_are_given_and_taken_back(lab: Lab) -> None:
    net = network(
        subnet(
            "fd00:5::/64",
            address_mode="dhcpv6-stateful",
            ra_mode="dhcpv6-stateful",
        )
    )
    one, two = port(net, 11), port(net, 12)
    host = lab.host()
    converge(host, state([net], [one]))
    guest = lab.guest(host, one)
    assert guest.solicit() == ["fd00:5::b"]
    guest.unplug()
    two = port(net, 12, fixed_ips=one.fixed_ips)
    converge(host, state([net], [two]))
    assert lab.guest(host, two).solicit() == ["fd00:5::b"]


# --- what stays, what goes ---------------------------------------------------


def picture(host: RoutingHost, net: WantedNetwork) -> object:
    """What would be another after anything was made anew."""
    files = host.directory / "state" / "dhcp" / net.id
    return (
        host.dnsmasq("dhcp", net.id),
        {path.name: path.stat().st_mtime_ns for path in files.iterdir()},
        host.namespaces.path(f"qdhcp-{net.id}").stat().st_ino,
        host.inside(f"qdhcp-{net.id}", _devices),
    )


def _devices() -> list[tuple[int, str]]:
    return socket.if_nameindex()


def test_neither_a_pass_nor_a_new_netd_changes_what_is_right(
    lab: Lab,
) -> None:
    net = one_network()
    wanted = state([net], [port(net, 11)])
    host = lab.host()
    converge(host, wanted)
    before = picture(host, net)
    converge(host, wanted)
    converge(host, wanted, full=True)
    host.restart()
    converge(host, wanted)
    assert picture(host, net) == before


def test_a_dnsmasq_that_was_killed_is_back_with_its_leases(lab: Lab) -> None:
    net = one_network()
    one = port(net, 11)
    host = lab.host()
    wanted = state([net], [one])
    converge(host, wanted)
    guest = lab.guest(host, one)
    guest.join()
    pid = host.dnsmasq("dhcp", net.id)
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not _runs(pid))
    converge(host, wanted)
    assert host.dnsmasq("dhcp", net.id) != pid
    leases = host.directory / "state" / "dhcp" / net.id / "leases"
    assert one.mac in leases.read_text()
    assert guest.ask()["ip"] == "198.51.100.11"


def _runs(pid: int) -> bool:
    """Whether a process is more than an entry that nobody waited for."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def test_a_namespace_that_somebody_removed_is_back(lab: Lab) -> None:
    net = one_network()
    one = port(net, 11)
    host = lab.host()
    wanted = state([net], [one])
    converge(host, wanted)
    lost = host.dnsmasq("dhcp", net.id)
    host.namespaces.remove(f"qdhcp-{net.id}")
    converge(host, wanted, full=True)
    assert lab.guest(host, one).ask()["ip"] == "198.51.100.11"
    assert not _runs(lost)


@pytest.mark.parametrize("what", ["device", "mount", "files"])
def test_parts_that_somebody_removed_are_back(lab: Lab, what: str) -> None:
    net = one_network()
    one = port(net, 11)
    host = lab.host()
    wanted = state([net], [one])
    converge(host, wanted)
    name = f"qdhcp-{net.id}"
    if what == "device":
        host.command("ip", "link", "del", f"nlv{net.dhcp_port_id[:11]}")
    elif what == "mount":
        # As a kill between the two steps of its making leaves it.
        host.namespaces.remove(name)
        host.namespaces.path(name).touch()
    else:
        shutil.rmtree(host.directory / "state" / "dhcp" / net.id)
    host.restart()
    converge(host, wanted)
    assert lab.guest(host, one).ask()["ip"] == "198.51.100.11"


def test_dnsmasq_is_not_root(lab: Lab) -> None:
    net = one_network()
    host = lab.host()
    converge(host, state([net], [port(net, 11)]))
    pid = host.dnsmasq("dhcp", net.id)
    assert Path(f"/proc/{pid}").stat().st_uid != 0
    files = host.directory / "state" / "dhcp" / net.id
    assert files.stat().st_mode & 0o777 == 0o710
    assert files.stat().st_uid == 0


def test_nothing_is_left_of_a_network_that_went(lab: Lab) -> None:
    nets = [one_network(), one_network()]
    ports: list[WantedPort] = [port(net, 11) for net in nets]
    host = lab.host()
    converge(host, state(nets, ports))
    gone = host.dnsmasq("dhcp", nets[0].id)
    # By a netd that has not made it itself.
    host.restart()
    converge(host, state(nets[1:], ports[1:]))
    assert not _runs(gone)
    assert host.names() == [f"qdhcp-{nets[1].id}"]
    assert os.listdir(host.directory / "state" / "dhcp") == [nets[1].id]
    assert lab.guest(host, ports[1]).ask()["ip"] == "198.51.100.11"


def test_a_network_that_fails_keeps_no_other_back(lab: Lab) -> None:
    bad, net = one_network(), one_network()
    bad = dataclasses.replace(bad, dhcp_mac="not a mac")
    one = port(net, 11)
    host = lab.host()
    outcome = host.converge(state([bad, net], [one, port(bad, 11)]))
    assert outcome.failed == {bad.id}
    assert lab.guest(host, one).ask()["ip"] == "198.51.100.11"
