#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo's networks and its floating IP, by the environment's cloud.

networks.py make PUBLIC_RANGE NETWORK_RANGE   networks, router, rules
networks.py floating-ip SERVER                print the server's, or make it

What is there already is taken as it is. One process: the command-line client
would need some fifteen, of seconds each.
"""

from __future__ import annotations

import ipaddress
import sys

import openstack
from openstack import connection, exceptions

PUBLIC, DEMO = "public", "demo"


def make(
    cloud: connection.Connection, public_range: str, demo_range: str
) -> None:
    net = cloud.network
    public = net.find_network(PUBLIC) or net.create_network(
        name=PUBLIC,
        is_router_external=True,
        provider_network_type="flat",
        provider_physical_network="public",
    )
    if net.find_subnet(PUBLIC) is None:
        net.create_subnet(
            name=PUBLIC,
            network_id=public.id,
            ip_version=4,
            cidr=public_range,
            gateway_ip=str(ipaddress.ip_network(public_range)[1]),
            is_dhcp_enabled=False,
        )
    demo = net.find_network(DEMO) or net.create_network(name=DEMO)
    subnet = net.find_subnet(DEMO) or net.create_subnet(
        name=DEMO, network_id=demo.id, ip_version=4, cidr=demo_range
    )
    router = net.find_router(DEMO) or net.create_router(
        name=DEMO, external_gateway_info={"network_id": public.id}
    )
    if not list(net.ports(device_id=router.id, network_id=demo.id)):
        net.add_interface_to_router(router, subnet_id=subnet.id)
    allow(cloud, protocol="icmp")
    allow(cloud, protocol="tcp", port_range_min=22, port_range_max=22)


def allow(cloud: connection.Connection, **rule: object) -> None:
    """Into servers of the project's default group, from anywhere."""
    net = cloud.network
    (group,) = net.security_groups(
        project_id=cloud.current_project_id, name="default"
    )
    try:
        net.create_security_group_rule(
            security_group_id=group.id,
            direction="ingress",
            ether_type="IPv4",
            **rule,
        )
    except exceptions.ConflictException:
        return  # it is there


def floating_ip(cloud: connection.Connection, server: str) -> str:
    net = cloud.network
    found = cloud.compute.find_server(server, ignore_missing=False)
    port = next(iter(net.ports(device_id=found.id)))
    known = list(net.ips(port_id=port.id))
    public = net.find_network(PUBLIC, ignore_missing=False)
    ip = (
        known[0]
        if known
        else net.create_ip(floating_network_id=public.id, port_id=port.id)
    )
    return str(ip.floating_ip_address)


def main(action: str, *arguments: str) -> None:
    cloud = openstack.connect()
    if action == "make":
        make(cloud, *arguments)
    else:
        print(floating_ip(cloud, *arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
