# SPDX-License-Identifier: Apache-2.0
"""What servers, flavors, key pairs and the like answer, at each version.

The tables are upstream's facts. A row of ``ANSWERS`` has the names in an
answer at its first version and, by version, what comes and goes; each is
asked at every version at which a form begins or ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from nova_lite.api.openstack.microversions import MAX, Version, parse
from tests.fixtures.compute_api import IMAGE, ComputeAPI

SERVER = "00000000-0000-4000-8000-000000000001"
BROKEN = "00000000-0000-4000-8000-000000000002"
EVENTS = "/os-server-external-events"
ACTION_OF = f"POST /servers/{SERVER}/action"

# Version -> names with "+" and "-"; the first is where the row begins.
Steps = Mapping[str, str]

LINKS = "links[].rel links[].href"
BRIEF = f"id name {LINKS}"
# What the rest of an answer about a server hangs on.
PLAIN = f"""
    id name status tenant_id user_id metadata hostId image.id
    image.links[].rel image.links[].href flavor.id flavor.links[].rel
    flavor.links[].href created updated addresses accessIPv4 accessIPv6
    {LINKS} OS-DCF:diskConfig progress
"""
EXTENDED = """
    OS-EXT-AZ:availability_zone config_drive key_name
    OS-SRV-USG:launched_at OS-SRV-USG:terminated_at OS-EXT-STS:task_state
    OS-EXT-STS:vm_state OS-EXT-STS:power_state
    os-extended-volumes:volumes_attached[]
"""
HOST_21 = """
    OS-EXT-SRV-ATTR:host OS-EXT-SRV-ATTR:instance_name
    OS-EXT-SRV-ATTR:hypervisor_hostname
"""
HOST_23 = """
    OS-EXT-SRV-ATTR:reservation_id OS-EXT-SRV-ATTR:launch_index
    OS-EXT-SRV-ATTR:kernel_id OS-EXT-SRV-ATTR:ramdisk_id
    OS-EXT-SRV-ATTR:root_device_name OS-EXT-SRV-ATTR:user_data
    OS-EXT-SRV-ATTR:hostname
"""
FLAVOR_47 = """
    -flavor.id -flavor.links[].rel -flavor.links[].href flavor.vcpus
    flavor.ram flavor.disk flavor.ephemeral flavor.swap
    flavor.original_name flavor.extra_specs.hw:x
