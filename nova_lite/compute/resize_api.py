# SPDX-License-Identifier: Apache-2.0
"""What the API may do with servers' sizes: resize, migrate, and their ends.

Part of compute.API, in the API process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_lite.compute import begin, resize, transitions
from nova_lite.compute.acting import Acting, host_of
from nova_lite.context import RequestContext


class ResizeAPI(Acting):
    """Resizes and cold migrations, to be confirmed or reverted."""

    def resize(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        flavor_ref: str,
        disk_config: str | None = None,
    ) -> None:
        """Give a server another flavor, to be confirmed or reverted.

        ``disk_config``: AUTO or MANUAL; None leaves it as it is. Raises:
        AutoDiskConfigDisabledByImage, Invalid, CannotResizeToSameFlavor,
        CannotResizeDisk, FlavorTooSmall, OverQuota.
        """
        begin.check(context, row, transitions.RESIZE)
        host_of(row)
        new = resize.new_flavor(context, row, flavor_ref)
        flavors = {"old_flavor": resize.with_id(row), "new_flavor": new}
        self._act(
            context,
            row,
            transitions.RESIZE,
            flavors,
            resize.disk_config(row, disk_config),
            resize.reserve(row, new),
        )

    def migrate(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        host: str | None = None,
    ) -> None:
        """Move a server with its disks while it is off.

        Raises: Invalid, CannotMigrateToSameHost.
        """
        begin.check(context, row, transitions.MIGRATE)
        host_of(row)
        if host is not None:
            resize.check_host(row, host)
        flavor = resize.with_id(row)
        self._act(
            context,
            row,
            transitions.MIGRATE,
            {"old_flavor": flavor, "new_flavor": flavor, "host": host},
        )

    def confirm_resize(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Let a resized server's earlier disks go.

        Raises: InstanceNotResized.
        """
        wanted = transitions.CONFIRM_RESIZE
        begin.check(context, row, wanted)
        more = resize.ending(row, "confirming")
        self._act(context, row, wanted, **more)

    def revert_resize(
        self, context: RequestContext, row: Mapping[str, Any]
    ) -> None:
        """Let a resized server be what it was.

        Raises: InstanceNotResized, OverQuota.
        """
        wanted = transitions.REVERT_RESIZE
        begin.check(context, row, wanted)
        more = resize.ending(row, "reverting")
        self._act(context, row, wanted, **more)
