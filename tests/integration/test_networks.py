# SPDX-License-Identifier: Apache-2.0
"""Networks as real guests have them, on two hosts.

The guests ``one`` and ``two`` are on one network and on different hosts;
``three`` is on another one, behind the router. Each test takes them as they
are and leaves them so.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from nova_lite.network.model import device_name
from nova_lite.supervisor import system
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures import daemon
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.daemon import Daemon
from tests.fixtures.database import fresh_database
from tests.fixtures.libvirtd import public_directory
from tests.fixtures.nethosts import PUBLIC, NetHost, Outside
from tests.fixtures.netlab import Relay
from tests.fixtures.rabbitmq import fresh_transport_url

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

_PATH = "/network/v2.0"
_HOSTS = ("compute-1", "compute-2")
_TUNNELS = ("192.0.2.1", "192.0.2.2")
_BOOT_S = 180
# An address that no guest has.
_FALSE = "198.51.100.99"
# Until a change is in force: netd is told at once, its own look is an hour
# away. The guests, which are emulated, are slow to find out.
_SOON_S = 60


@dataclass
class Server:
    """A guest with one port."""

    id: str
    host: str
    port: dict[str, Any]
    floating: str = ""

    @property
    def address(self) -> str:
        return str(self.port["fixed_ips"][0]["ip_address"])

    @property
    def tap(self) -> str:
        return device_name(self.port["id"])


@dataclass
class Site:
    """The cloud, its two hosts and what is outside."""

    cloud: Cloud
    hosts: dict[str, NetHost]
    outside: Outside
    netds: dict[str, Daemon]
    networks: dict[str, str] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    # The rule that lets ssh in.
    door: str = ""

    def get(self, path: str) -> Any:
        return next(iter(self.cloud.admin.get(f"{_PATH}/{path}").values()))

    def make(self, path: str, **fields: Any) -> dict[str, Any]:
        """One more of something."""
        name = path.rstrip("s").replace("-", "_")
        body = {name: fields}
        made = self.cloud.admin.post(f"{_PATH}/{path}", body)[name]
        return dict(made)

    def delete(self, path: str) -> None:
        self.cloud.admin.call("DELETE", f"{_PATH}/{path}")

    def logs(self) -> str:
        return "\n".join(
            [clouds.logs(self.cloud, ["compute-1", "compute-2"])]
            + [f"--- {one.log}\n{one.tail()}" for one in self.netds.values()]
        )

    # --- servers ---

    def ask_for(self, name: str, host: str, network: str) -> None:
        """A server on a host; it is not waited for."""
        ident = self.cloud.create(
            name,
            self.cloud.admin,
            host=host,
            networks=[{"uuid": self.networks[network]}],
            key_name="outside",
        )
        self.servers[name] = Server(ident, host, {})

    def console(self, name: str) -> str:
        answer = self.cloud.admin.post(
            f"/servers/{self.servers[name].id}/action",
            {"os-getConsoleOutput": {}},
        )
        return str(answer["output"]).replace("\r\n", "\n")

    def wait_booted(self, name: str) -> None:
        """Wait until the guest says that it is ready."""
        server = self.servers[name]
        self.cloud.wait_status(server.id, "ACTIVE", _BOOT_S)
        (server.port,) = self.get(f"ports?device_id={server.id}")
        try:
            wait_until(
                lambda: "nova-lite-guest: ready" in self.console(name),
                _BOOT_S,
                f"{name} is ready",
            )
        except AssertionError as error:
            raise AssertionError(self.console(name) + self.logs()) from error

    def inside(self, name: str, command: str) -> bool:
        """Whether a command in a guest works; seen from outside."""
        self.let_in()
        with suppress(subprocess.TimeoutExpired):
            found = self.outside.ssh(self.servers[name].floating, command)
            return bool(found.returncode == 0)
        return False

    def output(self, name: str, command: str) -> str:
        """What a command in a guest prints; it must succeed."""
        self.let_in()
        done = self.outside.ssh(self.servers[name].floating, command)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return str(done.stdout)

    def beside(self, name: str, script: str) -> None:
        """Start a script in a guest that goes on without a connection."""
        quiet = "</dev/null >/dev/null 2>&1 &"
        self.output(name, f"setsid sh -c '{script}' {quiet}")

    def pings(self, name: str, address: str) -> bool:
        """Whether one of some pings is answered."""
        once = f"ping -c 1 -W 2 {address}"
        return self.inside(name, f"{once} || {once} || {once} || {once}")

    def is_cut_off(self, name: str, address: str) -> bool:
        """Whether a ping is lost, and not the command itself."""
        once = f"ping -c 1 -W 1 {address} >/dev/null || echo lost"
        return self.inside(name, f"{once} | grep lost")

    # --- the default security group ---

    def group(self) -> dict[str, Any]:
        """The project's, with its rules."""
        network = self.get(f"networks/{self.networks['near']}")
        (found,) = self.get(
            f"security-groups?name=default&project_id={network['project_id']}"
        )
        return dict(found)

    def allow(self, **fields: Any) -> str:
        """A rule that lets something in; its id."""
        made = self.make(
            "security-group-rules",
            security_group_id=self.group()["id"],
            direction="ingress",
            **fields,
        )
        return str(made["id"])

    def let_in(self) -> None:
        """Let ssh in, and wait until it gets there."""
        if self.door:
            return
        self.door = self.allow(
            protocol="tcp", port_range_min=22, port_range_max=22
        )
        reached = [one.floating for one in self.servers.values()]
        wait_until(
            lambda: all(self.outside.connects(one) for one in reached if one),
            _SOON_S,
            f"the rule is in force: {self.logs()}",
        )

    @contextmanager
    def without_members(self) -> Iterator[None]:
        """The group does not let its own members in."""
        rules = [
            one
            for one in self.group()["security_group_rules"]
            if one["remote_group_id"]
        ]
        for one in rules:
            self.delete(f"security-group-rules/{one['id']}")
        try:
            yield
        finally:
            for one in rules:
                self.allow(
                    ethertype=one["ethertype"],
                    remote_group_id=one["remote_group_id"],
                )