"""
FULL: Steps = {
    "2.1": PLAIN + EXTENDED,
    "2.9": "locked",
    "2.19": "description",
    "2.26": "tags[]",
    "2.47": FLAVOR_47,
    "2.63": "trusted_image_certificates",
    "2.73": "locked_reason",
    "2.90": "OS-EXT-SRV-ATTR:hostname",
    "2.96": "pinned_availability_zone",
}
FULL_ADMIN: Steps = {
    **FULL,
    "2.1": PLAIN + EXTENDED + HOST_21,
    "2.3": HOST_23,
    "2.16": "host_status",
    "2.90": "",
}
# What GET of one server has more.
GROUPS: Steps = {"2.71": "server_groups[]"}
# Until 2.75 PUT answers less than GET.
UPDATED: Steps = {**FULL, **GROUPS, "2.1": PLAIN, "2.75": EXTENDED}
UPDATED_ADMIN: Steps = {
    **UPDATED,
    "2.75": EXTENDED + HOST_21 + HOST_23 + "host_status",
    "2.90": "",
}
# What a rebuild answers.
REBUILT: Steps = {
    "2.1": f"{PLAIN} adminPass",
    "2.9": "locked",
    "2.19": "description",
    "2.26": "tags[]",
    "2.47": FLAVOR_47,
    "2.54": "key_name",
    "2.57": "user_data",
    "2.63": "trusted_image_certificates",
    "2.71": "server_groups[]",
    "2.73": "locked_reason",
    "2.75": EXTENDED.replace("key_name", ""),
    "2.90": "OS-EXT-SRV-ATTR:hostname",
    "2.96": "pinned_availability_zone",
}
REBUILT_ADMIN: Steps = {
    **REBUILT,
    # User data is there already, by its other name.
    "2.75": (REBUILT["2.75"] + HOST_21 + HOST_23 + "host_status").replace(
        "OS-EXT-SRV-ATTR:user_data", ""
    ),
    "2.90": "",
}
PAGE = "servers_links[].rel servers_links[].href"
BRIEF_FLAVOR: Steps = {"2.1": BRIEF, "2.55": "description"}
FLAVOR: Steps = {
    "2.1": f"""
        {BRIEF} ram disk swap OS-FLV-EXT-DATA:ephemeral vcpus rxtx_factor
        OS-FLV-DISABLED:disabled os-flavor-access:is_public
    """,
    "2.55": "description",
    "2.61": "extra_specs.hw:cpu_policy",
}
NEW_FLAVOR: Steps = {**FLAVOR, "2.61": "extra_specs"}
KEY: Steps = {"2.1": "name public_key fingerprint", "2.2": "type"}
ACTION: Steps = {
    "2.1": """
        action instance_uuid request_id user_id project_id start_time message
    """,
    "2.58": "updated_at",
}
EVENT = "events[].event events[].start_time events[].finish_time"
OWN_EVENTS: Steps = {
    **ACTION,
    "2.51": f"{EVENT} events[].result",
    "2.62": "events[].hostId",
}
ALL_EVENTS: Steps = {
    **ACTION,
    "2.1": ACTION["2.1"] + f"{EVENT} events[].result events[].traceback",
    "2.62": "events[].hostId events[].host",
    "2.84": "events[].details",
}
MIGRATION: Steps = {
    "2.1": """
        id instance_uuid status source_compute source_node dest_compute
        dest_host dest_node old_instance_type_id new_instance_type_id
        created_at updated_at
    """,
    "2.23": f"migration_type {LINKS}",
    "2.59": "uuid",
    "2.80": "user_id project_id",
}
LIVE: Steps = {
    "2.23": """
        id server_uuid status source_compute source_node dest_compute
        dest_host dest_node memory_total_bytes memory_processed_bytes
        memory_remaining_bytes disk_total_bytes disk_processed_bytes
        disk_remaining_bytes created_at updated_at
    """,
    "2.59": "uuid",
    "2.80": "user_id project_id",
}
SPECS = {"extra_specs": {"hw:cpu_policy": "shared"}}
ACCESS = "flavor_access[].flavor_id flavor_access[].tenant_id"


def _below(key: str, steps: Steps) -> dict[str, str]:
    """The same names below a key."""
    return {
        version: " ".join(
            f"-{key}.{name[1:]}" if name[0] == "-" else f"{key}.{name}"
            for name in names.split()
        )
        for version, names in steps.items()
    }


def _with(steps: Steps, **more: str) -> dict[str, str]:
    """The same, with more names at the first version."""
    first = min(steps, key=parse)
    return {**steps, first: f"{steps[first]} {more['names']}"}


# (who asks, request) -> what it has in its answer.
ANSWERS: dict[tuple[str, str], Steps] = {
    ("member", "GET /servers"): _below("servers[]", {"2.1": BRIEF}),
    ("member", "GET /servers?limit=1"): _with(
        _below("servers[]", {"2.1": BRIEF}), names=PAGE
    ),
    ("member", "GET /servers/detail?name=web"): _below("servers[]", FULL),
    ("admin", "GET /servers/detail?name=web&all_tenants=1"): _below(
        "servers[]", FULL_ADMIN
    ),
    ("member", f"GET /servers/{SERVER}"): _below("server", {**FULL, **GROUPS}),
    ("admin", f"GET /servers/{SERVER}"): _below(
        "server", {**FULL_ADMIN, **GROUPS}
    ),
    ("member", f"PUT /servers/{SERVER}"): _below("server", UPDATED),
    ("admin", f"PUT /servers/{SERVER}"): _below("server", UPDATED_ADMIN),
    ("member", f"GET /servers/{SERVER}/ips"): {"2.1": "addresses"},
    ("member", f"GET /servers/{SERVER}/metadata"): {"2.1": "metadata"},
    ("member", f"GET /servers/{SERVER}/tags"): {"2.26": "tags[]"},
    ("member", f"GET /servers/{SERVER}/os-server-password"): {
        "2.1": "password"
    },
    ("member", f"GET /servers/{SERVER}/topology"): {
        "2.78": "nodes[] pagesize_kb"
    },
    ("member", f"GET /servers/{SERVER}/os-instance-actions"): _below(
        "instanceActions[]", ACTION
    ),
    ("member", f"GET /servers/{SERVER}/os-instance-actions/req-1"): _below(
        "instanceAction", OWN_EVENTS
    ),
    ("admin", f"GET /servers/{SERVER}/os-instance-actions/req-1"): _below(
        "instanceAction", ALL_EVENTS
    ),
    ("admin", "GET /os-migrations"): _below("migrations[]", MIGRATION),
    ("admin", f"GET /servers/{SERVER}/migrations"): _below(
        "migrations[]", LIVE
    ),
    ("admin", f"GET /servers/{SERVER}/migrations/7"): _below(
        "migration", LIVE
    ),
    ("admin", f"POST {EVENTS}"): _below(
        "events[]", {"2.1": "server_uuid name tag status code"}
    ),
    ("member", "GET /flavors"): _below("flavors[]", BRIEF_FLAVOR),
    ("member", "GET /flavors/detail"): _below("flavors[]", FLAVOR),
    ("member", "GET /flavors/1"): _below("flavor", FLAVOR),
    ("admin", "POST /flavors"): _below("flavor", NEW_FLAVOR),
    ("admin", "PUT /flavors/1"): _below(
        "flavor",
        {
            "2.55": FLAVOR["2.1"] + "description",
            "2.61": FLAVOR["2.61"],
        },
    ),
    ("member", "GET /flavors/1/os-extra_specs"): {
        "2.1": "extra_specs.hw:cpu_policy"
    },
    ("admin", "POST /flavors/1/os-extra_specs"): {
        "2.1": "extra_specs.hw:cpu_policy"
    },
    ("admin", "GET /flavors/2/os-flavor-access"): {"2.1": ACCESS},
    ("admin", "POST /flavors/2/action"): {"2.1": ACCESS},
    ("member", "GET /os-keypairs"): _below("keypairs[].keypair", KEY),
    ("member", "GET /os-keypairs?limit=1"): {
        **_below("keypairs[].keypair", KEY),
        "2.35": "keypairs_links[].rel keypairs_links[].href",
    },
    ("member", "GET /os-keypairs/mine"): _below(
        "keypair",
        _with(
            KEY, names="user_id id created_at deleted deleted_at updated_at"
        ),
    ),
    ("member", "POST /os-keypairs"): _below(
        "keypair", _with(KEY, names="user_id")
    ),
    ("member", "POST /servers"): _below(
        "server",
        {
            "2.1": f"id {LINKS} OS-DCF:diskConfig security_groups[].name "
            "adminPass"
        },
    ),
}
# An action's name stands behind its path.
ANSWERS |= {
    ("member", f"{ACTION_OF} rebuild"): _below("server", REBUILT),
    ("admin", f"{ACTION_OF} rebuild"): _below("server", REBUILT_ADMIN),
    ("member", f"{ACTION_OF} rescue"): {"2.1": "adminPass"},
    ("member", f"{ACTION_OF} createImage"): {"2.45": "image_id"},
    ("member", f"{ACTION_OF} createBackup"): {"2.45": "image_id"},
    ("member", f"{ACTION_OF} os-getConsoleOutput"): {"2.1": "output"},
    ("member", f"POST /servers/{SERVER}/remote-consoles"): _below(
        "remote_console", {"2.6": "protocol type url"}
    ),
}
BODIES: Mapping[str, Any] = {
    f"{ACTION_OF} rebuild": {"rebuild": {"imageRef": IMAGE}},
    f"{ACTION_OF} rescue": {"rescue": None},
    f"{ACTION_OF} createImage": {"createImage": {"name": "a"}},
    f"{ACTION_OF} createBackup": {
        "createBackup": {"name": "a", "backup_type": "x", "rotation": 1}
    },
    f"{ACTION_OF} os-getConsoleOutput": {"os-getConsoleOutput": {}},
    f"POST /servers/{SERVER}/remote-consoles": {
        "remote_console": {"protocol": "vnc", "type": "novnc"}
    },
    f"PUT /servers/{SERVER}": {"server": {"name": "web"}},
    f"POST {EVENTS}": {
        "events": [
            {"server_uuid": SERVER, "name": "network-changed", "tag": "p"}
        ]
    },
    "POST /flavors": {
        "flavor": {"name": "new", "ram": 1, "vcpus": 1, "disk": 0}
    },
    "PUT /flavors/1": {"flavor": {"description": "small"}},
    "POST /flavors/1/os-extra_specs": SPECS,
    "POST /flavors/2/action": {"addTenantAccess": {"tenant": "p3"}},
    "POST /os-keypairs": {
        "keypair": {
            "name": "new",
            "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQ"
            "YHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
        }
    },
    "POST /servers": {
        "server": {
            "name": "new",
            "flavorRef": "1",
            "imageRef": IMAGE,
            "networks": [],
        }
    },
}
STATUSES: Mapping[str, Mapping[str, int]] = {
    "POST /os-keypairs": {"2.1": 200, "2.2": 201},
    "POST /servers": {"2.1": 202},
    f"{ACTION_OF} rebuild": {"2.1": 202},
    f"{ACTION_OF} createImage": {"2.1": 202},
    f"{ACTION_OF} createBackup": {"2.1": 202},
}


def _versions(steps: Steps) -> list[Version]:
    """The first and the last version of each form."""
    begins = sorted(parse(version) for version in steps)
    ends = [Version(2, begin.minor - 1) for begin in begins[1:]]
    return sorted({*begins, *ends, MAX})


def _names_at(steps: Steps, version: Version) -> set[str]:
    names: set[str] = set()
    for since in sorted(steps, key=parse):
        if parse(since) <= version:
            for name in steps[since].split():
                if name[0] == "-":
                    names.remove(name[1:])
                else:
                    names.add(name)
    return names


def _names_in(value: Any, path: str = "") -> Iterator[str]:
    """The dotted names of an answer's leaves; all items count as one."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _names_in(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        if not value or not isinstance(value[0], dict):
            yield f"{path}[]"
        for item in value:
            if isinstance(item, dict):
                yield from _names_in(item, f"{path}[]")
    else:
        yield path


