# SPDX-License-Identifier: Apache-2.0
"""The URLs of the compute API: path -> verb -> controller and method.

A verb with several rows has another method for other microversions; the
version says which one exists. Actions (POST .../action) stand in
``server_actions``. A new resource is rows here.
"""

from __future__ import annotations

from collections.abc import Sequence

from nova_lite.api.openstack.compute import gone, proxies
from nova_lite.api.openstack.compute.aggregates import AggregatesController
from nova_lite.api.openstack.compute.attach_interfaces import (
    InterfaceAttachmentController,
)
from nova_lite.api.openstack.compute.availability_zone import (
    AvailabilityZoneController,
)
from nova_lite.api.openstack.compute.console_auth_tokens import (
    ConsoleAuthTokensController,
)
from nova_lite.api.openstack.compute.extensions import ExtensionsController
from nova_lite.api.openstack.compute.flavors import (
    FlavorAccessController,
    FlavorExtraSpecsController,
    FlavorsController,
)
from nova_lite.api.openstack.compute.floating_ips import (
    FloatingIPPoolsController,
    FloatingIPsController,
)
from nova_lite.api.openstack.compute.hosts import HostsController
from nova_lite.api.openstack.compute.hypervisors import HypervisorsController
from nova_lite.api.openstack.compute.images import (
    ImageMetadataController,
    ImagesController,
)
from nova_lite.api.openstack.compute.instance_actions import (
    InstanceActionsController,
)
from nova_lite.api.openstack.compute.instance_usage_audit_log import (
    InstanceUsageAuditLogController,
)
from nova_lite.api.openstack.compute.ips import IPsController
from nova_lite.api.openstack.compute.keypairs import KeypairsController
from nova_lite.api.openstack.compute.limits import LimitsController
from nova_lite.api.openstack.compute.migrations import (
    MigrationsController,
)
from nova_lite.api.openstack.compute.networks import (
    NetworksController,
    TenantNetworksController,
)
from nova_lite.api.openstack.compute.quota_classes import (
    QuotaClassSetsController,
)
from nova_lite.api.openstack.compute.quota_sets import QuotaSetsController
from nova_lite.api.openstack.compute.remote_consoles import (
    RemoteConsolesController,
)
from nova_lite.api.openstack.compute.security_group_rules import (
    SecurityGroupRulesController,
)
from nova_lite.api.openstack.compute.security_groups import (
    SecurityGroupsController,
)
from nova_lite.api.openstack.compute.server_diagnostics import (
    ServerDiagnosticsController,
)
from nova_lite.api.openstack.compute.server_events import (
    ServerEventsController,
)
from nova_lite.api.openstack.compute.server_external_events import (
    ServerExternalEventsController,
)
from nova_lite.api.openstack.compute.server_groups import (
    ServerGroupsController,
)
from nova_lite.api.openstack.compute.server_metadata import (
    ServerMetadataController,
)
from nova_lite.api.openstack.compute.server_migrations import (
    ServerMigrationsController,
)
from nova_lite.api.openstack.compute.server_password import (
    ServerPasswordController,
)
from nova_lite.api.openstack.compute.server_security_groups import (
    ServerSecurityGroupsController,
)
from nova_lite.api.openstack.compute.server_tags import ServerTagsController
from nova_lite.api.openstack.compute.server_topology import (
    ServerTopologyController,
)
from nova_lite.api.openstack.compute.servers import ServersController
from nova_lite.api.openstack.compute.services import ServicesController
from nova_lite.api.openstack.compute.simple_tenant_usage import (
    SimpleTenantUsageController,
)
from nova_lite.api.openstack.compute.versions import VersionsController
from nova_lite.api.openstack.wsgi import Endpoint, Table

