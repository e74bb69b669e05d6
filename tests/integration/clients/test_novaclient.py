# SPDX-License-Identifier: Apache-2.0
"""python-novaclient: its managers at several versions, and its shell."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from keystoneauth1 import session as sessions
from keystoneauth1.identity import v3
from novaclient import api_versions, client, exceptions

from tests.fixtures.cloud import Cloud, wait_until
from tests.integration.clients.conftest import Shells, settled, variables

VERSIONS = ["2.1", "2.37", "2.60", "2.96"]

Connect = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def connect(cloud: Cloud) -> Iterator[Connect]:
    """A client of a version for a user."""
    opened: dict[str, sessions.Session] = {}

    def made(version: str, user: str = "admin") -> Any:
        if user not in opened:
            known = variables(cloud, user)
            opened[user] = sessions.Session(
                v3.Password(
                    auth_url=known["OS_AUTH_URL"],
                    username=user,
                    password=known["OS_PASSWORD"],
                    project_name=known["OS_PROJECT_NAME"],
                    user_domain_id="default",
                    project_domain_id="default",
                )
            )
            opened[user].session.trust_env = False
        return client.Client(version, session=opened[user])

    yield made
    for one in opened.values():
        one.session.close()


@pytest.fixture(params=VERSIONS)
def nova(request: pytest.FixtureRequest, connect: Connect) -> Any:
    """An administrator's client of each version."""
    return connect(request.param, "admin")


@pytest.fixture
def member(request: pytest.FixtureRequest, nova: Any, connect: Connect) -> Any:
    """A member's client of the same version."""
    return connect(nova.api_version.get_string(), "member")


def _at_least(nova: Any, version: str) -> bool:
    found: bool = nova.api_version >= api_versions.APIVersion(version)
    return found


def _boot(cloud: Cloud, member: Any, name: str, **fields: Any) -> Any:
    nics = {"nics": "none"} if _at_least(member, "2.37") else {}
    made = member.servers.create(
        name, cloud.image, cloud.flavor, **nics, **fields
    )
    cloud.wait_status(made.id, "ACTIVE")
    return member.servers.get(made.id)


def _unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def test_the_newest_is_negotiated(connect: Connect) -> None:
    nova = connect("2.1", "admin")
    newest = nova.versions.get_current()
    assert (newest.version, newest.min_version) == ("2.96", "2.1")
    assert {one.id for one in nova.versions.list()} == {"v2.0", "v2.1"}
    found = api_versions.discover_version(
        nova, api_versions.APIVersion("2.latest")
    )
    assert found == api_versions.APIVersion("2.96")


def test_servers(cloud: Cloud, nova: Any, member: Any) -> None:
    name = _unique("nova")
    server = _boot(cloud, member, name, meta={"a": "b"})
    assert server.status == "ACTIVE"
    assert server.metadata == {"a": "b"}
    assert [one.id for one in member.servers.list(search_opts={"name": name})]
    everywhere = nova.servers.list(
        search_opts={"all_tenants": 1, "name": name}, detailed=False
    )
    assert [one.id for one in everywhere] == [server.id]
    assert member.servers.find(name=name).id == server.id
    server = member.servers.update(server, name=f"{name}-new")
    assert server.name == f"{name}-new"
    member.servers.set_meta(server, {"c": "d"})
    member.servers.set_meta_item(server, "e", "f")
    member.servers.delete_meta(server, ["a"])
    assert member.servers.get(server).metadata == {"c": "d", "e": "f"}
    assert isinstance(member.servers.get_console_output(server), str)
    assert member.servers.ips(server) == {}
    diagnostics = nova.servers.diagnostics(server)[1]
    assert diagnostics
    action = member.instance_action.list(server)[0]
    assert action.action == "create"
    found = nova.instance_action.get(server, action.request_id)
    assert found.events[0]["result"] == "Success"
    member.servers.delete(server)
    cloud.wait_gone(server.id)
    with pytest.raises(exceptions.NotFound, match="could not be found"):
        member.servers.get(server)


