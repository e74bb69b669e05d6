# SPDX-License-Identifier: Apache-2.0
"""The openstack client's commands for servers on networks.

Rows as in commands.py; what they make in the network service they delete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.integration.clients.commands import ANY, Row


def _own(words: str, **more: Any) -> Row:
    """A command of the project's member."""
    return Row(words, user="member", **more)


_INTERFACES = (
    _own("network create blue-{n}", has={"name": "blue-{n}"}),
    _own(
        "subnet create blue-{n} --network blue-{n} "
        "--subnet-range 198.51.100.0/24",
        has={"cidr": "198.51.100.0/24"},
    ),
    _own(
        "port create own-{n} --network blue-{n}",
        has={"name": "own-{n}"},
        keep={"port": "id"},
    ),
    _own(
        "server create nic-{n} --image tiny --flavor tiny --network blue-{n} "
        "--security-group default",
        has={"name": "nic-{n}"},
        keep={"server": "id"},
    ),
    _own(
        "server show nic-{n}",
        has={"addresses": ANY, "security_groups": [{"name": "default"}]},
        wait="server",
    ),
    _own("server list --name nic-{n} --ip 198.51.100", has={"ID": "{server}"}),
    _own("server list --name nic-{n} --ip 203", lacks={"ID": "{server}"}),
    _own("server add port nic-{n} own-{n} --tag second"),
    _own("port show own-{n}", has={"device_id": "{server}"}),
    _own("server add network nic-{n} blue-{n}"),
    _own(
        "server add fixed ip nic-{n} blue-{n} --fixed-ip-address 198.51.100.77"
    ),
    _own("server list --name nic-{n} --ip 198.51.100.77$", has={"ID": ANY}),
    _own("security group create web-{n}", has={"name": "web-{n}"}),
    _own("server add security group nic-{n} web-{n}"),
    _own(
        "server add security group nic-{n} no-{n}",
        fails=True,
        says="no-{n}",
    ),
    _own("server remove security group nic-{n} web-{n}"),
    _own("security group delete web-{n}"),
    _own("server remove port nic-{n} own-{n}"),
    _own("port show own-{n}", has={"device_id": ""}, soon=True),
    # The client would ask at a version that does not have it any more.
    _own(
        "server remove fixed ip nic-{n} 198.51.100.77 "
        "--os-compute-api-version 2.43"
    ),
    _own("server remove network nic-{n} blue-{n}"),
    _own("server delete nic-{n} --wait"),
    # A port that the user made is the user's.
    _own("port show own-{n}", has={"id": "{port}", "device_id": ""}),
    _own(
        "server create port-{n} --image tiny --flavor tiny --port own-{n} "
        "--nic net-id=blue-{n},v4-fixed-ip=198.51.100.88,tag=second --wait",
        has={"name": "port-{n}", "status": "ACTIVE"},
    ),
    _own("server list --name port-{n} --ip 198.51.100.88$", has={"ID": ANY}),
    _own("server delete port-{n} --wait"),
    _own("port delete own-{n}"),
    _own(
        "server create port-{n} --image tiny --flavor tiny --port own-{n}",
        fails=True,
        says="own-{n}",
    ),
    _own("network delete blue-{n}"),
)

_FLOATING_IPS = (
    Row("network create public-{n} --external", has={"name": "public-{n}"}),
    Row(
        "subnet create public-{n} --network public-{n} --no-dhcp "
        "--subnet-range 203.0.113.0/24",
        has={"cidr": "203.0.113.0/24"},
    ),
    _own("network create red-{n}", has={"name": "red-{n}"}),
    _own(
        "subnet create red-{n} --network red-{n} "
        "--subnet-range 198.51.100.0/24",
        has={"cidr": "198.51.100.0/24"},
    ),
    _own("router create way-{n}", has={"name": "way-{n}"}),
    _own("router set way-{n} --external-gateway public-{n}"),
    _own("router add subnet way-{n} red-{n}"),
    _own(
        "server create out-{n} --image tiny --flavor tiny --network red-{n}",
        has={"name": "out-{n}"},
        keep={"server": "id"},
    ),
    _own(
        "floating ip create public-{n}",
        has={"status": "DOWN"},
        keep={"ip": "floating_ip_address"},
    ),
    Row("server add floating ip out-{n} {ip}", user="member", wait="server"),
    _own(
        "floating ip list --floating-ip-address {ip}",
        has={"Floating IP Address": "{ip}", "Port": ANY},
    ),
    _own("server remove floating ip out-{n} {ip}"),
    _own("floating ip delete {ip}"),
    _own("server delete out-{n} --wait"),
    _own("router remove subnet way-{n} red-{n}"),
    _own("router delete way-{n}"),
    _own("network delete red-{n}"),
    Row("network delete public-{n}"),
)

NETWORKS: Mapping[str, Sequence[Row]] = {
    "interfaces": _INTERFACES,
    "floating ips": _FLOATING_IPS,
}