@pytest.fixture(scope="module")
def site(
    rabbitmq: RabbitNode,
    libvirtd: str,
    linux_image: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """The machine's libvirtd has found out what its QEMU can do."""
    transport_url = fresh_transport_url(rabbitmq)
    broker = urlsplit(transport_url).port
    assert broker is not None
    metadata = system.free_port()
    key = tmp_path_factory.mktemp("key") / "outside"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True
    )
    with ExitStack() as stack:
        directory = stack.enter_context(public_directory())
        cloud = Cloud(
            directory,
            transport_url,
            fresh_database("sqlite", directory),
            settings={
                "DEFAULT": {"compute_driver": "libvirt"},
                "api": {
                    **clouds.NETWORKS["api"],
                    "metadata": True,
                    "metadata_port": metadata,
                },
                "neutron": {
                    "service_metadata_proxy": True,
                    "metadata_proxy_shared_secret": clouds.METADATA_SECRET,
                },
                "libvirt": {"virt_type": "qemu"},
            },
            service_user=True,
        )
        api = urlsplit(cloud.url).port
        assert api is not None
        hosts = {}
        for number, name in enumerate(_HOSTS):
            made = NetHost(f"nlt-{os.getpid()}-host-{number}", directory)
            hosts[name] = stack.enter_context(closing(made))
            for port in (broker, api, metadata):
                stack.enter_context(closing(Relay(made, port)))
            one = cloud.daemons[name]
            one.run_by(made.enter())
        hosts[_HOSTS[0]].wire(hosts[_HOSTS[1]], ("under", "under"))
        for host, address in zip(hosts.values(), _TUNNELS, strict=True):
            host.command("ip", "addr", "add", f"{address}/24", "dev", "under")
        outside = Outside(
            f"nlt-{os.getpid()}-outside",
            list(hosts.values()),
            "203.0.113.1/24",
            key,
        )
        stack.enter_context(closing(outside))
        stack.enter_context(clouds.running(cloud))
        netds = {
            name: host.daemon(
                f"netd-{name}",
                "netd",
                [cloud.common_file, _netd_file(cloud, name, metadata)],
                directory / f"netd-{name}.log",
            )
            for name, host in hosts.items()
        }
        stack.callback(daemon.end, list(netds.values()))
        for one in netds.values():
            one.start()
        made_site = Site(cloud, hosts, outside, netds)
        wait_until(
            lambda: (
                len([one for one in made_site.get("agents") if one["alive"]])
                == 2
            ),
            60,
            "both hosts have an agent",
        )
        _furnish(made_site, linux_image, key)
        yield made_site
        daemon.end(list(netds.values()), 60)
        for netd in netds.values():
            assert netd.wait(0) == 0, netd.tail()


