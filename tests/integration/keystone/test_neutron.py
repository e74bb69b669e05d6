# SPDX-License-Identifier: Apache-2.0
"""Servers on networks of a real Neutron, which tells of its ports."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from oslo_config import cfg

from nova_lite import conf, context
from nova_lite.network import api
from nova_lite.network.neutron import NeutronAPI
from nova_lite.supervisor.rabbitmq import RabbitNode
from tests.fixtures import cloud as clouds
from tests.fixtures import neutron as neutrons
from tests.fixtures.api_client import Client
from tests.fixtures.cloud import Cloud, wait_until
from tests.fixtures.database import shared_server
from tests.fixtures.network_contract import Context, NetworkContract, World
from tests.fixtures.neutron import Neutron
from tests.fixtures.rabbitmq import fresh_transport_url
from tests.integration.keystone.conftest import Site, settings

# The first run makes the environment of the services.
pytestmark = pytest.mark.timeout(900)

_REGION = "RegionNet"
_TOKENS = "/identity/v3/auth/tokens"
_PORTS = "/network/v2.0/ports"


class NetworkCloud(Cloud):
    """A second cloud at the Keystone that the first one has furnished."""

    def _furnish(self) -> None:
        self.admin.login("admin", "admin-secret", "admin")
        self.tenant = self.new_user("netta", "nets", "member")
        self.image = self.admin.upload_image("net", b"\0" * 4096)
        self.flavor = self.new_flavor("net")


@dataclass
class Net:
    """Neutron, and the cloud that uses it."""

    neutron: Neutron
    cloud: Cloud
    network: str

    def ports(self, server: str) -> list[dict[str, Any]]:
        """The ports of a server, as an administrator sees them."""
        path = f"{_PORTS}?device_id={server}"
        found: list[dict[str, Any]] = self.cloud.admin.get(path)["ports"]
        return found


@pytest.fixture(scope="module")
def net(
    site: Site, rabbitmq: RabbitNode, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Net]:
    base = tmp_path_factory.mktemp("neutron")
    databases = shared_server("mariadb")
    neutron = Neutron(
        base / "neutron",
        databases.fresh_url(),
        fresh_transport_url(rabbitmq),
        site.keystone,
        region=_REGION,
    )
    own = settings(site.keystone)
    cloud = NetworkCloud(
        base,
        fresh_transport_url(rabbitmq),
        databases.fresh_url(),
        settings={**own, "neutron": {"region_name": _REGION}},
        services={
            "identity": site.keystone.url,
            "image": site.glance.url,
            "network": neutron.url,
        },
    )
    admin = site.keystone.client({})
    site.keystone.add_account(admin, neutrons.USER, "admin", "service")
    made = [
        site.keystone.add_endpoint(admin, *words, region=_REGION)
        for words in (
            ("neutron", "network", neutron.url),
            ("nova-net", "compute", f"{cloud.url}/v2.1"),
        )
    ]
    try:
        with ThreadPoolExecutor(1) as beside:
            serving = beside.submit(_serve, neutron)
            with clouds.running(cloud):
                serving.result()
                neutron.start_agents(cloud.computes)
                yield Net(neutron, cloud, _network(cloud.tenant))
    finally:
        neutron.stop()
        for ident in made:
            admin.delete(f"/identity/v3/services/{ident}")


def _serve(neutron: Neutron) -> None:
    neutron.install()
    neutron.start()


def _network(client: Client) -> str:
    """A network of the client's project, with a subnet."""
    made = client.post("/network/v2.0/networks", {"network": {"name": "in"}})
    subnet = {
        "network_id": made["network"]["id"],
        "cidr": "198.51.100.0/24",
        "ip_version": 4,
    }
    client.post("/network/v2.0/subnets", {"subnet": subnet})
    ident: str = made["network"]["id"]
    return ident