def test_interfaces(cloud: Cloud, nova: Any, member: Any) -> None:
    server = _boot(cloud, member, _unique("nova"))
    net = cloud.new_network(_unique("nova"))
    tag = {"tag": "second"} if _at_least(member, "2.49") else {}
    made = member.servers.interface_attach(server, None, net, None, **tag)
    (shown,) = member.servers.interface_list(server)
    assert (shown.port_id, shown.net_id) == (made.port_id, net)
    if _at_least(member, "2.70"):
        assert shown.tag == made.tag == "second"
    address = shown.fixed_ips[0]["ip_address"]
    pattern = {"ip": f"^{address.replace('.', chr(92) + '.')}$"}
    wait_until(
        lambda: server in member.servers.list(search_opts=pattern),
        30,
        "the server is found by its address",
    )
    (addresses,) = member.servers.ips(server).values()
    assert [one["addr"] for one in addresses] == [address]
    groups = member.servers.list_security_group(server)
    assert [group.name for group in groups] == ["default"]
    member.servers.remove_security_group(server, "default")
    assert member.servers.list_security_group(server) == []
    member.servers.add_security_group(server, groups[0].id)
    assert member.servers.get(server).security_groups == [{"name": "default"}]
    member.servers.interface_detach(server, made.port_id)
    wait_until(
        lambda: not member.servers.interface_list(server),
        30,
        "the interface is gone",
    )
    member.servers.delete(server)
    cloud.wait_gone(server.id)
    cloud.admin.delete(f"/network/v2.0/networks/{net}")


def test_pages_of_servers(cloud: Cloud, nova: Any, member: Any) -> None:
    name = _unique("page")
    made = [_boot(cloud, member, f"{name}-{i}") for i in range(3)]
    wanted = {"name": name}
    first = member.servers.list(search_opts=wanted, limit=2)
    rest = member.servers.list(
        search_opts=wanted, limit=2, marker=first[-1].id
    )
    assert (len(first), len(rest)) == (2, 1)
    # limit -1: the client follows the pages to their end.
    every = member.servers.list(search_opts=wanted, limit=-1)
    assert {one.id for one in every} == {one.id for one in made}
    ordered = member.servers.list(
        search_opts=wanted, sort_keys=["display_name"], sort_dirs=["desc"]
    )
    assert [one.name[-1] for one in ordered] == ["2", "1", "0"]
    for one in made:
        member.servers.delete(one)
    for one in made:
        cloud.wait_gone(one.id)


@pytest.fixture
def larger(cloud: Cloud) -> str:
    """A flavor to resize to."""
    return cloud.new_flavor(_unique("larger"), ram=128)


# What the manager is asked, and the server's status when that is done.
_POWER = (
    ("stop", (), "SHUTOFF"),
    ("start", (), "ACTIVE"),
    ("reboot", ("SOFT",), "ACTIVE"),
    ("reboot", ("HARD",), "ACTIVE"),
    ("pause", (), "PAUSED"),
    ("unpause", (), "ACTIVE"),
    ("suspend", (), "SUSPENDED"),
    ("resume", (), "ACTIVE"),
    ("change_password", ("s3cret",), "ACTIVE"),
    ("shelve", (), "SHELVED_OFFLOADED"),
    ("unshelve", (), "ACTIVE"),
)


# What becomes of a migration: the statuses of one each.
_ENDS = {"reverted", "confirmed", "finished"}


@pytest.mark.parametrize("version", ["2.1", "2.96"])
def test_actions(cloud: Cloud, connect: Connect, version: str) -> None:
    member, admin = connect(version, "member"), connect(version, "admin")
    servers = member.servers
    server = _boot(cloud, member, _unique("act"))
    for name, arguments, status in _POWER:
        getattr(servers, name)(server, *arguments)
        settled(cloud, server.id, status)
    admin.servers.reset_state(server, "error")
    with pytest.raises(exceptions.Conflict, match="in vm_state error"):
        servers.pause(server)
    admin.servers.reset_state(server, "active")
    admin.servers.lock(server)
    with pytest.raises(exceptions.Conflict, match="is locked"):
        servers.stop(server)
    with pytest.raises(exceptions.Forbidden, match="unlock_override"):
        servers.unlock(server)
    admin.servers.unlock(server)
    url = servers.get_console_url(server, "novnc")
    assert "token%3D" in str(url)
    with pytest.raises(exceptions.BadRequest, match="no such action"):
        admin.servers.evacuate(server, "compute-2")
    names = {one.action for one in member.instance_action.list(server)}
    assert {"stop", "start", "reboot", "shelve", "unshelve"} <= names
    servers.force_delete(server)
    cloud.wait_gone(server.id)


@pytest.mark.parametrize("version", ["2.1", "2.96"])
def test_other_disks(
    cloud: Cloud, connect: Connect, larger: str, version: str
) -> None:
    member, admin = connect(version, "member"), connect(version, "admin")
    servers = member.servers
    server = _boot(cloud, member, _unique("disk"))
    image = servers.create_image(server, _unique("shot"))
    settled(cloud, server.id, "ACTIVE")
    servers.backup(server, _unique("copy"), "daily", 1)
    settled(cloud, server.id, "ACTIVE")
    password = servers.rescue(server, "s3cret")[1]["adminPass"]
    assert password == "s3cret"
    settled(cloud, server.id, "RESCUE")
    servers.unrescue(server)
    settled(cloud, server.id, "ACTIVE")
    rebuilt = servers.rebuild(server, image, password="s3cret", name="again")
    assert (rebuilt.name, rebuilt.adminPass) == ("again", "s3cret")
    settled(cloud, server.id, "ACTIVE")
    for end in (servers.revert_resize, servers.confirm_resize):
        servers.resize(server, larger)
        settled(cloud, server.id, "VERIFY_RESIZE")
        end(server)
        settled(cloud, server.id, "ACTIVE")
    with pytest.raises(exceptions.Forbidden, match="Policy doesn't allow"):
        servers.migrate(server)
    admin.servers.migrate(server)
    settled(cloud, server.id, "VERIFY_RESIZE")
    moves = admin.migrations.list(instance_uuid=server.id)
    assert {one.status for one in moves} == _ENDS
    servers.delete(server)
    cloud.wait_gone(server.id)