def _netd_file(cloud: Cloud, name: str, metadata: int) -> Path:
    number = _HOSTS.index(name)
    return cloud.write(
        f"netd-{name}",
        {
            "DEFAULT": {"host": name},
            "netd": {
                "converge_interval": 3600,
                "tunnel_ip": _TUNNELS[number],
                "bridge_mappings": f"public:{PUBLIC}",
                "state_directory": cloud.directory / f"netd-{number}",
                "nova_metadata_host": "127.0.0.1",
                "nova_metadata_port": metadata,
            },
        },
    )


def _furnish(site: Site, image: Path, key: Path) -> None:
    """Networks, a router, a key, and the three guests, which boot."""
    cloud = site.cloud
    cloud.image = cloud.admin.upload_image(
        "linux", image.read_bytes(), disk_format="qcow2"
    )
    cloud.flavor = cloud.new_flavor("linux", ram=128, disk=0)
    public = key.with_suffix(".pub").read_text()
    cloud.admin.post(
        "/os-keypairs",
        {"keypair": {"name": "outside", "public_key": public, "type": "ssh"}},
    )
    network = {
        "router:external": True,
        "provider:network_type": "flat",
        "provider:physical_network": "public",
    }
    outer = site.make("networks", name="outer", **network)["id"]
    site.make(
        "subnets",
        network_id=outer,
        ip_version=4,
        cidr="203.0.113.0/24",
        gateway_ip="203.0.113.1",
        enable_dhcp=False,
    )
    site.networks["outer"] = outer
    router = site.make("routers", external_gateway_info={"network_id": outer})
    for name, cidr in (
        ("near", "198.51.100.0/25"),
        ("far", "198.51.100.128/25"),
    ):
        made = cloud.new_network(name, cidr, cloud.admin)
        site.networks[name] = made
        (subnet,) = site.get(f"networks/{made}")["subnets"]
        cloud.admin.call(
            "PUT",
            f"{_PATH}/routers/{router['id']}/add_router_interface",
            {"subnet_id": subnet},
        )
    taken = {"network_id": site.networks["near"], "name": "false"}
    site.make("ports", **taken, fixed_ips=[{"ip_address": _FALSE}])
    for name, host, net in (
        ("one", _HOSTS[0], "near"),
        ("two", _HOSTS[1], "near"),
        ("three", _HOSTS[1], "far"),
    ):
        site.ask_for(name, host, net)
    for name in site.servers:
        site.wait_booted(name)
    for name in ("one", "two"):
        site.servers[name].floating = site.make(
            "floatingips",
            floating_network_id=outer,
            port_id=site.servers[name].port["id"],
        )["floating_ip_address"]


def test_guests_learn_who_they_are(site: Site) -> None:
    """An address by DHCP, a name by the metadata service."""
    for name, server in site.servers.items():
        said = site.console(name)
        assert f"nova-lite-guest: eth0 address={server.address}/25\n" in said
        ready = said[said.index("nova-lite-guest: ready") :]
        assert re.match(rf".* hostname={name}\S* uuid={server.id} ", ready)
        assert " metadata=http " in ready
        shown = site.cloud.server(server.id)
        assert shown["OS-EXT-SRV-ATTR:host"] == server.host
        assert site.get(f"ports/{server.port['id']}")["status"] == "ACTIVE"


def test_nobody_gets_in_until_a_rule_says_so(site: Site) -> None:
    server = site.servers["one"]
    if site.door:
        site.delete(f"security-group-rules/{site.door}")
        site.door = ""
    wait_until(
        lambda: not site.outside.connects(server.floating),
        _SOON_S,
        "nobody gets in",
    )
    site.let_in()
    # The key is the one that the metadata told.
    for name in ("one", "two"):
        assert site.output(name, "hostname").startswith(name)


