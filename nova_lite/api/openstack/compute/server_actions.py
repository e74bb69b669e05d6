# SPDX-License-Identifier: Apache-2.0
"""The action endpoints: which body key calls which method.

A new action is a row here; from and to which version it exists stands with
its method (``wsgi.operation``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nova_lite.api.openstack.compute import gone, proxies
from nova_lite.api.openstack.compute.admin_actions import (
    AdminActionsController,
)
from nova_lite.api.openstack.compute.admin_password import (
    AdminPasswordController,
)
from nova_lite.api.openstack.compute.aggregates import AggregatesController
from nova_lite.api.openstack.compute.console_output import (
    ConsoleOutputController,
)
from nova_lite.api.openstack.compute.create_image import (
    CreateImageController,
)
from nova_lite.api.openstack.compute.deferred_delete import (
    DeferredDeleteController,
)
from nova_lite.api.openstack.compute.flavors import FlavorAccessController
from nova_lite.api.openstack.compute.lock_server import LockServerController
from nova_lite.api.openstack.compute.multinic import MultinicController
from nova_lite.api.openstack.compute.pause_server import PauseServerController
from nova_lite.api.openstack.compute.remote_consoles import (
    RemoteConsolesController,
)
from nova_lite.api.openstack.compute.rescue import RescueController
from nova_lite.api.openstack.compute.server_floating_ips import (
    ServerFloatingIPsController,
)
from nova_lite.api.openstack.compute.server_migrations import (
    ServerMigrationsController,
)
from nova_lite.api.openstack.compute.server_power import ServerPowerController
from nova_lite.api.openstack.compute.server_rebuild import (
    ServerRebuildController,
)
from nova_lite.api.openstack.compute.server_resize import (
    ServerResizeController,
)
from nova_lite.api.openstack.compute.server_security_groups import (
    SecurityGroupActionsController,
)
from nova_lite.api.openstack.compute.shelve import ShelveController
from nova_lite.api.openstack.compute.suspend_server import (
    SuspendServerController,
)
from nova_lite.api.openstack.wsgi import Action

SERVER_ACTIONS: Sequence[Action] = (
    Action(
        "os-getConsoleOutput",
        (ConsoleOutputController, "get_console_output"),
    ),
    Action("os-getVNCConsole", (RemoteConsolesController, "get_vnc_console")),
    Action(
        "os-getSPICEConsole", (RemoteConsolesController, "get_spice_console")
    ),
    Action(
        "os-getSerialConsole",
        (RemoteConsolesController, "get_serial_console"),
    ),
    Action("shelve", (ShelveController, "shelve")),
    Action("shelveOffload", (ShelveController, "offload")),
    Action("unshelve", (ShelveController, "unshelve")),
    Action("pause", (PauseServerController, "pause")),
    Action("unpause", (PauseServerController, "unpause")),
    Action("suspend", (SuspendServerController, "suspend")),
    Action("resume", (SuspendServerController, "resume")),
    Action("lock", (LockServerController, "lock")),
    Action("unlock", (LockServerController, "unlock")),
    Action("changePassword", (AdminPasswordController, "change_password")),
    Action("os-resetState", (AdminActionsController, "reset_state")),
    Action(
        "injectNetworkInfo", (AdminActionsController, "inject_network_info")
    ),
    Action("os-start", (ServerPowerController, "start")),
    Action("os-stop", (ServerPowerController, "stop")),
    Action("reboot", (ServerPowerController, "reboot")),
    Action(
        "trigger_crash_dump", (ServerPowerController, "trigger_crash_dump")
    ),
    Action("createImage", (CreateImageController, "image")),
    Action("createImage", (CreateImageController, "image_id")),
    Action("createBackup", (CreateImageController, "backup")),
    Action("createBackup", (CreateImageController, "backup_id")),
    Action("rebuild", (ServerRebuildController, "rebuild")),
    Action("rescue", (RescueController, "rescue")),
    Action("unrescue", (RescueController, "unrescue")),
    Action("restore", (DeferredDeleteController, "restore")),
    Action("forceDelete", (DeferredDeleteController, "force_delete")),
    Action("resize", (ServerResizeController, "resize")),
    Action("confirmResize", (ServerResizeController, "confirm")),
    Action("revertResize", (ServerResizeController, "revert")),
    Action("migrate", (ServerResizeController, "migrate")),
    Action("addSecurityGroup", (SecurityGroupActionsController, "add")),
    Action("removeSecurityGroup", (SecurityGroupActionsController, "remove")),
    Action("addFixedIp", (MultinicController, "add")),
    Action("removeFixedIp", (MultinicController, "remove")),
    Action("addFloatingIp", (ServerFloatingIPsController, "add")),
    Action("removeFloatingIp", (ServerFloatingIPsController, "remove")),
    *gone.SERVER_ACTIONS,
)

FLAVOR_ACTIONS: Sequence[Action] = (
    Action("addTenantAccess", (FlavorAccessController, "add")),
    Action("removeTenantAccess", (FlavorAccessController, "remove")),
)

MIGRATION_ACTIONS: Sequence[Action] = (
    Action("force_complete", (ServerMigrationsController, "force_complete")),
)

AGGREGATE_ACTIONS: Sequence[Action] = (
    Action("add_host", (AggregatesController, "add_host")),
    Action("remove_host", (AggregatesController, "remove_host")),
    Action("set_metadata", (AggregatesController, "set_metadata")),
)

ACTIONS: Mapping[str, Sequence[Action]] = {
    "/servers/{server_id}/action": SERVER_ACTIONS,
    "/os-volumes_boot/{server_id}/action": SERVER_ACTIONS,
    "/flavors/{flavor_id}/action": FLAVOR_ACTIONS,
    "/os-aggregates/{aggregate_id}/action": AGGREGATE_ACTIONS,
    "/servers/{server_id}/migrations/{migration_id}/action": MIGRATION_ACTIONS,
    **proxies.ACTIONS,
    **gone.ACTIONS,
}