@pytest.fixture
def filled(compute_api: ComputeAPI) -> ComputeAPI:
    add = compute_api.add
    add("service", host="one")
    add("server", uuid=SERVER, host="one", node="one")
    add("server", uuid=BROKEN, display_name="bad", vm_state="error")
    add("fault", instance_uuid=BROKEN, details="where")
    action = add("action", instance_uuid=SERVER, request_id="req-1")
    add("event", action_id=action, host="one")
    add("migration", id=7, instance_uuid=SERVER)
    specs = SPECS["extra_specs"]
    add("flavor", flavorid="1", name="a", extra_specs=specs)
    add("flavor", flavorid="2", name="b", is_public=False)
    add("keypair", name="mine")
    compute_api(
        "POST",
        "/flavors/2/action",
        {"addTenantAccess": {"tenant": "p2"}},
        as_="admin",
    )
    return compute_api


@pytest.mark.parametrize(
    ("caller", "request_", "version"),
    [
        (caller, request, version)
        for (caller, request), steps in ANSWERS.items()
        for version in _versions(steps)
    ],
    ids=lambda value: str(value).replace(SERVER, "ID"),
)
def test_names_of_answers(
    caller: str, request_: str, version: Version, filled: ComputeAPI
) -> None:
    verb, path = request_.split()[:2]
    answer = filled(
        verb, path, BODIES.get(request_), as_=caller, version=str(version)
    )
    steps = STATUSES.get(request_, {"2.1": 200})
    status = [steps[s] for s in steps if parse(s) <= version][-1]
    assert answer.status == status, answer.text
    wanted = _names_at(ANSWERS[caller, request_], version)
    assert set(_names_in(answer.json)) == wanted