def test_guests_of_two_hosts_are_on_one_network(site: Site) -> None:
    one, two = site.servers["one"], site.servers["two"]
    with site.hosts[one.host].hearing("under") as heard:
        assert site.pings("one", two.address)
        assert any(b"\x12\xb5" in frame[34:38] for frame in _frames(heard))
    # More than fits into one frame of the tunnel, and back.
    site.beside("two", "nc -ll -p 5000 -e cat")
    echo = f"head -c 300000 /dev/zero | nc -w 15 {two.address} 5000 | wc -c"
    wait_until(
        lambda: site.output("one", echo).strip() == "300000",
        _SOON_S,
        "all of it comes back",
    )
    site.output("two", "killall nc")


def test_guests_reach_each_other_through_the_router(site: Site) -> None:
    three = site.servers["three"]
    for name in ("one", "two"):
        assert site.pings(name, three.address)
        assert "SSH" in site.output(
            name, f"nc -w 15 {three.address} 22 </dev/null | head -n 1"
        )
    # And what is outside.
    assert site.pings("two", "203.0.113.1")


def test_a_rule_less_and_a_rule_more(site: Site) -> None:
    two, three = site.servers["two"], site.servers["three"]
    site.beside("two", "nc -ll -p 5001 -e hostname")

    def reached(*servers: Server) -> bool:
        return all(site.pings("one", each.address) for each in servers)

    def lost(*servers: Server) -> bool:
        return all(site.is_cut_off("one", each.address) for each in servers)

    def asked(port: int, wait_s: int = 15) -> str:
        words = f"nc -w {wait_s} {two.address} {port} </dev/null | head -n 1"
        return site.output("one", words)

    wait_until(lambda: asked(5001).startswith("two"), _SOON_S, "it listens")
    with site.without_members():
        wait_until(
            lambda: lost(two, three),
            _SOON_S,
            "the group's members are strangers",
        )
        rule = site.allow(protocol="icmp")
        wait_until(
            lambda: reached(two, three),
            _SOON_S,
            f"the rule is in force: {site.logs()}",
        )
        # That alone: by tcp there is one port.
        assert "SSH" in asked(22)
        assert asked(5001, 2) == ""
        site.delete(f"security-group-rules/{rule}")
        wait_until(lambda: lost(two), _SOON_S, "the rule is gone")
    wait_until(lambda: reached(two), _SOON_S, "members are let in")
    assert asked(5001).startswith("two")
    site.output("two", "killall nc")


@pytest.mark.parametrize(
    ("change", "undo", "speak", "mark"),
    [
        pytest.param(
            f"ip addr add {_FALSE}/25 dev eth0",
            f"ip addr del {_FALSE}/25 dev eth0",
            f"ping -c 2 -W 1 -I {_FALSE}",
            socket.inet_aton(_FALSE),
            id="address",
        ),
        pytest.param(
            f"ip addr add {_FALSE}/25 dev eth0",
            f"ip addr del {_FALSE}/25 dev eth0",
            f"arping -c 2 -w 2 -I eth0 -s {_FALSE}",
            socket.inet_aton(_FALSE),
            id="arp",
        ),
        pytest.param(
            "ip link set eth0 address 02:00:00:00:00:99",
            "ip link set eth0 address {mac}",
            "ping -c 2 -W 1",
            bytes.fromhex("020000000099"),
            id="mac",
        ),
    ],
)
def test_nobody_speaks_in_the_name_of_another(
    site: Site, change: str, undo: str, speak: str, mark: bytes
) -> None:
    one, two = site.servers["one"], site.servers["two"]
    undo = undo.format(mac=one.port["mac_address"])
    # By itself, since it may be cut off meanwhile.
    script = f"{change}; {speak} {two.address}; echo $? >/run/status; {undo}"
    site.output("one", "rm -f /run/status")
    with (
        site.hosts[one.host].hearing(one.tap) as here,
        site.hosts[two.host].hearing(two.tap) as there,
    ):
        site.beside("one", script)
        wait_until(
            lambda: site.inside("one", "test -e /run/status"), 60, "it ended"
        )
        assert site.output("one", "cat /run/status") == "1\n", site.hosts[
            one.host
        ].command("nft", "list", "ruleset")
        assert any(mark in frame for frame in _frames(here))
        assert not any(mark in frame for frame in _frames(there))
    wait_until(lambda: site.pings("one", two.address), _SOON_S, "all is well")


