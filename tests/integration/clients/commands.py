# SPDX-License-Identifier: Apache-2.0
"""Every compute command of the openstack client: what it prints, or why not.

``STORIES`` are commands in an order in which they can be run. Each story
runs at each version of ``VERSIONS``, one of ``SLOW`` at the client's own. A
row says from and to which version it works. ``{n}`` is a word that no other
run of the story has, and other names in braces are what earlier rows kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# None: as a user calls it, and the client asks for what it needs.
VERSIONS: Sequence[str | None] = (None, "2.1", "2.37", "2.64", "2.96")

# Any value, where only its presence counts.
ANY = object()


@dataclass(frozen=True)
class Row:
    """A command. With ``has`` it is asked for JSON.

    ``has``: what the object, or one object of the list, must contain.
    ``lacks``: what no object of the list may contain. ``says``: a part of
    what it prints. ``own``: whether it works at no version that the user
    names, too. ``keep``: name -> key of the object. ``wait``: the kept
    id of a server that must have ``status`` before. ``soon``: it is run
    again until all of this is so.
    """

    words: str
    has: Mapping[str, Any] | None = None
    lacks: Mapping[str, Any] | None = None
    says: str = ""
    fails: bool = False
    since: str = "2.1"
    until: str = "2.96"
    user: str = "admin"
    own: bool = True
    keep: Mapping[str, str] = field(default_factory=dict)
    wait: str = ""
    status: str = "ACTIVE"
    soon: bool = False

    @property
    def wants_json(self) -> bool:
        """Whether the command's answer is read as JSON."""
        return self.has is not None or self.lacks is not None

    def runs(self, command: str) -> bool:
        """Whether this is a use of a command."""
        return f"{self.words} ".startswith(f"{command} ")


_FLAVORS = (
    Row(
        "flavor create small-{n} --ram 128 --vcpus 2 --disk 3 --ephemeral 1 "
        "--swap 16 --property hw:cpu_policy=shared",
        has={
            "name": "small-{n}",
            "ram": 128,
            "vcpus": 2,
            "disk": 3,
            "OS-FLV-EXT-DATA:ephemeral": 1,
            "swap": 16,
            "os-flavor-access:is_public": True,
            "properties": {"hw:cpu_policy": "shared"},
        },
        keep={"flavor": "id"},
    ),
    Row("flavor show small-{n}", has={"id": "{flavor}", "ram": 128}),
    Row("flavor show {flavor}", has={"name": "small-{n}"}, user="member"),
    Row("flavor list", has={"ID": "{flavor}", "Name": "small-{n}"}),
    Row(
        "flavor list --long --min-ram 100",
        has={"ID": "{flavor}", "Properties": {"hw:cpu_policy": "shared"}},
        lacks={"Name": "tiny"},
    ),
    Row("flavor set small-{n} --property hw:numa_nodes=1"),
    Row("flavor set small-{n} --description good", since="2.55"),
    Row("flavor show small-{n}", has={"description": "good"}, since="2.55"),
    Row("flavor unset small-{n} --property hw:cpu_policy"),
    Row("flavor show small-{n}", has={"properties": {"hw:numa_nodes": "1"}}),
    Row(
        "flavor create small-{n} --ram 1 --vcpus 1 --disk 1",
        fails=True,
        says="Flavor with name small-{n} already exists.",
    ),
    Row(
        "flavor create no-{n} --ram 1 --vcpus 1 --disk 1",
        fails=True,
        says="Policy doesn't allow",
        user="member",
    ),
    Row(
        "flavor set small-{n} --property hw:mem_page_size=huge",
        fails=True,
        says="hw:mem_page_size",
        since="2.86",
        own=False,
    ),
    Row("flavor delete small-{n}"),
    Row(
        "flavor show small-{n}",
        fails=True,
        says="No Flavor found for small-{n}",
    ),
    Row(
        "flavor create own-{n} --private --project demo --ram 64 --vcpus 1 "
        "--disk 0",
        has={"os-flavor-access:is_public": False},
    ),
    Row("flavor list", has={"Name": "own-{n}"}, user="member"),
    Row("flavor list", lacks={"Name": "own-{n}"}, user="other"),
    Row("flavor set own-{n} --project another"),
    Row("flavor list", has={"Name": "own-{n}"}, user="other"),
    Row("flavor unset own-{n} --project another"),
    Row("flavor list --all", has={"Name": "own-{n}", "Is Public": False}),
    Row("flavor delete own-{n}"),
)

