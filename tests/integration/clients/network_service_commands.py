# SPDX-License-Identifier: Apache-2.0
"""The openstack client's commands for the embedded network service itself.

Rows as in commands.py: networks, subnets, ports, tags, quotas, lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.integration.clients.commands import ANY, Row


def _own(words: str, **more: object) -> Row:
    """A command of the project's member."""
    return Row(words, user="member", **more)  # type: ignore[arg-type]


_NETWORKS = (
    _own(
        "network create net-{n} --description first --mtu 1400 "
        "--dns-domain example.org. --tag blue",
        has={
            "name": "net-{n}",
            "description": "first",
            "mtu": 1400,
            "status": "ACTIVE",
            "router:external": False,
            "shared": False,
            "tags": ["blue"],
        },
        keep={"net": "id"},
    ),
    _own("network set net-{n} --name new-{n} --description second --tag red"),
    _own(
        "network show new-{n}",
        has={"id": "{net}", "description": "second", "tags": ["blue", "red"]},
    ),
    _own("network unset new-{n} --tag blue"),
    _own("network list --tags red", has={"ID": "{net}", "Name": "new-{n}"}),
    _own("network list --tags blue", lacks={"ID": "{net}"}),
    _own("network list --long --name new-{n}", has={"Status": "ACTIVE"}),
    _own("network list --external", lacks={"ID": "{net}"}),
    Row("network list --name new-{n}", lacks={"ID": "{net}"}, user="other"),
    Row(
        "network show {net}",
        fails=True,
        says="No Network found for {net}",
        user="other",
    ),
    _own(
        "network create no-{n} --share",
        fails=True,
        says="disallowed by policy",
    ),
    Row(
        "network create seg-{n} --provider-network-type vxlan "
        "--provider-segment 4711 --share --disable-port-security",
        has={
            "provider:network_type": "vxlan",
            "provider:segmentation_id": 4711,
            "shared": True,
            "port_security_enabled": False,
        },
    ),
    Row("network list --share", has={"Name": "seg-{n}"}, user="other"),
    Row(
        "network create seg2-{n} --provider-network-type vxlan "
        "--provider-segment 4711",
        fails=True,
        says="4711 is in use",
    ),
    Row("network set seg-{n} --no-share --disable"),
    Row(
        "network show seg-{n}", has={"shared": False, "admin_state_up": False}
    ),
    Row("network delete seg-{n}"),
    # Subnets.
    _own(
        "subnet create sub-{n} --network new-{n} "
        "--subnet-range 198.51.100.0/24 --gateway 198.51.100.254 "
        "--allocation-pool start=198.51.100.10,end=198.51.100.99 "
        "--dns-nameserver 203.0.113.53 "
        "--host-route destination=203.0.113.0/24,gateway=198.51.100.9",
        has={
            "cidr": "198.51.100.0/24",
            "gateway_ip": "198.51.100.254",
            "allocation_pools": [
                {"start": "198.51.100.10", "end": "198.51.100.99"}
            ],
            "dns_nameservers": ["203.0.113.53"],
            "host_routes": [
                {"destination": "203.0.113.0/24", "nexthop": "198.51.100.9"}
            ],
            "enable_dhcp": True,
            "ip_version": 4,
        },
        keep={"sub": "id"},
    ),
    _own(
        "subnet create six-{n} --network new-{n} --ip-version 6 "
        "--subnet-range fd00:1::/64 --ipv6-ra-mode slaac "
        "--ipv6-address-mode slaac",
        has={"ipv6_ra_mode": "slaac", "gateway_ip": "fd00:1::1"},
    ),
    _own(
        "subnet create no-{n} --network new-{n} "
        "--subnet-range 198.51.100.0/25",
        fails=True,
        says="overlaps with another subnet",
    ),
    _own(
        "subnet set sub-{n} --name subnet-{n} --no-dhcp "
        "--dns-nameserver 203.0.113.54 "
        "--allocation-pool start=198.51.100.100,end=198.51.100.110"
    ),
    _own(
        "subnet show subnet-{n}",
        has={
            "id": "{sub}",
            "enable_dhcp": False,
            "dns_nameservers": ["203.0.113.54", "203.0.113.53"],
        },
    ),
    _own(
        "subnet unset subnet-{n} --dns-nameserver 203.0.113.53 "
        "--host-route destination=203.0.113.0/24,gateway=198.51.100.9"
    ),
    _own(
        "port create two-{n} --network new-{n} "
        "--fixed-ip subnet=subnet-{n} --fixed-ip subnet=subnet-{n}",
        has={"name": "two-{n}"},
    ),
    _own("port delete two-{n}"),
    _own("subnet list --network new-{n} --ip-version 4", has={"ID": "{sub}"}),
    _own("subnet list --dhcp", lacks={"ID": "{sub}"}),
    _own("subnet list --subnet-range 198.51.100.0/24", has={"ID": "{sub}"}),
    _own("network show new-{n}", has={"subnets": ANY}),
    # Ports.
    _own(
        "port create port-{n} --network new-{n} "
        "--fixed-ip subnet=subnet-{n},ip-address=198.51.100.50 "
        "--mac-address 02:00:00:00:00:01 --dns-name web "
        "--allowed-address ip-address=203.0.113.0/24",
        has={
            "name": "port-{n}",
            "status": "DOWN",
            "mac_address": "02:00:00:00:00:01",
            "device_id": "",
            "dns_name": "web",
        },
        keep={"port": "id"},
    ),
    _own(
        "port create no-{n} --network new-{n} "
        "--fixed-ip ip-address=198.51.100.50",
        fails=True,
        says="198.51.100.50 already allocated",
    ),
    _own("port set port-{n} --name prt-{n} --fixed-ip subnet=subnet-{n}"),
    _own(
        "port set prt-{n} --no-security-group --disable-port-security",
        fails=True,
        says="Port Security must be enabled",
    ),
    _own(
        "port set prt-{n} --no-allowed-address --device box "
        "--device-owner tests:box",
    ),
    _own("port set prt-{n} --no-security-group --disable-port-security"),
    _own(
        "port show prt-{n}",
        has={
            "id": "{port}",
            "port_security_enabled": False,
            "device_id": "box",
            "device_owner": "tests:box",
        },
    ),
    _own(
        "port unset prt-{n} "
        "--fixed-ip subnet=subnet-{n},ip-address=198.51.100.50"
    ),
    _own("port list --network new-{n}", has={"ID": "{port}"}),
    _own("port list --device-owner tests:box", has={"ID": "{port}"}),
    _own(
        "port list --fixed-ip ip-address=198.51.100.50",
        lacks={"ID": "{port}"},
    ),
    _own("port list --fixed-ip ip-substring=198.51.1", has={"ID": "{port}"}),
    _own("port list --mac-address 02:00:00:00:00:01", has={"ID": "{port}"}),
    Row("port list --long --host nowhere", lacks={"ID": "{port}"}),
    Row("port set {port} --host nowhere"),
    Row("port show {port}", has={"binding_host_id": "nowhere"}),
    Row("port unset {port} --host"),
    _own("network delete new-{n}", fails=True, says="Conflict"),
    _own("subnet delete subnet-{n}", fails=True, says="Conflict"),
    _own("port delete prt-{n}"),
    _own("subnet delete subnet-{n} six-{n}"),
    _own("network delete new-{n}"),
    # What the cloud has, and how much of it.
    _own("extension list --network", has={"Alias": "security-group"}),
    _own("extension show port-security", has={"alias": "port-security"}),
    _own("quota show --network", has={"Resource": "ports", "Limit": 500}),
    Row("quota set demo --networks 77 --ports 88 --force"),
    Row(
        "quota show demo --network", has={"Resource": "networks", "Limit": 77}
    ),
    Row("quota delete demo --network"),
    Row("network agent list"),
    Row("ip availability list", lacks={"Network Name": "new-{n}"}),
    Row("availability zone list --network"),
)

SERVICE: Mapping[str, Sequence[Row]] = {"network service": _NETWORKS}