def test_a_card_is_plugged_and_unplugged(site: Site) -> None:
    cloud, one, three = site.cloud, site.servers["one"], site.servers["three"]
    path = f"/servers/{one.id}/os-interface"
    body = {"interfaceAttachment": {"net_id": site.networks["far"]}}
    card = cloud.admin.post(path, body)["interfaceAttachment"]
    mac, (fixed,) = card["mac_addr"], card["fixed_ips"]
    found = f"grep -l {mac} /sys/class/net/*/address | cut -d / -f 5"
    wait_until(
        lambda: site.output("one", found).strip() == "eth1",
        60,
        f"the guest has the card: {site.logs()}",
    )
    # Without the router now.
    site.output(
        "one",
        "ip link set eth1 up && udhcpc -n -q -i eth1 -s /bin/true && "
        f"ip addr add {fixed['ip_address']}/25 dev eth1",
    )
    wait_until(
        lambda: site.inside("one", f"ping -c 1 -W 1 -I eth1 {three.address}"),
        _SOON_S,
        "the card leads to its network",
    )
    tap = device_name(card["port_id"])
    host = site.hosts[one.host]
    assert tap in host.command("ip", "-br", "link")
    cloud.admin.delete(f"{path}/{card['port_id']}")
    wait_until(
        lambda: site.output("one", f"{found} | wc -l").strip() == "0",
        60,
        "the card is gone",
    )
    wait_until(
        lambda: tap not in host.command("ip", "-br", "link"),
        _SOON_S,
        "the tap is gone",
    )
    assert [one.port["id"]] == [
        found["port_id"]
        for found in cloud.admin.get(path)["interfaceAttachments"]
    ]


def test_guests_go_on_while_netd_is_dead(site: Site) -> None:
    two, three = site.servers["two"], site.servers["three"]
    for netd in site.netds.values():
        netd.kill()
    for address in (two.address, three.address, "203.0.113.1"):
        assert site.pings("one", address)
    with site.without_members():
        assert site.pings("one", two.address)
        for netd in site.netds.values():
            netd.start()
        wait_until(
            lambda: site.is_cut_off("one", two.address),
            60,
            f"what was asked for meanwhile is done: {site.logs()}",
        )
    wait_until(
        lambda: site.pings("one", three.address), _SOON_S, "all is well"
    )


def test_a_server_takes_its_addresses_to_another_host(site: Site) -> None:
    cloud, two = site.cloud, site.servers["two"]
    action = f"/servers/{two.id}/action"
    cloud.admin.post(action, {"shelve": None})
    cloud.wait_status(two.id, "SHELVED_OFFLOADED", _BOOT_S)
    left, two.host = site.hosts[two.host], site.servers["one"].host
    wait_until(
        lambda: two.tap not in left.command("ip", "-br", "link"),
        _SOON_S,
        f"the host has let it go: {site.logs()}",
    )
    cloud.admin.post(action, {"unshelve": {"host": two.host}})
    was = two.port
    site.wait_booted("two")
    assert site.cloud.server(two.id)["OS-EXT-SRV-ATTR:host"] == two.host
    assert two.port["id"] == was["id"]
    assert two.port["binding:host_id"] == two.host
    said = site.console("two")
    assert f"nova-lite-guest: eth0 address={two.address}/25\n" in said
    # Outside, its network's other guest, and one of the host that it left.
    assert site.output("two", "hostname").startswith("two")
    for name in ("one", "three"):
        assert site.pings("two", site.servers[name].address)


def test_nothing_is_left_of_guests_that_are_deleted(site: Site) -> None:
    for server in site.servers.values():
        site.cloud.admin.delete(f"/servers/{server.id}")

    def left(server: Server) -> bool:
        host = site.hosts[server.host]
        return server.tap in host.command("ip", "-br", "link") or server.port[
            "id"
        ] in host.command("nft", "list", "ruleset")

    for server in site.servers.values():
        site.cloud.wait_gone(server.id, 60)
    wait_until(
        lambda: not any(map(left, site.servers.values())),
        _SOON_S,
        f"all is gone: {site.logs()}",
    )
    site.cloud.wait_at_rest()


def _frames(heard: socket.socket) -> Iterator[bytes]:
    """Those that have come so far."""
    with suppress(BlockingIOError):
        while True:
            yield heard.recv(65536)