_KEYPAIRS = (
    Row("keypair create key-{n}", says="PRIVATE KEY"),
    Row("keypair list", has={"Name": "key-{n}", "Fingerprint": ANY}),
    Row("keypair show key-{n}", has={"name": "key-{n}", "type": "ssh"}),
    Row("keypair show key-{n} --public-key", says="ssh-ed25519 "),
    Row(
        "keypair create key-{n}",
        fails=True,
        says="Key pair 'key-{n}' already exists.",
    ),
    Row("keypair create user-{n} --user member", since="2.10", says="KEY"),
    Row("keypair list --user member", has={"Name": "user-{n}"}, since="2.10"),
    Row("keypair list", lacks={"Name": "user-{n}"}),
    Row("keypair delete user-{n} --user member", since="2.10"),
    Row("keypair delete key-{n}"),
    Row(
        "keypair show key-{n}",
        fails=True,
        says="No Keypair found for key-{n}",
    ),
)

_GROUPS = (
    Row(
        "server group create group-{n} --policy anti-affinity",
        has={"name": "group-{n}", "members": []},
        user="member",
        keep={"group": "id"},
    ),
    Row("server group list --long", has={"ID": "{group}"}, user="member"),
    Row(
        "server group list --all-projects --long",
        has={"ID": "{group}", "Name": "group-{n}"},
    ),
    Row("server group show group-{n}", has={"id": "{group}"}, user="member"),
    Row(
        "server group show {group}",
        has={"policy": "anti-affinity"},
        since="2.64",
    ),
    Row(
        "server group create rule-{n} --policy anti-affinity "
        "--rule max_server_per_host=2",
        has={"rules": {"max_server_per_host": 2}},
        since="2.64",
        user="member",
    ),
    Row("server group delete rule-{n}", since="2.64", user="member"),
    Row(
        "server group create soft-{n} --policy soft-affinity",
        has={"name": "soft-{n}"},
        since="2.15",
        user="member",
    ),
    Row("server group delete soft-{n}", since="2.15", user="member"),
    Row("server group delete group-{n}", user="member"),
    Row(
        "server group show group-{n}",
        fails=True,
        says="No ServerGroup found for group-{n}",
        user="member",
    ),
)

_AGGREGATES = (
    Row(
        "aggregate create group-{n} --zone zone-{n} --property x=y",
        has={
            "name": "group-{n}",
            "availability_zone": "zone-{n}",
            "properties": {"availability_zone": "zone-{n}", "x": "y"},
        },
        keep={"aggregate": "id"},
    ),
    Row(
        "aggregate add host group-{n} compute-3",
        has={"hosts": ["compute-3"]},
    ),
    Row(
        "aggregate add host group-{n} compute-3",
        fails=True,
        says="compute-3",
    ),
    Row("aggregate add host group-{n} no-host", fails=True, says="no-host"),
    Row("availability zone list", has={"Zone Name": "zone-{n}"}),
    Row(
        "aggregate list --long",
        has={"Name": "group-{n}", "Hosts": ["compute-3"]},
    ),
    Row("aggregate list", has={"UUID": ANY}, since="2.41"),
    Row("aggregate cache image group-{n} tiny", since="2.81"),
    Row("aggregate set group-{n} --property z=1 --name new-{n}"),
    Row("aggregate unset new-{n} --property x"),
    Row(
        "aggregate show new-{n}",
        has={"id": "{aggregate}", "properties": {"z": "1"}},
    ),
    Row("aggregate delete new-{n}", fails=True, says="it still has hosts"),
    Row("aggregate remove host new-{n} compute-3", has={"hosts": []}),
    Row("aggregate delete new-{n}"),
    Row("aggregate show new-{n}", fails=True, says="new-{n}"),
    Row(
        "aggregate list",
        fails=True,
        says="Policy doesn't allow",
        user="member",
    ),
)

