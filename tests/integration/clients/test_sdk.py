# SPDX-License-Identifier: Apache-2.0
"""openstacksdk: its compute proxy and its cloud layer."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import openstack
import pytest
from keystoneauth1 import session as sessions
from keystoneauth1.identity import v3
from openstack import exceptions
from openstack.connection import Connection

from tests.fixtures.cloud import Cloud
from tests.integration.clients.conftest import settled, variables

# What the library says of its own fields is not for us.
pytestmark = [
    pytest.mark.filterwarnings(f"ignore::openstack.warnings.{name}")
    for name in ("RemovedFieldWarning", "LegacyAPIWarning")
]

Connect = Callable[..., Connection]

_KEY = "ssh-ed25519 " + (
    "AAAAC3NzaC1lZDI1NTE5AAAAICk3/NIlvXSmsyPqFaeJlzNKlJrdpK+j6iJINDcEYvGh"
)


@pytest.fixture(scope="module")
def connect(cloud: Cloud) -> Iterator[Connect]:
    """A connection for a user, at a version of the Compute API or its own."""
    opened: dict[tuple[str, str | None], Connection] = {}

    def made(user: str, version: str | None = None) -> Connection:
        key = (user, version)
        if key not in opened:
            known = variables(cloud, user)
            session = sessions.Session(
                v3.Password(
                    auth_url=known["OS_AUTH_URL"],
                    username=user,
                    password=known["OS_PASSWORD"],
                    project_name=known["OS_PROJECT_NAME"],
                    user_domain_id="default",
                    project_domain_id="default",
                )
            )
            session.session.trust_env = False
            opened[key] = Connection(
                session=session,
                region_name="RegionOne",
                compute_default_microversion=version,
            )
        return opened[key]

    yield made
    for one in opened.values():
        one.session.session.close()
        one.close()


@pytest.fixture(params=[None, "2.1", "2.60", "2.96"], ids=str)
def version(request: pytest.FixtureRequest) -> str | None:
    """None: what the library negotiates for each resource."""
    found: str | None = request.param
    return found


@pytest.fixture
def admin(connect: Connect, version: str | None) -> Connection:
    """An administrator at each version."""
    return connect("admin", version)


@pytest.fixture
def member(connect: Connect, version: str | None) -> Connection:
    """A member at the same version."""
    return connect("member", version)


def _unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def _boot(cloud: Cloud, member: Connection, name: str) -> str:
    version = member.compute.default_microversion
    fields = {} if version == "2.1" else {"networks": "none"}
    made = member.compute.create_server(
        name=name, image_id=cloud.image, flavor_id=cloud.flavor, **fields
    )
    cloud.wait_status(made.id, "ACTIVE")
    ident: str = made.id
    return ident


def test_versions(connect: Connect) -> None:
    compute = connect("member").compute
    data = compute.get_endpoint_data()
    assert data.max_microversion == (2, 96)
    assert data.min_microversion == (2, 1)
    found = openstack.utils.maximum_supported_microversion(compute, "2.100")
    assert found == "2.96"


def test_servers(
    cloud: Cloud, member: Connection, admin: Connection, version: str | None
) -> None:
    compute = member.compute
    name = _unique("sdk")
    ident = _boot(cloud, member, name)
    server = compute.get_server(ident)
    assert (server.name, server.status) == (name, "ACTIVE")
    assert compute.find_server(name).id == ident
    assert [one.id for one in compute.servers(name=name)] == [ident]
    assert [
        one.id for one in admin.compute.servers(all_projects=True, name=name)
    ] == [ident]
    assert compute.update_server(server, name=f"{name}-new").name.endswith(
        "-new"
    )
    compute.set_server_metadata(server, a="b", c="d")
    compute.delete_server_metadata(server, ["a"])
    found = compute.get_server_metadata(server)
    assert found.metadata == {"c": "d"}
    assert "output" in compute.get_server_console_output(server)
    (action,) = compute.server_actions(server)
    assert action.action == "create"
    shown = admin.compute.get_server_action(action.request_id, server)
    assert shown.events[0]["result"] == "Success"
    assert list(compute.server_ips(server)) == []
    assert admin.compute.get_server_diagnostics(ident)
    if version not in ("2.1", None):
        compute.add_tag_to_server(server, "blue")
        assert compute.get_server(ident).tags == ["blue"]
        compute.remove_tags_from_server(server)
    compute.delete_server(server)
    compute.wait_for_delete(server, interval=0.1, wait=60)
    with pytest.raises(exceptions.NotFoundException):
        compute.get_server(ident)
    assert compute.find_server(name) is None


@pytest.fixture
def larger(cloud: Cloud) -> str:
    """A flavor to resize to."""
    return cloud.new_flavor(_unique("larger"), ram=128)


# What the proxy is asked, and the server's status when that is done.
_ACTIONS = (
    ("stop_server", (), "SHUTOFF"),
    ("start_server", (), "ACTIVE"),
    ("reboot_server", ("SOFT",), "ACTIVE"),
    ("reboot_server", ("HARD",), "ACTIVE"),
    ("pause_server", (), "PAUSED"),
    ("unpause_server", (), "ACTIVE"),
    ("suspend_server", (), "SUSPENDED"),
    ("resume_server", (), "ACTIVE"),
    ("change_server_password", ("s3cret",), "ACTIVE"),
    ("rescue_server", ("s3cret",), "RESCUE"),
    ("unrescue_server", (), "ACTIVE"),
    ("shelve_server", (), "SHELVED_OFFLOADED"),
    ("unshelve_server", (), "ACTIVE"),
    ("backup_server", ("copy", "daily", 1), "ACTIVE"),
)


# What becomes of a migration: the statuses of one each.
_ENDS = {"reverted", "confirmed", "finished"}


@pytest.mark.parametrize("version", ["2.1", "2.96"], ids=str)
def test_actions(cloud: Cloud, member: Connection, admin: Connection) -> None:
    compute = member.compute
    ident = _boot(cloud, member, _unique("act"))
    for name, arguments, status in _ACTIONS:
        getattr(compute, name)(ident, *arguments)
        settled(cloud, ident, status)
    admin.compute.reset_server_state(ident, "error")
    with pytest.raises(exceptions.ConflictException, match="vm_state error"):
        compute.pause_server(ident)
    admin.compute.reset_server_state(ident, "active")
    admin.compute.lock_server(ident)
    with pytest.raises(exceptions.ConflictException, match="is locked"):
        compute.stop_server(ident)
    with pytest.raises(exceptions.ForbiddenException, match="override"):
        compute.unlock_server(ident)
    admin.compute.unlock_server(ident)
    console = compute.create_console(ident, "novnc")
    assert "token%3D" in console["url"]
    with pytest.raises(exceptions.BadRequestException, match="no such action"):
        admin.compute.evacuate_server(ident, host="compute-2")
    compute.delete_server(ident, force=True)
    cloud.wait_gone(ident)


@pytest.mark.parametrize("version", ["2.1", "2.96"], ids=str)
def test_other_disks(
    cloud: Cloud, member: Connection, admin: Connection, larger: str
) -> None:
    compute = member.compute
    ident = _boot(cloud, member, _unique("disk"))
    image = compute.create_server_image(ident, _unique("shot"), wait=True)
    assert image.status == "active"
    settled(cloud, ident, "ACTIVE")
    rebuilt = compute.rebuild_server(ident, image.id, name="again")
    assert (rebuilt.name, rebuilt.status) == ("again", "REBUILD")
    settled(cloud, ident, "ACTIVE")
    for end in (compute.revert_server_resize, compute.confirm_server_resize):
        compute.resize_server(ident, larger)
        settled(cloud, ident, "VERIFY_RESIZE")
        end(ident)
        settled(cloud, ident, "ACTIVE")
    with pytest.raises(exceptions.ForbiddenException, match="Policy"):
        compute.migrate_server(ident)
    admin.compute.migrate_server(ident)
    settled(cloud, ident, "VERIFY_RESIZE")
    moves = admin.compute.migrations(server_id=ident)
    assert {one.status for one in moves} == _ENDS
    compute.delete_server(ident)
    cloud.wait_gone(ident)


def test_pages(cloud: Cloud, member: Connection) -> None:
    name = _unique("page")
    made = {_boot(cloud, member, f"{name}-{i}") for i in range(3)}
    found = [one.id for one in member.compute.servers(name=name, limit=1)]
    assert sorted(found) == sorted(made)
    plain = member.compute.servers(details=False, name=name, limit=2)
    assert {one.id for one in plain} == made
    two = member.compute.servers(name=name, limit=2, paginated=False)
    assert len(list(two)) == 2
    for ident in made:
        member.compute.delete_server(ident)


def test_flavors(admin: Connection, member: Connection) -> None:
    compute = admin.compute
    name = _unique("flavor")
    made = compute.create_flavor(
        name=name, ram=64, vcpus=1, disk=0, is_public=False
    )
    compute.create_flavor_extra_specs(made, {"hw:cpu_policy": "shared"})
    found = compute.find_flavor(name, get_extra_specs=True)
    assert found.extra_specs == {"hw:cpu_policy": "shared"}
    changed = compute.update_flavor_extra_specs_property(
        made, "hw:cpu_policy", "dedicated"
    )
    assert changed == "dedicated"
    compute.delete_flavor_extra_specs_property(made, "hw:cpu_policy")
    assert member.compute.find_flavor(name) is None
    project = member.current_project_id
    compute.flavor_add_tenant_access(made, project)
    assert compute.get_flavor_access(made)[0]["tenant_id"] == project
    assert member.compute.find_flavor(made.id).name == name
    compute.flavor_remove_tenant_access(made, project)
    with pytest.raises(exceptions.ConflictException, match="already exists"):
        compute.create_flavor(name=name, ram=64, vcpus=1, disk=0)
    with pytest.raises(exceptions.ForbiddenException, match="Policy"):
        member.compute.delete_flavor(made)
    compute.delete_flavor(made)
    pages = [one.id for one in compute.flavors(limit=1)]
    assert len(pages) == len(set(pages)) >= 1


def test_keypairs(member: Connection) -> None:
    name = _unique("key")
    made = member.compute.create_keypair(name=name, public_key=_KEY)
    found = member.compute.find_keypair(name)
    assert found.fingerprint == made.fingerprint
    assert name in {one.name for one in member.compute.keypairs()}
    with pytest.raises(exceptions.ConflictException):
        member.compute.create_keypair(name=name, public_key=_KEY)
    member.compute.delete_keypair(name)
    assert member.compute.find_keypair(name) is None


def test_groups(admin: Connection, member: Connection) -> None:
    name = _unique("group")
    old = member.compute.default_microversion in ("2.1", "2.60")
    policy = {"policies": ["affinity"]} if old else {"policy": "affinity"}
    made = member.compute.create_server_group(name=name, **policy)
    assert member.compute.find_server_group(name).id == made.id
    everywhere = admin.compute.server_groups(all_projects=True)
    assert made.id in {one.id for one in everywhere}
    member.compute.delete_server_group(made)

    aggregate = admin.compute.create_aggregate(name=name)
    admin.compute.add_host_to_aggregate(aggregate, "compute-3")
    admin.compute.set_aggregate_metadata(aggregate, {"a": "b"})
    found = admin.compute.find_aggregate(name)
    assert (found.hosts, found.metadata) == (["compute-3"], {"a": "b"})
    changed = admin.compute.update_aggregate(aggregate, name=f"{name}-new")
    assert changed.name == f"{name}-new"
    admin.compute.remove_host_from_aggregate(aggregate, "compute-3")
    admin.compute.delete_aggregate(aggregate)


def test_hosts(admin: Connection, version: str | None) -> None:
    compute = admin.compute
    hosts = {one.host for one in compute.services(binary="nova-compute")}
    assert hosts == {"compute-1", "compute-2", "compute-3"}
    (service,) = compute.services(host="compute-2")
    if version == "2.1":
        compute.disable_service(service, "compute-2", service.binary)
        compute.enable_service(service, "compute-2", service.binary)
    else:
        compute.disable_service(service, disabled_reason="broken")
        (changed,) = compute.services(host="compute-2")
        assert (changed.status, changed.disabled_reason) == (
            "disabled",
            "broken",
        )
        compute.enable_service(service)
        compute.update_service_forced_down(service, forced=True)
        compute.update_service_forced_down(service, forced=False)
    found = compute.find_hypervisor("compute-2", details=True)
    shown = compute.get_hypervisor(found)
    assert (shown.name, shown.state) == ("compute-2", "up")
    assert len(list(compute.hypervisors(details=True))) == 3
    zones = {one.name for one in compute.availability_zones(details=True)}
    assert {"internal", "nova"} <= zones


def test_quotas(admin: Connection, member: Connection) -> None:
    compute = admin.compute
    project = admin.identity.find_project("another").id
    compute.update_quota_set(project, instances=7)
    found = compute.get_quota_set(project, usage=True)
    assert found.instances == 7
    assert found.usage["instances"] == 0
    compute.revert_quota_set(project)
    assert compute.get_quota_set(project).instances == 60
    assert compute.get_quota_set_defaults(project).instances == 60
    assert compute.get_quota_class_set("default").instances == 60
    assert member.compute.get_limits().absolute.instances == 60
    with pytest.raises(exceptions.ForbiddenException):
        member.compute.update_quota_set(project, instances=7)


def test_reports(admin: Connection) -> None:
    project = admin.current_project_id
    usage = admin.compute.get_usage(project)
    assert usage is not None
    assert list(admin.compute.usages()) is not None
    assert list(admin.compute.migrations(host="no-host")) == []
    assert {one.alias for one in admin.compute.extensions()} >= {"os-keypairs"}


def test_cloud_layer(cloud: Cloud, connect: Connect) -> None:
    # From 2.37 on this layer asks for a network, whatever it is told.
    wanted = {"image": "tiny", "flavor": "tiny"}
    refused = "Unable to automatically allocate a network"
    with pytest.raises(exceptions.BadRequestException, match=refused):
        connect("member").create_server("no", auto_ip=False, **wanted)
    member, admin = connect("member", "2.36"), connect("admin")
    name = _unique("layer")
    # With wait=True this layer waits for an address, which none here has.
    server = member.create_server(
        name, **wanted, auto_ip=False, meta={"a": "b"}
    )
    server = member.compute.wait_for_server(server, interval=0.1, wait=60)
    assert server.status == "ACTIVE"
    assert member.get_server(name).id == server.id
    assert member.get_server_by_id(server.id).name == name
    everywhere = admin.list_servers(all_projects=True)
    assert server.id in {one.id for one in everywhere}
    found = member.search_servers(name, filters={"metadata": {"a": "b"}})
    assert [one.id for one in found] == [server.id]
    member.set_server_metadata(name, {"c": "d"})
    member.delete_server_metadata(name, ["a"])
    assert member.update_server(name, name=f"{name}-new").name != name
    assert member.get_server_console(server.id) is not None
    assert member.delete_server(server.id, wait=True, timeout=60) is True
    assert member.delete_server(server.id) is False
    assert member.get_server(server.id) is None


def test_cloud_layer_without_servers(connect: Connect) -> None:
    member, admin = connect("member"), connect("admin")
    key = _unique("key")
    member.create_keypair(key, _KEY)
    assert member.get_keypair(key).name == key
    assert key in {one.name for one in member.list_keypairs()}
    assert member.delete_keypair(key) is True
    flavor = admin.create_flavor(_unique("layer"), 64, 1, 0)
    admin.set_flavor_specs(flavor.id, {"hw:cpu_policy": "shared"})
    admin.unset_flavor_specs(flavor.id, ["hw:cpu_policy"])
    assert member.get_flavor(flavor.id).ram == 64
    assert member.get_flavor_by_ram(1) is not None
    assert admin.delete_flavor(flavor.id) is True
    group = member.create_server_group(_unique("layer"), ["affinity"])
    assert member.get_server_group(group.id).name == group.name
    assert member.delete_server_group(group.id) is True
    aggregate = admin.create_aggregate(_unique("layer"))
    assert admin.get_aggregate(aggregate.name).id == aggregate.id
    assert admin.delete_aggregate(aggregate.id) is True
    assert len(admin.list_hypervisors()) == 3
    assert "nova" in member.list_availability_zone_names()
    admin.set_compute_quotas("another", instances=9)
    assert admin.get_compute_quotas("another").instances == 9
    admin.delete_compute_quotas("another")
    assert member.get_compute_limits().max_total_instances == 60
    assert admin.get_compute_usage("demo") is not None


def test_network_service(connect: Connect) -> None:
    """The network proxy: make, find, page, change, tag, delete."""
    network = connect("member").network
    name = _unique("net")
    made = network.create_network(name=name, description="first")
    assert network.find_network(name).id == made.id
    assert network.find_extension("port-security").alias == "port-security"
    subnet = network.create_subnet(
        network_id=made.id, ip_version=4, cidr="198.51.100.0/24"
    )
    assert network.get_network(made.id).subnet_ids == [subnet.id]
    ports = list(
        network.create_ports(
            [{"network_id": made.id, "name": f"{name}-{n}"} for n in range(5)]
        )
    )
    # Pages of two, by the links of the service.
    found = list(network.ports(network_id=made.id, limit=2))
    assert sorted(one.id for one in found) == sorted(one.id for one in ports)
    found = list(network.ports(network_id=made.id, name=f"{name}-3"))
    assert [one.name for one in found] == [f"{name}-3"]
    port = network.update_port(found[0], description="changed")
    assert port.description == "changed"
    with pytest.raises(exceptions.ConflictException):
        network.delete_network(made.id, ignore_missing=False)
    network.set_tags(made, ["red", "blue"])
    found = list(network.networks(tags="red,blue"))
    assert [one.id for one in found] == [made.id]
    with pytest.raises(exceptions.PreconditionFailedException):
        network.update_network(made.id, if_revision=0, name="second")
    for one in ports:
        network.delete_port(one, ignore_missing=False)
    network.delete_network(made.id, ignore_missing=False)
    assert network.find_network(name) is None
    with pytest.raises(exceptions.NotFoundException):
        network.get_subnet(subnet.id)