def test_tags(cloud: Cloud, connect: Connect) -> None:
    member = connect("2.96", "member")
    server = _boot(cloud, member, _unique("tag"), tags=["one"])
    member.servers.add_tag(server, "two")
    member.servers.delete_tag(server, "one")
    assert member.servers.tag_list(server) == ["two"]
    member.servers.set_tags(server, ["x", "y"])
    found = member.servers.list(search_opts={"tags": "x,y"})
    assert [one.id for one in found] == [server.id]
    member.servers.delete_all_tags(server)
    assert member.servers.tag_list(server) == []
    topology = member.servers.topology(server)
    assert "nodes" in topology
    member.servers.delete(server)


def test_flavors(nova: Any, member: Any) -> None:
    name = _unique("flavor")
    flavor = nova.flavors.create(name, 64, 1, 0, is_public=False)
    flavor.set_keys({"hw:cpu_policy": "shared"})
    assert flavor.get_keys() == {"hw:cpu_policy": "shared"}
    flavor.unset_keys(["hw:cpu_policy"])
    assert flavor.get_keys() == {}
    assert flavor.id not in {one.id for one in member.flavors.list()}
    project = member.client.session.get_project_id()
    nova.flavor_access.add_tenant_access(flavor, project)
    (access,) = nova.flavor_access.list(flavor=flavor)
    assert access.tenant_id == project
    assert flavor.id in {one.id for one in member.flavors.list()}
    nova.flavor_access.remove_tenant_access(flavor, project)
    if _at_least(nova, "2.55"):
        assert nova.flavors.update(flavor, "words").description == "words"
    with pytest.raises(exceptions.Forbidden, match="Policy doesn't allow"):
        member.flavors.delete(flavor)
    with pytest.raises(exceptions.Conflict, match="already exists"):
        nova.flavors.create(name, 64, 1, 0)
    nova.flavors.delete(flavor)
    with pytest.raises(exceptions.NotFound):
        nova.flavors.get(flavor.id)


_KEY = "ssh-ed25519 " + (
    "AAAAC3NzaC1lZDI1NTE5AAAAICk3/NIlvXSmsyPqFaeJlzNKlJrdpK+j6iJINDcEYvGh"
)


def test_keypairs(nova: Any) -> None:
    name = _unique("key")
    made = nova.keypairs.create(name, public_key=_KEY)
    assert made.public_key == _KEY
    assert nova.keypairs.get(name).fingerprint == made.fingerprint
    assert name in {one.name for one in nova.keypairs.list()}
    with pytest.raises(exceptions.Conflict, match="already exists"):
        nova.keypairs.create(name, public_key=_KEY)
    nova.keypairs.delete(name)
    with pytest.raises(exceptions.NotFound):
        nova.keypairs.get(name)


def test_quotas_and_limits(cloud: Cloud, nova: Any, member: Any) -> None:
    body = {"project": {"name": _unique("limited")}}
    made = cloud.admin.post("/identity/v3/projects", body)
    project = made["project"]["id"]
    assert nova.quotas.defaults(project).instances == 60
    assert nova.quotas.update(project, instances=7).instances == 7
    assert nova.quotas.get(project).instances == 7
    detail = nova.quotas.get(project, detail=True).instances
    assert detail == {"limit": 7, "in_use": 0, "reserved": 0}
    nova.quotas.delete(project)
    assert nova.quotas.get(project).instances == 60
    assert nova.quota_classes.get("default").instances == 60
    changed = nova.quota_classes.update("default", metadata_items=127)
    assert changed.metadata_items == 127
    nova.quota_classes.update("default", metadata_items=128)
    absolute = {one.name: one.value for one in member.limits.get().absolute}
    assert absolute["maxTotalInstances"] == 60
    with pytest.raises(exceptions.Forbidden):
        member.quotas.update(project, instances=7)


