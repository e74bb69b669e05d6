# SPDX-License-Identifier: Apache-2.0
"""nova-lite-netd as a process, in a cloud: told, killed, started again."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from nova_lite.network.model import bridge_name, device_name
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import fresh_database
from tests.fixtures.netlab import Enclosure, LabDaemon, Relay
from tests.fixtures.rabbitmq import fresh_transport_url

HOST = "compute-1"
PATH = "/network/v2.0"
_OUTER = "br-outer"


@dataclass
class Site:
    """A cloud with one compute, and the place where its networks are."""

    cloud: Cloud
    place: Enclosure
    netd: LabDaemon

    def get(self, path: str) -> Any:
        return next(iter(self.cloud.admin.get(f"{PATH}/{path}").values()))

    def port_of(self, server: str) -> dict[str, Any]:
        (port,) = self.get(f"ports?device_id={server}")
        return dict(port)

    def wait_active(self, *servers: str) -> None:
        """Wait until the servers' ports are said to work."""
        wait_until(
            lambda: (
                {self.port_of(one)["status"] for one in servers} == {"ACTIVE"}
            ),
            30,
            f"the ports work: {self.netd.tail()}",
        )

    def links(self) -> str:
        return self.place.command("ip", "-br", "link")

    def has(self, *devices: str) -> bool:
        there = self.links()
        return all(device in there for device in devices)

    def restart(self, after_s: float) -> None:
        """Kill it in the middle of something, and start it again."""
        time.sleep(after_s)
        self.netd.kill()
        self.netd.start()

    def rules(self) -> str:
        return self.place.command("nft", "list", "ruleset")

    def agents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("agents")
        return [one for one in found if one["alive"]]


