# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: which hypervisor, and where guests keep their disks."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.StrOpt(
        "compute_driver",
        default="libvirt",
        help="Hypervisor driver of nova-lite-compute, by its entry point "
        "name in nova_lite.virt: libvirt, or fake, which only pretends and "
        "is for tests and for trying out many hosts.",
    ),
    cfg.StrOpt(
        "instances_path",
        default="$state_path/instances",
        help="Directory of the guests' disks and console logs and of the "
        "image cache (_base). Its file system is what the host offers as "
        "local disk. QEMU's user must be able to enter it.",
    ),
    cfg.BoolOpt(
        "resume_guests_state_on_host_boot",
        default=False,
        help="Start the guests of ACTIVE servers when nova-lite-compute "
        "finds that its host was rebooted. Otherwise such servers become "
        "SHUTOFF.",
    ),
    cfg.IntOpt(
        "shutdown_timeout",
        default=60,
        min=0,
        max=3600,
        help="Seconds that a guest has to shut down by itself when it is "
        "stopped; then its power is cut. An image's os_shutdown_timeout goes "
        "before it. 0 cuts at once.",
    ),
]