_PRESENT: Table = {
    "/servers": {
        "GET": [(ServersController, "index")],
        "POST": [(ServersController, "create")],
    },
    "/servers/detail": {"GET": [(ServersController, "detail")]},
    # Before the servers: no id of one is "events".
    "/servers/events": {"GET": [(ServerEventsController, "stream")]},
    "/servers/{server_id}": {
        "GET": [(ServersController, "show")],
        "PUT": [(ServersController, "update")],
        "DELETE": [(ServersController, "delete")],
    },
    "/servers/{server_id}/metadata": {
        "GET": [(ServerMetadataController, "index")],
        "POST": [(ServerMetadataController, "create")],
        "PUT": [(ServerMetadataController, "update_all")],
    },
    "/servers/{server_id}/metadata/{key}": {
        "GET": [(ServerMetadataController, "show")],
        "PUT": [(ServerMetadataController, "update")],
        "DELETE": [(ServerMetadataController, "delete")],
    },
    "/servers/{server_id}/tags": {
        "GET": [(ServerTagsController, "index")],
        "PUT": [(ServerTagsController, "update_all")],
        "DELETE": [(ServerTagsController, "delete_all")],
    },
    "/servers/{server_id}/tags/{tag}": {
        "GET": [(ServerTagsController, "show")],
        "PUT": [(ServerTagsController, "update")],
        "DELETE": [(ServerTagsController, "delete")],
    },
    "/servers/{server_id}/os-server-password": {
        "GET": [(ServerPasswordController, "show")],
        "DELETE": [(ServerPasswordController, "clear")],
    },
    "/servers/{server_id}/ips": {"GET": [(IPsController, "index")]},
    "/servers/{server_id}/ips/{network_label}": {
        "GET": [(IPsController, "show")],
    },
    "/servers/{server_id}/os-interface": {
        "GET": [(InterfaceAttachmentController, "index")],
        "POST": [(InterfaceAttachmentController, "create")],
    },
    "/servers/{server_id}/os-interface/{port_id}": {
        "GET": [(InterfaceAttachmentController, "show")],
        "DELETE": [(InterfaceAttachmentController, "delete")],
    },
    "/servers/{server_id}/os-security-groups": {
        "GET": [(ServerSecurityGroupsController, "index")],
    },
    "/servers/{server_id}/os-instance-actions": {
        "GET": [(InstanceActionsController, "index")],
    },
    "/servers/{server_id}/os-instance-actions/{request_id}": {
        "GET": [(InstanceActionsController, "show")],
    },
    "/flavors": {
        "GET": [(FlavorsController, "index")],
        "POST": [(FlavorsController, "create")],
    },
    "/flavors/detail": {"GET": [(FlavorsController, "detail")]},
    "/flavors/{flavor_id}": {
        "GET": [(FlavorsController, "show")],
        "PUT": [(FlavorsController, "update")],
        "DELETE": [(FlavorsController, "delete")],
    },
    "/flavors/{flavor_id}/os-extra_specs": {
        "GET": [(FlavorExtraSpecsController, "index")],
        "POST": [(FlavorExtraSpecsController, "create")],
    },
    "/flavors/{flavor_id}/os-extra_specs/{key}": {
        "GET": [(FlavorExtraSpecsController, "show")],
        "PUT": [(FlavorExtraSpecsController, "update")],
        "DELETE": [(FlavorExtraSpecsController, "delete")],
    },
    "/flavors/{flavor_id}/os-flavor-access": {
        "GET": [(FlavorAccessController, "index")],
    },
    "/os-keypairs": {
        "GET": [(KeypairsController, "index")],
        "POST": [(KeypairsController, "create")],
    },
    "/os-keypairs/{name}": {
        "GET": [(KeypairsController, "show")],
        "DELETE": [(KeypairsController, "delete")],
    },
    "/os-server-groups": {
        "GET": [(ServerGroupsController, "index")],
        "POST": [(ServerGroupsController, "create")],
    },
    "/os-server-groups/{group_id}": {
        "GET": [(ServerGroupsController, "show")],
        "DELETE": [(ServerGroupsController, "delete")],
    },
    "/os-services": {"GET": [(ServicesController, "index")]},
    "/os-services/{service_id}": {
        "PUT": [
            (ServicesController, "update_named"),
            (ServicesController, "update"),
        ],
        "DELETE": [
            (ServicesController, "delete_numbered"),
            (ServicesController, "delete"),
        ],
    },
    "/os-hypervisors": {"GET": [(HypervisorsController, "index")]},
    "/os-hypervisors/detail": {"GET": [(HypervisorsController, "detail")]},
    "/os-hypervisors/statistics": {
        "GET": [(HypervisorsController, "statistics")],
    },
    "/os-hypervisors/{hypervisor_id}": {
        "GET": [(HypervisorsController, "show")],
    },
    "/os-hypervisors/{hypervisor_id}/uptime": {
        "GET": [(HypervisorsController, "uptime")],
    },
    "/os-hypervisors/{hypervisor_id}/search": {
        "GET": [(HypervisorsController, "search")],
    },
    "/os-hypervisors/{hypervisor_id}/servers": {
        "GET": [(HypervisorsController, "servers")],
    },
    "/os-aggregates": {
        "GET": [(AggregatesController, "index")],
        "POST": [(AggregatesController, "create")],
    },
    "/os-aggregates/{aggregate_id}": {
        "GET": [(AggregatesController, "show")],
        "PUT": [(AggregatesController, "update")],
        "DELETE": [(AggregatesController, "delete")],
    },
    "/os-aggregates/{aggregate_id}/images": {
        "POST": [(AggregatesController, "images")],
    },
    "/os-hosts": {"GET": [(HostsController, "index")]},
    "/os-hosts/{host_name}": {
        "GET": [(HostsController, "show")],
        "PUT": [(HostsController, "update")],
    },
    "/os-hosts/{host_name}/startup": {"GET": [(HostsController, "startup")]},
    "/os-hosts/{host_name}/shutdown": {
        "GET": [(HostsController, "shutdown")],
    },
    "/os-hosts/{host_name}/reboot": {"GET": [(HostsController, "reboot")]},
    "/os-availability-zone": {
        "GET": [(AvailabilityZoneController, "index")],
    },
    "/os-availability-zone/detail": {
        "GET": [(AvailabilityZoneController, "detail")],
    },
    "/extensions": {"GET": [(ExtensionsController, "index")]},
    "/extensions/{alias}": {"GET": [(ExtensionsController, "show")]},
    "/limits": {"GET": [(LimitsController, "index")]},
    "/versions/{version_id}": {"GET": [(VersionsController, "show")]},
    "/os-quota-sets/{project_id}": {
        "GET": [(QuotaSetsController, "show")],
        "PUT": [(QuotaSetsController, "update")],
        "DELETE": [(QuotaSetsController, "delete")],
    },
    "/os-quota-sets/{project_id}/detail": {
        "GET": [(QuotaSetsController, "detail")],
    },
    "/os-quota-sets/{project_id}/defaults": {
        "GET": [(QuotaSetsController, "defaults")],
    },
    "/os-quota-class-sets/{name}": {
        "GET": [(QuotaClassSetsController, "show")],
        "PUT": [(QuotaClassSetsController, "update")],
    },
    "/os-simple-tenant-usage": {
        "GET": [(SimpleTenantUsageController, "index")],
    },
    "/os-simple-tenant-usage/{project_id}": {
        "GET": [(SimpleTenantUsageController, "show")],
    },
    "/os-migrations": {"GET": [(MigrationsController, "index")]},
    "/servers/{server_id}/migrations": {
        "GET": [(ServerMigrationsController, "index")],
    },
    "/servers/{server_id}/migrations/{migration_id}": {
        "GET": [(ServerMigrationsController, "show")],
        "DELETE": [(ServerMigrationsController, "delete")],
    },
    "/os-instance_usage_audit_log": {
        "GET": [(InstanceUsageAuditLogController, "index")],
    },
    "/os-instance_usage_audit_log/{before}": {
        "GET": [(InstanceUsageAuditLogController, "show")],
    },
    "/servers/{server_id}/diagnostics": {
        "GET": [(ServerDiagnosticsController, "index")],
    },
    "/servers/{server_id}/remote-consoles": {
        "POST": [(RemoteConsolesController, "create")],
    },
    "/os-console-auth-tokens/{console_token}": {
        "GET": [
            (ConsoleAuthTokensController, "show_rdp"),
            (ConsoleAuthTokensController, "show"),
        ],
    },
    "/servers/{server_id}/topology": {
        "GET": [(ServerTopologyController, "index")],
    },
    "/os-server-external-events": {
        "POST": [(ServerExternalEventsController, "create")],
    },
}

