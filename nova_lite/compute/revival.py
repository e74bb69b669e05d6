# SPDX-License-Identifier: Apache-2.0
"""Guests that ran when their host went down run again when it is back.

With [DEFAULT] resume_guests_state_on_host_boot. Called when a compute
starts, before power states are compared: without the option, that makes
SHUTOFF of such servers. Which boot the guests were last seen in is kept
beside their disks.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from oslo_log import log as logging

from nova_lite.compute import vm_states
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.objects.instance import Instance
from nova_lite.virt.driver import ComputeDriver, is_running

LOG = logging.getLogger(__name__)

_NAME = "boot_id"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# Runs a hard reboot that the journal has: context, action, instance.
Reboot = Callable[[RequestContext, int, str], None]


class Revival:
    """Looks once, at the start of the daemon."""

    def __init__(
        self,
        host: str,
        driver: ComputeDriver,
        directory: str,
        resumes: bool,
    ) -> None:
        """``directory`` is that of the guests; ``resumes``: the option."""
        self._host = host
        self._driver = driver
        self._mark = Path(directory) / _NAME
        self._resumes = resumes

    def look(self, context: RequestContext, reboot: Reboot) -> None:
        """Start what ran in the boot before. Raises: HypervisorUnavailable."""
        present = _BOOT_ID.read_text().strip()
        try:
            seen = self._mark.read_text().strip()
        except FileNotFoundError:
            seen = present
        if seen != present and self._resumes:
            self._revive(context, reboot)
        self._write(present)

    def _revive(self, context: RequestContext, reboot: Reboot) -> None:
        running = {
            guest.uuid
            for guest in self._driver.list_guests()
            if is_running(guest.state)
        }
        lost = [
            row["uuid"]
            for row in Instance.list_on_host(context, self._host)
            if row["vm_state"] == vm_states.ACTIVE
            and row["task_state"] is None
            and row["uuid"] not in running
        ]
        if not lost:
            return
        LOG.warning("The host was rebooted: starting %d guests", len(lost))
        own = get_admin_context()
        for one in Instance.begin_revivals(own, self._host, lost):
            reboot(own, one["id"], one["instance_uuid"])

    def _write(self, boot_id: str) -> None:
        draft = self._mark.with_suffix(".tmp")
        draft.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(boot_id + "\n")
        os.replace(draft, self._mark)