_HOSTS = (
    Row(
        "compute service list --long",
        has={"Host": "compute-2", "Status": "enabled", "State": "up"},
    ),
    Row("compute service list --long", has={"Forced Down": ANY}, since="2.11"),
    Row(
        "compute service list --host compute-2 --service nova-compute",
        has={"Binary": "nova-compute", "Zone": "nova"},
        lacks={"Host": "compute-1"},
    ),
    Row(
        "compute service set compute-2 nova-compute "
        "--disable --disable-reason broken"
    ),
    Row(
        "compute service list --long",
        has={"Host": "compute-2", "Disabled Reason": "broken"},
    ),
    Row("compute service set compute-2 nova-compute --enable"),
    Row("compute service set compute-2 nova-compute --down", since="2.11"),
    Row(
        "compute service list",
        has={"Host": "compute-2", "State": "down"},
        since="2.11",
    ),
    Row("compute service set compute-2 nova-compute --up", since="2.11"),
    Row(
        "compute service delete 99999",
        fails=True,
        says="99999",
    ),
    Row(
        "compute service list",
        fails=True,
        says="Policy doesn't allow",
        user="member",
    ),
    Row(
        "hypervisor list --long",
        has={"Hypervisor Hostname": "compute-2", "State": "up"},
    ),
    Row(
        "hypervisor list --matching compute-2",
        has={"Hypervisor Hostname": "compute-2"},
        lacks={"Hypervisor Hostname": "compute-1"},
    ),
    Row("hypervisor list --limit 1", has={"ID": ANY}, since="2.33"),
    Row(
        "hypervisor show compute-2",
        has={"hypervisor_hostname": "compute-2", "uptime": ANY},
    ),
    Row("hypervisor stats show", has={"count": 3}),
    Row("host list", has={"Host Name": "compute-2", "Service": "compute"}),
    Row("host show compute-2", has={"Project": "(total)"}),
    Row("host set compute-2 --disable"),
    Row("host set compute-2 --enable"),
    Row("host show no-host", fails=True, says="no-host"),
    Row("compute agent list", fails=True, says="410"),
    Row("compute agent create linux x86 1 u m h", fails=True, says="410"),
    Row(
        "compute agent set 1 --agent-version 2 --url u --md5hash m",
        fails=True,
        says="410",
    ),
    Row("compute agent delete 1", fails=True, says="410"),
)

# The client asks for what is reserved, which 2.75 does not know.
_LIMITS = "2.74"

_QUOTAS = (
    Row(
        "limits show --absolute",
        has={"Name": "max_total_instances", "Value": 60},
        until=_LIMITS,
    ),
    Row("limits show --rate", lacks={"Name": ANY}, until=_LIMITS),
    Row(
        "limits show --absolute --project demo",
        has={"Name": "instances"},
        until=_LIMITS,
    ),
    Row("quota show", has={"Resource": "instances", "Limit": 60}),
    Row("quota show --usage demo", has={"Resource": "ram", "In Use": ANY}),
    Row("quota set --instances 30 --cores 40 another"),
    Row("quota show another", has={"Resource": "instances", "Limit": 30}),
    Row("quota list --compute", has={"Instances": 30, "Cores": 40}),
    Row("quota show another", has={"Resource": "cores", "Limit": 40}),
    Row("quota delete another --compute"),
    Row("quota show another", has={"Resource": "instances", "Limit": 60}),
    Row("quota set --default --properties 127"),
    Row("quota show --default", has={"Resource": "properties", "Limit": 127}),
    Row("quota set --default --properties 128"),
    Row(
        "quota set --default --instances 1",
        fails=True,
        says="Policy doesn't allow",
        user="member",
    ),
    Row("usage list --start 2020-01-01 --end 2020-01-02", lacks={}),
    Row("usage show --project demo", has={"CPU Hours": ANY}),
    Row("availability zone list --compute", has={"Zone Name": "internal"}),
    Row(
        "availability zone list --compute --long",
        has={"Zone Name": "nova", "Host Name": "compute-1"},
    ),
    Row(
        "availability zone list --compute",
        has={"Zone Name": "nova"},
        lacks={"Zone Name": "internal"},
        user="member",
    ),
    Row("extension list --compute", has={"Alias": "os-keypairs"}),
    Row(
        "versions show --service compute",
        has={"Status": "CURRENT", "Max Microversion": "2.96"},
    ),
)