# What later versions no longer have.
_PAST: Table = {
    "/images": {"GET": [(ImagesController, "index")]},
    "/images/detail": {"GET": [(ImagesController, "detail")]},
    "/images/{image_id}": {
        "GET": [(ImagesController, "show")],
        "DELETE": [(ImagesController, "delete")],
    },
    "/images/{image_id}/metadata": {
        "GET": [(ImageMetadataController, "index")],
        "POST": [(ImageMetadataController, "create")],
        "PUT": [(ImageMetadataController, "update_all")],
    },
    "/images/{image_id}/metadata/{key}": {
        "GET": [(ImageMetadataController, "show")],
        "PUT": [(ImageMetadataController, "update")],
        "DELETE": [(ImageMetadataController, "delete")],
    },
    "/os-networks": {"GET": [(NetworksController, "index")]},
    "/os-networks/{id}": {"GET": [(NetworksController, "show")]},
    "/os-tenant-networks": {"GET": [(TenantNetworksController, "index")]},
    "/os-tenant-networks/{id}": {
        "GET": [(TenantNetworksController, "show")],
    },
    "/os-security-groups": {
        "GET": [(SecurityGroupsController, "index")],
        "POST": [(SecurityGroupsController, "create")],
    },
    "/os-security-groups/{id}": {
        "GET": [(SecurityGroupsController, "show")],
        "PUT": [(SecurityGroupsController, "update")],
        "DELETE": [(SecurityGroupsController, "delete")],
    },
    "/os-security-group-rules": {
        "POST": [(SecurityGroupRulesController, "create")],
    },
    "/os-security-group-rules/{id}": {
        "DELETE": [(SecurityGroupRulesController, "delete")],
    },
    "/os-floating-ips": {
        "GET": [(FloatingIPsController, "index")],
        "POST": [(FloatingIPsController, "create")],
    },
    "/os-floating-ips/{id}": {
        "GET": [(FloatingIPsController, "show")],
        "DELETE": [(FloatingIPsController, "delete")],
    },
    "/os-floating-ip-pools": {"GET": [(FloatingIPPoolsController, "index")]},
    # The same as the servers, from the days when volumes were an extension.
    **{
        path.replace("/servers", "/os-volumes_boot"): _PRESENT[path]
        for path in ("/servers", "/servers/detail", "/servers/{server_id}")
    },
}


def _merged(*tables: Table) -> Table:
    """One table; a path may have verbs in several.

    The first path that fits is taken: a word stands before a parameter.
    """
    merged: dict[str, dict[str, Sequence[Endpoint]]] = {}
    for table in tables:
        for path, verbs in table.items():
            merged.setdefault(path, {}).update(verbs)
    return {
        path: merged[path]
        for path in sorted(merged, key=lambda path: path.replace("{", "~"))
    }


ROUTES: Table = _merged(_PRESENT, _PAST, proxies.ROUTES, gone.ROUTES)