def test_hosts(nova: Any) -> None:
    (service,) = nova.services.list(host="compute-2")
    assert (service.binary, service.state) == ("nova-compute", "up")
    if _at_least(nova, "2.53"):
        nova.services.disable_log_reason(service.id, "broken")
        assert nova.services.list(host="compute-2")[0].status == "disabled"
        nova.services.enable(service.id)
        nova.services.force_down(service.id, True)
        nova.services.force_down(service.id, False)
    else:
        binary = "nova-compute"
        nova.services.disable("compute-2", binary)
        assert nova.services.list(host="compute-2")[0].status == "disabled"
        nova.services.enable("compute-2", binary)
    (found,) = nova.hypervisors.search("compute-2")
    shown = nova.hypervisors.get(found.id)
    assert shown.hypervisor_hostname == "compute-2"
    assert len(nova.hypervisors.list()) == 3
    assert nova.hypervisors.search("compute-2", servers=True)
    if not _at_least(nova, "2.88"):
        assert nova.hypervisors.statistics().count == 3
        assert "up" in nova.hypervisors.uptime(found.id).uptime
    zones = {zone.zoneName for zone in nova.availability_zones.list()}
    assert {"internal", "nova"} <= zones


def test_aggregates(nova: Any) -> None:
    made = nova.aggregates.create(_unique("group"), None)
    made.add_host("compute-3")
    made.set_metadata({"a": "b"})
    found = nova.aggregates.get_details(made)
    assert (found.hosts, found.metadata) == (["compute-3"], {"a": "b"})
    assert made.id in {one.id for one in nova.aggregates.list()}
    nova.aggregates.update(made, {"name": made.name + "-new"})
    with pytest.raises(exceptions.Conflict):
        made.add_host("compute-3")
    made.remove_host("compute-3")
    made.delete()
    with pytest.raises(exceptions.NotFound):
        nova.aggregates.get(made.id)


def test_server_groups(nova: Any, member: Any) -> None:
    name = _unique("group")
    if _at_least(nova, "2.64"):
        made = member.server_groups.create(
            name, "anti-affinity", rules={"max_server_per_host": 2}
        )
        assert made.rules == {"max_server_per_host": 2}
    else:
        made = member.server_groups.create(name, ["anti-affinity"])
        assert made.policies == ["anti-affinity"]
    assert member.server_groups.get(made.id).name == name
    assert made.id in {
        one.id for one in nova.server_groups.list(all_projects=True)
    }
    made.delete()


def test_reports(cloud: Cloud, nova: Any, member: Any) -> None:
    server = _boot(cloud, member, _unique("usage"))
    begin = datetime.datetime(2020, 1, 1)
    end = datetime.datetime(2090, 1, 1)
    project = member.client.session.get_project_id()
    assert nova.usage.list(begin, end, detailed=True)
    assert nova.usage.get(project, begin, end).total_vcpus_usage >= 0
    assert nova.instance_usage_audit_log.get().overall_status
    assert nova.migrations.list(host="no-host") == []
    event = {"name": "network-changed", "server_uuid": server.id}
    with pytest.raises(exceptions.Forbidden):
        member.server_external_events.create([event])
    member.servers.delete(server)


_SHELL = [
    ("list", "tiny-by-nova"),
    ("show tiny-by-nova", "ACTIVE"),
    ("flavor-list", "tiny"),
    ("keypair-list", "Fingerprint"),
    ("service-list", "nova-compute"),
    ("hypervisor-list", "compute-1"),
    ("aggregate-list", "Availability Zone"),
    ("availability-zone-list", "compute-1"),
    ("quota-show", "instances"),
    ("limits", "Verb"),
    ("usage-list", "CPU Hours"),
    ("server-group-list", "Policy"),
    ("instance-action-list tiny-by-nova", "create"),
    ("console-log tiny-by-nova", ""),
    ("meta tiny-by-nova set a=b", ""),
    ("server-tag-add tiny-by-nova blue", "blue"),
    ("version-list", "2.96"),
    ("migration-list", "Source Node"),
]


def test_the_shell(cloud: Cloud, shells: Shells) -> None:
    nova = shells("nova", "admin")
    words = f"boot --nic none --image {cloud.image} --flavor {cloud.flavor}"
    done = nova.run(*words.split(), "tiny-by-nova")
    assert done.status == 0, done
    found = cloud.admin.get("/servers?name=tiny-by-nova")["servers"]
    cloud.wait_status(found[0]["id"], "ACTIVE")
    for command, said in _SHELL:
        done = nova.run(*command.split())
        assert done.status == 0, done
        assert said in done.out, done
    done = nova.run("delete", "tiny-by-nova")
    assert done.status == 0, done
    wait_until(
        lambda: nova.run("show", "tiny-by-nova").status == 1, 20, "deleted"
    )
    assert "No server with a name" in nova.run("show", "tiny-by-nova").err
