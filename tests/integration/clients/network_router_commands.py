# SPDX-License-Identifier: Apache-2.0
"""The openstack client's commands for routers, floating IPs, security groups.

Rows as in commands.py; what they make in the network service they delete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.integration.clients.commands import ANY, Row


def _own(words: str, **more: Any) -> Row:
    """A command of the project's member."""
    return Row(words, user="member", **more)


_ROUTERS = (
    Row(
        "network create out-{n} --external --provider-network-type flat "
        "--provider-physical-network public",
        has={"router:external": True, "provider:physical_network": "public"},
        keep={"out": "id"},
    ),
    Row(
        "subnet create out-{n} --network out-{n} --no-dhcp "
        "--subnet-range 203.0.113.0/24",
        has={"enable_dhcp": False},
    ),
    _own("network create in-{n}", has={"name": "in-{n}"}),
    _own(
        "subnet create in-{n} --network in-{n} --subnet-range 198.51.100.0/24"
    ),
    _own(
        "router create rt-{n} --description first --tag blue",
        has={
            "name": "rt-{n}",
            "description": "first",
            "status": "ACTIVE",
            "external_gateway_info": None,
            "tags": ["blue"],
        },
        keep={"router": "id"},
    ),
    _own("router set rt-{n} --external-gateway out-{n} --description second"),
    _own("router add subnet rt-{n} in-{n}"),
    _own("router add subnet rt-{n} in-{n}", fails=True, says="already has"),
    _own(
        "router add route rt-{n} "
        "--route destination=192.0.2.0/24,gateway=198.51.100.9"
    ),
    _own(
        "router show rt-{n}",
        has={
            "id": "{router}",
            "description": "second",
            "routes": [
                {"destination": "192.0.2.0/24", "nexthop": "198.51.100.9"}
            ],
            "interfaces_info": ANY,
        },
    ),
    _own(
        "router remove subnet rt-{n} in-{n}",
        fails=True,
        says="required by one or more routes",
    ),
    _own(
        "router remove route rt-{n} "
        "--route destination=192.0.2.0/24,gateway=198.51.100.9"
    ),
    _own("router list", has={"ID": "{router}", "Name": "rt-{n}"}),
    Row("router list", lacks={"ID": "{router}"}, user="other"),
    Row("router set rt-{n} --disable-snat --external-gateway out-{n}"),
    _own(
        "router set rt-{n} --external-gateway out-{n} --enable-snat",
        fails=True,
        says="disallowed by policy",
    ),
    _own(
        "router create no-{n} --external-gateway in-{n}",
        fails=True,
        says="is not an external network",
    ),
    _own("router delete rt-{n}", fails=True, says="still has ports"),
    # Floating IPs.
    _own(
        "port create fip-{n} --network in-{n}",
        has={"name": "fip-{n}"},
        keep={"port": "id"},
    ),
    _own(
        "floating ip create out-{n} --description first",
        has={"floating_network_id": "{out}", "status": "DOWN"},
        keep={"fip": "id", "address": "floating_ip_address"},
    ),
    _own("floating ip set {fip} --port fip-{n} --description second"),
    _own(
        "floating ip show {address}",
        has={
            "port_id": "{port}",
            "router_id": "{router}",
            "description": "second",
        },
    ),
    _own("floating ip list --port fip-{n}", has={"ID": "{fip}"}),
    _own("floating ip list --network out-{n}", has={"ID": "{fip}"}),
    Row("floating ip list", lacks={"ID": "{fip}"}, user="other"),
    _own(
        "floating ip create out-{n} --port fip-{n}",
        fails=True,
        says="already has a floating IP",
    ),
    _own(
        "router unset rt-{n} --external-gateway",
        fails=True,
        says="required by one or more floating IPs",
    ),
    _own("floating ip unset {fip} --port"),
    _own("floating ip delete {address}"),
    _own("port delete fip-{n}"),
    _own("router remove subnet rt-{n} in-{n}"),
    _own("router unset rt-{n} --external-gateway --all-tag"),
    _own(
        "router show rt-{n}",
        has={"external_gateway_info": None, "tags": []},
    ),
    _own("router delete rt-{n}"),
    # A network for who has none.
    Row("network set out-{n} --default"),
    _own("network auto allocated topology create --check-resources"),
    _own(
        "network auto allocated topology create",
        has={"id": ANY},
        keep={"auto": "id"},
    ),
    _own("network show {auto}", has={"name": "auto_allocated_network"}),
    _own("network auto allocated topology delete"),
    _own("network show {auto}", fails=True, says="No Network found"),
    _own("network delete in-{n}"),
    Row("network delete out-{n}"),
)

_GROUPS = (
    _own("security group list", has={"Name": "default"}),
    _own(
        "security group create web-{n} --description first --stateless "
        "--tag blue",
        has={"name": "web-{n}", "stateful": False},
        keep={"web": "id"},
    ),
    _own("security group list --no-share", has={"ID": "{web}"}),
    _own("security group set web-{n} --name www-{n} --stateful"),
    _own(
        "security group show www-{n}",
        has={"id": "{web}", "description": "first", "stateful": True},
    ),
    _own(
        "security group rule create www-{n} --protocol tcp --dst-port 80:81 "
        "--remote-ip 198.51.100.0/24 --description second",
        has={
            "direction": "ingress",
            "ether_type": "IPv4",
            "protocol": "tcp",
            "port_range_min": 80,
            "port_range_max": 81,
            "remote_ip_prefix": "198.51.100.0/24",
            "description": "second",
        },
        keep={"rule": "id"},
    ),
    _own(
        "security group rule create www-{n} --protocol 6 --dst-port 80:81 "
        "--remote-ip 198.51.100.0/24",
        fails=True,
        says="already exists",
    ),
    _own(
        "security group rule create www-{n} --protocol icmp --icmp-type 8 "
        "--egress",
        has={"direction": "egress", "port_range_min": 8},
    ),
    _own(
        "security group rule create www-{n} --ethertype IPv6 "
        "--remote-group www-{n}",
        has={"remote_group_id": "{web}", "ether_type": "IPv6"},
    ),
    _own("security group rule list www-{n}", has={"ID": "{rule}"}),
    _own("security group rule list www-{n} --egress", lacks={"ID": "{rule}"}),
    _own(
        "security group rule show {rule}", has={"security_group_id": "{web}"}
    ),
    Row("security group show {web}", user="other", fails=True, says="No Sec"),
    _own("security group rule delete {rule}"),
    _own("security group delete www-{n}"),
    _own("security group delete default", fails=True, says="Conflict"),
)

ROUTERS: Mapping[str, Sequence[Row]] = {
    "routers": _ROUTERS,
    "security groups": _GROUPS,
}
