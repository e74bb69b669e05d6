# SPDX-License-Identifier: Apache-2.0
"""Servers on networks: their ports come, go and are known."""

from __future__ import annotations

from typing import Any

from tests.fixtures.cloud import Cloud, wait_until

_PORTS = "/network/v2.0/ports"
_SLOW = "nova:compute-slow"


def _ports_of(cloud: Cloud, ident: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cloud.admin.get(
        f"{_PORTS}?device_id={ident}"
    )["ports"]
    return found


def test_a_boot_on_a_network(cloud: Cloud, net: str) -> None:
    ident = cloud.boot("on-blue", networks=[{"uuid": net}])
    (port,) = _ports_of(cloud, ident)
    host = cloud.server(ident)["OS-EXT-SRV-ATTR:host"]
    assert port["binding:host_id"] == host
    assert port["device_owner"] == "compute:nova"
    assert port["status"] == "ACTIVE"
    assert port["project_id"] == cloud.server(ident)["tenant_id"]
    assert cloud.ledger.interfaces(ident) == [port["id"]]
    (address,) = cloud.tenant.get(f"/servers/{ident}")["server"]["addresses"][
        "blue"
    ]
    assert address["addr"] == port["fixed_ips"][0]["ip_address"]
    assert address["OS-EXT-IPS-MAC:mac_addr"] == port["mac_address"]

    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    assert _ports_of(cloud, ident) == []
    assert port["id"] not in cloud.ledger.ports()


def test_the_order_and_the_users_own_port(cloud: Cloud, net: str) -> None:
    mine = cloud.new_port(net, name="mine")
    ident = cloud.boot(
        "several",
        networks=[
            {"uuid": net, "fixed_ip": "198.51.100.77", "tag": "mgmt"},
            {"port": mine},
        ],
    )
    ports = {port["id"]: port for port in _ports_of(cloud, ident)}
    first, second = cloud.ledger.interfaces(ident)
    assert ports[first]["fixed_ips"][0]["ip_address"] == "198.51.100.77"
    assert second == mine

    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    left = cloud.ledger.ports()
    assert first not in left
    assert (left[mine]["device_id"], left[mine]["host"]) == ("", "")


def test_absent_networks(cloud: Cloud, net: str) -> None:
    body = cloud.body("absent")
    del body["server"]["networks"]
    made = cloud.tenant.post("/servers", body, version="2.36")
    ident = made["server"]["id"]
    cloud.wait_status(ident, "ACTIVE")
    (port,) = _ports_of(cloud, ident)
    assert port["network_id"] == net


def test_several_at_once(cloud: Cloud, net: str) -> None:
    cloud.create("some", networks=[{"uuid": net}], min_count=3)
    servers = cloud.admin.get("/servers?all_tenants=1")["servers"]
    for server in servers:
        cloud.wait_status(server["id"], "ACTIVE")
    owners = {port["device_id"] for port in cloud.ledger.ports().values()}
    assert owners >= {server["id"] for server in servers}
    assert len(servers) == 3


def test_no_address_is_left(cloud: Cloud) -> None:
    net = cloud.new_network("narrow", "203.0.113.0/29")
    try:
        wanted = [{"uuid": net}] * 6
        ident = cloud.create("greedy", networks=wanted)
        wait_until(
            lambda: cloud.server(ident)["status"] == "ERROR", 30, "it failed"
        )
        assert _ports_of(cloud, ident) == []
        cloud.tenant.delete(f"/servers/{ident}")
        cloud.wait_gone(ident)
    finally:
        cloud.admin.delete(f"/network/v2.0/networks/{net}")


def test_a_build_that_goes_to_another_host(cloud: Cloud, net: str) -> None:
    mine = cloud.new_port(net)
    networks = [{"uuid": net}, {"port": mine}]
    ident = cloud.boot("elsewhere", networks=networks)
    assert len(cloud.event_results(ident, "create")) > 2, "it was tried twice"
    ports = _ports_of(cloud, ident)
    assert {port["binding:host_id"] for port in ports} == {"compute-1"}
    assert len(ports) == 2


def test_a_build_that_fails_everywhere(cloud: Cloud, net: str) -> None:
    mine = cloud.new_port(net)
    networks = [{"uuid": net}, {"port": mine}]
    ident = cloud.create("everywhere", networks=networks)
    wait_until(
        lambda: cloud.server(ident)["status"] == "ERROR", 30, "it failed"
    )
    assert _ports_of(cloud, ident) == []
    assert cloud.ledger.ports()[mine]["host"] == ""
    # It shows no addresses that are others' by now.
    assert cloud.tenant.get(f"/servers/{ident}/ips")["addresses"] == {}


def test_a_build_that_no_host_could_do(cloud: Cloud, net: str) -> None:
    cloud.admin.call(
        "PUT",
        f"/network/v2.0/networks/{net}",
        {"network": {"port_security_enabled": False}},
    )
    group = cloud.tenant.post(
        "/network/v2.0/security-groups", {"security_group": {"name": "web"}}
    )["security_group"]["id"]
    ident = cloud.create(
        "grouped", networks=[{"uuid": net}], security_groups=[{"name": group}]
    )
    wait_until(
        lambda: cloud.server(ident)["status"] == "ERROR", 30, "it failed"
    )
    cloud.tenant.delete(f"/network/v2.0/security-groups/{group}")
    message = cloud.server(ident)["fault"]["message"]
    assert message.startswith("Network requires port_security_enabled")
    assert len(cloud.event_results(ident, "create")) == 2


def test_deleted_while_it_is_built(cloud: Cloud, net: str) -> None:
    ident = cloud.create(
        "early",
        cloud.admin,
        availability_zone=_SLOW,
        networks=[{"uuid": net}],
    )
    wait_until(lambda: ident in cloud.ledger.guests(), 30, "it spawns")
    assert len(_ports_of(cloud, ident)) == 1
    cloud.admin.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    assert _ports_of(cloud, ident) == []


def _attach(cloud: Cloud, ident: str, **asked: Any) -> dict[str, Any]:
    made: dict[str, Any] = cloud.tenant.post(
        f"/servers/{ident}/os-interface", {"interfaceAttachment": asked}
    )["interfaceAttachment"]
    return made


def _wait_interfaces(cloud: Cloud, ident: str, ports: list[str]) -> None:
    wait_until(
        lambda: cloud.ledger.interfaces(ident) == ports,
        30,
        f"{ident} has {ports}",
    )


def test_attach_and_detach(cloud: Cloud, net: str) -> None:
    ident = cloud.boot("plain")
    assert cloud.ledger.interfaces(ident) == []
    made = _attach(cloud, ident, net_id=net, tag="second")
    assert made["net_id"] == net
    assert made["tag"] == "second"
    assert made["port_state"] == "ACTIVE"
    mine = cloud.new_port(net)
    _attach(cloud, ident, port_id=mine)
    ports = [made["port_id"], mine]
    assert cloud.ledger.interfaces(ident) == ports

    for port in ports:
        cloud.tenant.delete(f"/servers/{ident}/os-interface/{port}")
    _wait_interfaces(cloud, ident, [])
    left = cloud.ledger.ports()
    assert made["port_id"] not in left
    assert left[mine]["device_id"] == ""
    actions = cloud.tenant.get(f"/servers/{ident}/os-instance-actions")
    assert [one["action"] for one in actions["instanceActions"]] == [
        "detach_interface",
        "detach_interface",
        "attach_interface",
        "attach_interface",
        "create",
    ]


def test_a_failed_attach_is_known_to_the_delete(
    cloud: Cloud, net: str
) -> None:
    """Whose undoing found no network service, that is."""
    ident = cloud.boot("plain")
    path = f"/servers/{ident}/os-interface"
    made = _attach(cloud, ident, net_id=net)
    cloud.tenant.delete(f"{path}/{made['port_id']}")
    _wait_interfaces(cloud, ident, [])
    cloud.wait_at_rest()
    named = cloud.new_port(net, dns_name="another")
    body = {"interfaceAttachment": {"port_id": named}}
    cloud.tenant.refusal(400, "POST", path, body)
    left = {"port": {"device_id": ident}}
    cloud.tenant.call("PUT", f"{_PORTS}/{named}", left)
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    assert cloud.ledger.ports()[named]["device_id"] == ""


def test_attach_to_what_cannot_have_it(cloud: Cloud, net: str) -> None:
    ident = cloud.boot("suspended", networks=[{"uuid": net}])
    path = f"/servers/{ident}"
    (port,) = cloud.ledger.interfaces(ident)
    other = cloud.boot("other")
    cloud.tenant.refusal(
        404, "DELETE", f"/servers/{other}/os-interface/{port}"
    )
    cloud.tenant.refusal(
        409,
        "POST",
        f"/servers/{other}/os-interface",
        {"interfaceAttachment": {"port_id": port}},
    )
    cloud.tenant.post(f"{path}/action", {"suspend": None})
    cloud.wait_status(ident, "SUSPENDED")
    body = {"interfaceAttachment": {"net_id": net}}
    cloud.tenant.refusal(409, "POST", f"{path}/os-interface", body)
    cloud.tenant.refusal(409, "DELETE", f"{path}/os-interface/{port}")
    assert cloud.ledger.interfaces(ident) == [port]


def test_shelved_keeps_its_ports(cloud: Cloud, net: str) -> None:
    ident = cloud.boot("away", networks=[{"uuid": net}])
    (port,) = cloud.ledger.interfaces(ident)
    path = f"/servers/{ident}/action"
    cloud.tenant.post(path, {"shelve": None})
    cloud.wait_status(ident, "SHELVED_OFFLOADED")
    assert cloud.ledger.ports()[port]["host"] == ""
    addresses = cloud.tenant.get(f"/servers/{ident}/ips")["addresses"]
    assert len(addresses["blue"]) == 1

    cloud.tenant.post(path, {"unshelve": None})
    server = cloud.wait_status(ident, "ACTIVE")
    bound = cloud.ledger.ports()[port]
    assert bound["host"] == server["OS-EXT-SRV-ATTR:host"]
    assert bound["status"] == "ACTIVE"
    assert cloud.ledger.interfaces(ident) == [port]

    # It is ACTIVE before its image goes.
    cloud.wait_at_rest()
    cloud.tenant.post(path, {"shelve": None})
    cloud.wait_status(ident, "SHELVED_OFFLOADED")
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    assert port not in cloud.ledger.ports()


def test_unshelved_by_no_host(cloud: Cloud, net: str) -> None:
    ident = cloud.boot("homeless", networks=[{"uuid": net}])
    (port,) = cloud.ledger.interfaces(ident)
    path = f"/servers/{ident}"
    cloud.tenant.post(f"{path}/action", {"shelve": None})
    cloud.wait_status(ident, "SHELVED_OFFLOADED")
    name = {"server": {"name": "everywhere"}}
    cloud.tenant.call("PUT", path, name)
    cloud.tenant.post(f"{path}/action", {"unshelve": None})
    wait_until(lambda: not cloud.ledger.open_actions(), 30, "it has failed")
    assert cloud.server(ident)["status"] == "SHELVED_OFFLOADED"
    assert cloud.ledger.ports()[port]["host"] == ""
    assert cloud.ledger.interfaces(ident) == [port]


def test_a_port_that_its_user_deletes(cloud: Cloud, net: str) -> None:
    ident = cloud.boot("loses-one", networks=[{"uuid": net}] * 2)
    first, second = cloud.ledger.interfaces(ident)
    cloud.tenant.delete(f"{_PORTS}/{first}")
    _wait_interfaces(cloud, ident, [second])


def test_an_address_that_its_user_changes(cloud: Cloud, net: str) -> None:
    ident = cloud.boot("moves", networks=[{"uuid": net}])
    (port,) = cloud.ledger.interfaces(ident)
    fixed = [{"ip_address": "198.51.100.99"}]
    cloud.tenant.call(
        "PUT", f"{_PORTS}/{port}", {"port": {"fixed_ips": fixed}}
    )

    def addresses() -> list[str]:
        shown = cloud.tenant.get(f"/servers/{ident}/ips")["addresses"]
        return [one["addr"] for one in shown["blue"]]

    wait_until(
        lambda: addresses() == ["198.51.100.99"], 30, "the server shows it"
    )