@pytest.mark.parametrize("caller", ["member", "admin"])
@pytest.mark.parametrize("version", ["2.1", "2.96"])
def test_a_server_in_error_has_its_fault(
    caller: str, version: str, filled: ComputeAPI
) -> None:
    answer = filled("GET", f"/servers/{BROKEN}", as_=caller, version=version)
    details = {"details"} if caller == "admin" else set()
    assert set(answer.json["server"]["fault"]) == {
        "code",
        "created",
        "message",
        *details,
    }
    assert "progress" not in answer.json["server"]


# (verb, path, version) -> statuses of what has no answer.
EMPTY: Mapping[tuple[str, str, str], int] = {
    ("DELETE", "/os-keypairs/mine", "2.1"): 202,
    ("DELETE", "/os-keypairs/mine", "2.2"): 204,
    ("DELETE", "/flavors/1", "2.1"): 202,
    ("DELETE", "/flavors/1/os-extra_specs/hw:cpu_policy", "2.1"): 200,
    ("DELETE", f"/servers/{SERVER}", "2.1"): 204,
    ("DELETE", f"/servers/{SERVER}/os-server-password", "2.1"): 204,
    ("DELETE", f"/servers/{SERVER}/tags", "2.26"): 204,
    ("DELETE", f"/servers/{SERVER}/tags", "2.25"): 404,
    ("PUT", "/flavors/1", "2.54"): 404,
    ("GET", f"/servers/{SERVER}/topology", "2.77"): 404,
    ("GET", f"/servers/{SERVER}/migrations", "2.22"): 404,
    ("DELETE", f"/servers/{SERVER}/migrations/7", "2.23"): 404,
}