def test_a_server_is_on_a_network(net: Net) -> None:
    """From its create to Neutron's news of its port, and gone again."""
    cloud = net.cloud
    server = cloud.boot("on-net", networks=[{"uuid": net.network}])
    [port] = net.ports(server)
    host = cloud.server(server)["OS-EXT-SRV-ATTR:host"]
    assert port["binding:host_id"] == host
    assert port["binding:vif_type"] == "ovs"
    assert port["binding:vif_details"]["bridge_name"] == "br-nova"
    assert port["dns_name"] == "on-net"
    assert port["status"] == "DOWN"
    shown = cloud.tenant.get(f"/servers/{server}")["server"]["addresses"]
    [address] = shown["in"]
    assert address["addr"] == port["fixed_ips"][0]["ip_address"]
    assert address["OS-EXT-IPS-MAC:mac_addr"] == port["mac_address"]

    net.neutron.wire(port["id"], host)
    wait_until(
        lambda: net.ports(server)[0]["status"] == "ACTIVE", 60, "ACTIVE"
    )

    def delivered() -> bool:
        return any(
            "network-vif-plugged" in line
            and port["id"] in line
            and "'code': 200" in line
            for line in net.neutron.told_nova().splitlines()
        )

    wait_until(delivered, 60, "the event is taken")
    cloud.tenant.delete(f"/servers/{server}")
    cloud.wait_gone(server)
    assert net.ports(server) == []


def test_a_port_of_the_user_survives(net: Net) -> None:
    cloud = net.cloud
    body = {"port": {"network_id": net.network, "name": "own"}}
    own = cloud.tenant.post(_PORTS, body)["port"]
    server = cloud.boot(
        "with-port", networks=[{"port": own["id"]}, {"uuid": net.network}]
    )
    found = {port["id"] for port in net.ports(server)}
    assert own["id"] in found
    assert len(found) == 2
    wanted = cloud.body("second", networks=[{"port": own["id"]}])
    message = cloud.tenant.refusal(409, "POST", "/servers", wanted)
    assert own["id"] in message
    cloud.tenant.delete(f"/servers/{server}")
    cloud.wait_gone(server)
    assert net.ports(server) == []
    left = cloud.admin.get(f"{_PORTS}/{own['id']}")["port"]
    assert (left["device_id"], left["binding:host_id"]) == ("", "")


def test_an_interface_comes_and_goes(net: Net) -> None:
    cloud = net.cloud
    server = cloud.boot("hot", networks="auto")
    [first] = net.ports(server)
    path = f"/servers/{server}/os-interface"
    body = {"interfaceAttachment": {"net_id": net.network}}
    made = cloud.tenant.post(path, body)["interfaceAttachment"]
    assert {p["id"] for p in net.ports(server)} == {
        first["id"],
        made["port_id"],
    }
    cloud.tenant.delete(f"{path}/{made['port_id']}")
    wait_until(lambda: net.ports(server) == [first], 60, "one is left")
    cloud.tenant.delete(f"/servers/{server}")
    cloud.wait_gone(server)


def test_networks_that_are_not_there(net: Net) -> None:
    cloud = net.cloud
    lost = str(uuid.uuid4())
    for networks in ([{"uuid": lost}], [{"port": lost}]):
        body = cloud.body("no", networks=networks)
        assert lost in cloud.tenant.refusal(400, "POST", "/servers", body)


class TestNeutron(NetworkContract):
    """The client itself."""

    @pytest.fixture
    def world(self, net: Net, site: Site) -> Iterator[World]:
        conf.register_opts(cfg.CONF)
        cfg.CONF([], project="nova_lite", default_config_files=[])
        account = settings(site.keystone)["service_user"]
        for name, value in account.items():
            cfg.CONF.set_override(name, value, group="service_user")
        cfg.CONF.set_override("region_name", _REGION, group="neutron")
        client = api.load()
        assert isinstance(client, NeutronAPI)
        cloud = net.cloud

        def new_user() -> Context:
            name = f"u-{uuid.uuid4().hex[:8]}"
            return _context(cloud.new_user(name, name, "member"))

        one, two = cloud.computes
        yield World(
            api=client,
            admin=_context(cloud.admin),
            daemon=context.RequestContext(),
            new_user=new_user,
            hosts=(one, two),
        )
        cfg.CONF.reset()
        cfg.CONF.clear()


def _context(client: Client) -> Context:
    """The context that the API makes of a client's token."""
    headers = {"X-Subject-Token": str(client.token)}
    token = client.get(_TOKENS, headers=headers)["token"]
    roles = [role["name"] for role in token["roles"]]
    return context.RequestContext(
        user_id=token["user"]["id"],
        project_id=token["project"]["id"],
        roles=roles,
        is_admin="admin" in roles,
        auth_token=client.token,
        service_catalog=token["catalog"],
    )