@pytest.fixture(scope="module")
def site(
    rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("netd-cloud")
    transport_url = fresh_transport_url(rabbitmq)
    broker = urlsplit(transport_url).port
    assert broker is not None
    with ExitStack() as stack:
        cloud = Cloud(
            directory,
            transport_url,
            fresh_database("sqlite", directory),
            computes=1,
            settings=clouds.NETWORKS,
            service_user=True,
        )
        stack.enter_context(clouds.running(cloud))
        name = f"nlt-{os.getpid()}-site"
        place = stack.enter_context(closing(Enclosure(name)))
        stack.enter_context(closing(Relay(place, broker)))
        files = _files(cloud, directory)
        netd = LabDaemon(place, files, directory / "netd.log")
        netd.start()
        stack.callback(_purge, place, netd, files)
        made = Site(cloud, place, netd)
        wait_until(made.agents, 60, f"an agent: {netd.tail()}")
        yield made
        assert netd.stop() == 0, netd.tail()


def _purge(place: Enclosure, netd: LabDaemon, files: list[Path]) -> None:
    """Whatever happened: processes of namespaces outlive a netd."""
    netd.kill()
    purge = LabDaemon(place, files, netd.log, "netd_purge")
    purge.start()
    assert purge.wait(60) == 0, purge.tail()
    assert place.command("ip", "-br", "link").split()[0] == "lo"
    assert not place.command("nft", "list", "ruleset")


def _files(cloud: Cloud, directory: Path) -> list[Path]:
    settings: clouds.Settings = {
        "DEFAULT": {"host": HOST},
        "netd": {
            "converge_interval": 3600,
            "bridge_mappings": f"public:{_OUTER}",
        },
    }
    return [cloud.common_file, cloud.write("netd", settings)]


def test_a_server_gets_its_wire_and_loses_it(site: Site) -> None:
    cloud = site.cloud
    network = cloud.new_network("wired")
    server = cloud.boot("wired", networks=[{"uuid": network}])
    port = site.port_of(server)
    tap = device_name(port["id"])
    assert port["binding:vif_type"] == "tap"
    site.wait_active(server)
    assert site.has(tap, bridge_name(network))
    assert f"to-{port['id']}" in site.rules()
    # A group that is changed.
    (group,) = port["security_groups"]
    rule = {
        "security_group_id": group,
        "direction": "ingress",
        "protocol": "tcp",
        "port_range_min": 4321,
        "port_range_max": 4321,
    }
    cloud.tenant.post(
        f"{PATH}/security-group-rules", {"security_group_rule": rule}
    )
    # It was told: a look of its own would be an hour away.
    wait_until(lambda: "dport 4321" in site.rules(), 30, "the rule is there")
    cloud.tenant.call("DELETE", f"/servers/{server}")
    cloud.wait_gone(server)
    wait_until(lambda: not site.has(tap), 30, "the tap is gone")
    wait_until(
        lambda: port["id"] not in site.rules(), 30, "its rules are gone"
    )


def test_what_happened_while_it_was_dead_is_made_up_for(site: Site) -> None:
    cloud = site.cloud
    network = cloud.new_network("dead", "203.0.113.0/24")
    gone = cloud.boot("gone", networks=[{"uuid": network}])
    stays = cloud.boot("stays", networks=[{"uuid": network}])
    going, staying = site.port_of(gone), site.port_of(stays)
    taps = [device_name(one["id"]) for one in (going, staying)]
    site.wait_active(gone, stays)
    index = site.place.command("cat", f"/sys/class/net/{taps[1]}/ifindex")
    site.netd.kill()
    cloud.tenant.call("DELETE", f"/servers/{gone}")
    cloud.wait_gone(gone)
    # Somebody makes order meanwhile.
    site.place.command("nft", "flush", "ruleset")
    assert site.has(*taps)
    site.netd.start()
    wait_until(lambda: not site.has(taps[0]), 30, site.netd.tail())
    wait_until(lambda: staying["id"] in site.rules(), 30, "its rules")
    assert (
        site.place.command("cat", f"/sys/class/net/{taps[1]}/ifindex") == index
    )
    assert site.port_of(stays)["status"] == "ACTIVE"
    cloud.tenant.call("DELETE", f"/servers/{stays}")
    cloud.wait_gone(stays)


def test_killed_again_and_again_while_servers_come_and_go(site: Site) -> None:
    cloud = site.cloud
    network = cloud.new_network("busy", "203.0.113.0/25")
    servers = []
    for number in range(8):
        servers.append(
            cloud.create(f"busy-{number}", networks=[{"uuid": network}])
        )
        if number % 3 == 1:
            site.restart(number / 20)
    for server in servers:
        cloud.wait_status(server, "ACTIVE")
    ports = {server: site.port_of(server) for server in servers}
    taps = {server: device_name(port["id"]) for server, port in ports.items()}
    wait_until(lambda: site.has(*taps.values()), 30, site.netd.tail())
    site.wait_active(*servers)
    for number, server in enumerate(servers):
        cloud.tenant.call("DELETE", f"/servers/{server}")
        if number % 3 == 1:
            site.restart(number / 20)
    for server in servers:
        cloud.wait_gone(server)
    wait_until(lambda: "tap" not in site.links(), 30, site.netd.tail())
    wait_until(
        lambda: not any(one["id"] in site.rules() for one in ports.values()),
        30,
        "no rule is left",
    )
    cloud.tenant.call("DELETE", f"{PATH}/networks/{network}")
    wait_until(
        lambda: bridge_name(network) not in site.links(),
        30,
        "no bridge is left",
    )


@pytest.fixture
def outer(site: Site) -> Iterator[str]:
    """An external network on a bridge of the host; its subnet is there."""
    for words in (
        f"link add {_OUTER} type bridge",
        f"link set {_OUTER} up",
        f"addr add 203.0.113.1/24 dev {_OUTER}",
    ):
        site.place.command("ip", *words.split())
    admin = site.cloud.admin
    network = {
        "router:external": True,
        "provider:network_type": "flat",
        "provider:physical_network": "public",
    }
    made = admin.post(f"{PATH}/networks", {"network": network})["network"]
    subnet = {
        "network_id": made["id"],
        "ip_version": 4,
        "cidr": "203.0.113.0/24",
        "enable_dhcp": False,
    }
    admin.post(f"{PATH}/subnets", {"subnet": subnet})
    yield made["id"]
    admin.call("DELETE", f"{PATH}/networks/{made['id']}")
    site.place.command("ip", "link", "del", _OUTER)


def test_a_router_and_a_floating_ip(site: Site, outer: str) -> None:
    cloud = site.cloud
    network = cloud.new_network("routed")
    (subnet,) = site.get(f"networks/{network}")["subnets"]
    server = cloud.boot("reached", networks=[{"uuid": network}])
    port = site.port_of(server)
    body = {"router": {"external_gateway_info": {"network_id": outer}}}
    made = cloud.tenant.post(f"{PATH}/routers", body)["router"]
    router = f"routers/{made['id']}"
    interface = {"subnet_id": subnet}
    cloud.tenant.call(
        "PUT", f"{PATH}/{router}/add_router_interface", interface
    )
    floating = cloud.tenant.post(
        f"{PATH}/floatingips",
        {
            "floatingip": {
                "floating_network_id": outer,
                "port_id": port["id"],
            }
        },
    )["floatingip"]
    assert floating["status"] == "ACTIVE"
    (agent,) = site.get(f"{router}/l3-agents")
    assert agent["host"] == HOST
    space = f"qrouter-{made['id']}"

    def inside(*words: str) -> str:
        names = site.place.command("ip", "netns", "list")
        return (
            site.place.command("ip", "netns", "exec", space, *words)
            if space in names
            else ""
        )

    address = floating["floating_ip_address"]
    wait_until(
        lambda: (
            port["fixed_ips"][0]["ip_address"]
            in inside("nft", "list", "ruleset")
        ),
        30,
        f"the address is led to the server: {site.netd.tail()}",
    )
    assert f"{address}/32" in inside("ip", "addr")
    assert "198.51.100.1/24" in inside("ip", "addr")
    wait_until(
        lambda: (
            {
                one["status"]
                for one in site.get(f"ports?device_id={made['id']}")
            }
            == {"ACTIVE"}
        ),
        30,
        "the router's ports work",
    )
    (fixed,) = made["external_gateway_info"]["external_fixed_ips"]
    # It answers on the bridge: nobody listens there.
    with pytest.raises(ConnectionRefusedError):
        site.place.run(socket.create_connection, (fixed["ip_address"], 9), 5)
    cloud.tenant.call("DELETE", f"{PATH}/floatingips/{floating['id']}")
    wait_until(
        lambda: address not in inside("ip", "addr"), 30, "the address is gone"
    )
    cloud.tenant.call(
        "PUT", f"{PATH}/{router}/remove_router_interface", interface
    )
    cloud.tenant.call("DELETE", f"{PATH}/{router}")
    wait_until(
        lambda: space not in site.place.command("ip", "netns", "list"),
        30,
        f"the router is gone: {site.netd.tail()}",
    )
    cloud.tenant.call("DELETE", f"/servers/{server}")
    cloud.wait_gone(server)
    cloud.tenant.call("DELETE", f"{PATH}/networks/{network}")


def test_there_is_one_to_a_host(site: Site) -> None:
    files = _files(site.cloud, site.cloud.directory)
    second = LabDaemon(site.place, files, site.cloud.directory / "netd-2.log")
    second.start()
    assert second.wait(60) != 0
    assert "another nova-lite-netd makes networks here" in second.tail()