@pytest.mark.parametrize(
    ("row", "status"), EMPTY.items(), ids=lambda value: str(value)
)
def test_statuses(
    row: tuple[str, str, str], status: int, filled: ComputeAPI
) -> None:
    verb, path, version = row
    caller = "member" if "keypairs" in path else "admin"
    body = BODIES.get(f"{verb} {path}")
    answer = filled(verb, path, body, as_=caller, version=version)
    assert answer.status == status
    if status < 300:
        assert not answer.text


def test_places(filled: ComputeAPI) -> None:
    made = filled("POST", "/servers", BODIES["POST /servers"], version="2.1")
    place = f"http://localhost/v2.1/servers/{made.json['server']['id']}"
    assert made.headers["Location"] == place
    tag = f"/servers/{SERVER}/tags/a"
    answer = filled("PUT", tag, version="2.26")
    assert answer.status == 201
    assert not answer.text
    assert answer.headers["Location"] == f"http://localhost/v2.1{tag}"
    assert filled("PUT", tag, version="2.26").status == 204
    many = {"server": {**BODIES["POST /servers"]["server"], "max_count": 2}}
    many["server"]["return_reservation_id"] = True
    answer = filled("POST", "/servers", many, version="2.1")
    assert answer.status == 202
    assert set(answer.json) == {"reservation_id"}


def test_images_of_servers_were_named_by_their_places(
    filled: ComputeAPI,
) -> None:
    for number, (name, place) in enumerate(
        (
            ("createImage", r"http://[^/]+/image/.*images/"),
            ("createBackup", r"http://localhost/v2\.1/images/"),
        )
    ):
        ident = f"00000000-0000-4000-8000-00000000001{number}"
        filled.add("server", uuid=ident, host="one", node="one")
        answer = filled(
            "POST",
            f"/servers/{ident}/action",
            BODIES[f"{ACTION_OF} {name}"],
            version="2.44",
        )
        assert (answer.status, answer.text) == (202, "")
        assert re.match(place, answer.headers["Location"])


def test_a_rebuilt_server_says_where_it_is(filled: ComputeAPI) -> None:
    body = BODIES[f"{ACTION_OF} rebuild"]
    answer = filled("POST", f"/servers/{SERVER}/action", body, version="2.1")
    place = f"http://localhost/v2.1/servers/{SERVER}"
    assert answer.headers["Location"] == place


def test_the_name_described_a_server_before_2_19(filled: ComputeAPI) -> None:
    for version, description in (("2.18", "new"), ("2.19", None)):
        body = BODIES["POST /servers"]
        made = filled("POST", "/servers", body, version=version)
        url = f"/servers/{made.json['server']['id']}"
        shown = filled("GET", url, version="2.96").json["server"]
        assert shown["description"] == description