_SERVERS = (
    Row(
        "server create web-{n} --image tiny --flavor tiny --property a=b",
        has={"name": "web-{n}", "properties": {"a": "b"}},
        until="2.36",
        own=False,
        user="member",
        keep={"server": "id"},
    ),
    Row(
        "server create web-{n} --image tiny --flavor tiny --property a=b "
        "--nic none",
        has={"name": "web-{n}", "properties": {"a": "b"}},
        since="2.37",
        user="member",
        keep={"server": "id"},
    ),
    Row(
        "server show web-{n}",
        has={
            "id": "{server}",
            "status": "ACTIVE",
            "image": ANY,
            "OS-EXT-STS:vm_state": "active",
        },
        user="member",
        wait="server",
    ),
    Row(
        "server list",
        has={"ID": "{server}", "Image": "tiny", "Flavor": "tiny"},
        user="member",
    ),
    Row(
        "server list --long --all-projects --host {host}",
        has={"ID": "{server}", "Host": "{host}"},
    ),
    Row(
        "server list --name web-{n} --status ACTIVE --flavor tiny --limit 1",
        has={"Name": "web-{n}"},
        user="member",
    ),
    Row("usage list", has={"CPU Hours": ANY}),
    Row("server list", lacks={"ID": "{server}"}, user="other"),
    Row("server show {server}", fails=True, says="{server}", user="other"),
    Row(
        "server show --diagnostics {server}", has={"state": ANY}, since="2.48"
    ),
    Row(
        "server show --topology {server}",
        has={"topology": ANY},
        own=False,
        since="2.78",
    ),
    Row("server set web-{n} --property c=d", user="member"),
    Row("server set web-{n} --description words", since="2.19", user="member"),
    Row("server set web-{n} --tag t2", since="2.26", user="member"),
    Row(
        "server list --tags t2 --name web-{n}",
        has={"ID": "{server}"},
        since="2.26",
        user="member",
    ),
    Row("server unset web-{n} --property a", user="member"),
    Row("server show web-{n}", has={"properties": {"c": "d"}}, user="member"),
    Row(
        "server show web-{n}",
        has={"tags": ["t2"], "description": "words"},
        since="2.26",
        user="member",
    ),
    Row("server unset web-{n} --tag t2", since="2.26", user="member"),
    Row("server set web-{n} --name www-{n}", user="member"),
    Row(
        "server event list www-{n} --long",
        has={"Action": "create", "Request ID": ANY},
        user="member",
    ),
    Row(
        "server event show {server} {request}",
        has={"action": "create", "events": ANY},
    ),
    Row("console log show www-{n} --lines 5", user="member"),
    Row("server migration list", lacks={"Server UUID": "{server}"}),
    Row(
        "server migration abort {server} 1",
        fails=True,
        says="while it is in task_state None",
        since="2.24",
    ),
    Row(
        "server migration force complete {server} 1",
        fails=True,
        says="while it is in task_state None",
        since="2.22",
    ),
    Row(
        "server create big-{n} --image tiny --flavor tiny --min 100 "
        "--max 100 --nic none",
        fails=True,
        says="Quota exceeded for instances",
        since="2.37",
        user="member",
    ),
    Row(
        "server create odd-{n} --image no-image --flavor tiny",
        fails=True,
        says="no-image",
        user="member",
    ),
    Row("server delete {server} no-{n}", fails=True, says="no-{n}"),
)

_WAITS = (
    Row(
        "server create slow-{n} --image tiny --flavor tiny --nic none --wait "
        "--hostname host-{n} --tag t --description words --key-name none",
        fails=True,
        says="Invalid key_name provided",
    ),
    Row(
        "server create slow-{n} --image tiny --flavor tiny --nic none --wait "
        "--hostname host-{n} --tag t --description words --use-config-drive",
        has={
            "status": "ACTIVE",
            "OS-EXT-SRV-ATTR:hostname": "host-{n}",
            "tags": ["t"],
            "description": "words",
            "config_drive": "True",
            "adminPass": ANY,
        },
    ),
    Row(
        "server image create slow-{n} --name shot-{n} --wait",
        has={"name": "shot-{n}", "status": ANY},
    ),
    Row(
        "server backup create slow-{n} --name copy-{n} --type daily "
        "--rotate 1 --wait",
        has={"name": "copy-{n}", "status": ANY},
    ),
    Row("server delete slow-{n} --wait"),
    Row(
        "server show slow-{n}",
        fails=True,
        says="No Server found for slow-{n}",
    ),
)

_CLEANUP = (
    Row("server group create old-{n} --policy affinity", user="small"),
    Row(
        "project cleanup --auth-project --dry-run",
        says="old-{n}",
        user="small",
    ),
    Row("project cleanup --auth-project --auto-approve", user="small"),
    Row("server group list", lacks={"Name": "old-{n}"}, user="small"),
)

STORIES: Mapping[str, Sequence[Row]] = {
    "flavors": _FLAVORS,
    "keypairs": _KEYPAIRS,
    "groups": _GROUPS,
    "aggregates": _AGGREGATES,
    "hosts": _HOSTS,
    "quotas": _QUOTAS,
    "servers": _SERVERS,
}

# What costs seconds, and asks nothing that depends on a version.
SLOW: Mapping[str, Sequence[Row]] = {"waits": _WAITS, "cleanup": _CLEANUP}

_VOLUME = "needs a block storage service"
_ACTION = "an action of a server that is not here yet"
_SHARE = "the API here ends before 2.97"

# What the client can and this cloud cannot.
ABSENT: Mapping[str, str] = {
    "server ssh": "needs a guest that can be logged in to",
    "server add volume": _VOLUME,
    "server remove volume": _VOLUME,
    "server volume list": _VOLUME,
    "server volume set": _VOLUME,
    "server volume update": _VOLUME,
    "server add share": _SHARE,
    "server remove share": _SHARE,
    "server share list": _SHARE,
    "server share show": _SHARE,
    **dict.fromkeys(
        (f"server {name}" for name in ("evacuate",)),
        _ACTION,
    ),
    # The client sends the two ids in each other's place.
    "server migration show": "the client's request is wrong",
    "cloud cache delete": "asks no service",
    "configuration show": "asks no service",
}
