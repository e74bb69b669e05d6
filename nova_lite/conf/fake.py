# SPDX-License-Identifier: Apache-2.0
"""[fake]: the driver that only pretends."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "fake",
    title="Fake hypervisor",
    help="Used when compute_driver is fake.",
)

OPTS = [
    cfg.IntOpt(
        "vcpus",
        default=64,
        min=1,
        help="CPUs that the host claims to have.",
    ),
    cfg.IntOpt(
        "memory_mb",
        default=262144,
        min=1,
        help="Memory, in MiB, that the host claims to have.",
    ),
    cfg.IntOpt(
        "local_gb",
        default=10240,
        min=0,
        help="Disk, in GiB, that the host claims to have.",
    ),
    cfg.FloatOpt(
        "spawn_delay_s",
        default=0.0,
        min=0.0,
        max=600.0,
        help="Seconds that each spawn takes. 0 is as fast as the disk; a "
        "long one leaves time to kill daemons in the middle of a build.",
    ),
    cfg.StrOpt(
        "fail_spawn",
        default="",
        help="Regular expression: the spawn of a server whose name it "
        "matches somewhere fails after half the work. Empty fails none, a "
        "single dot fails all.",
    ),
    cfg.StrOpt(
        "fail_image",
        default="",
        help="Regular expression: the image download of a server whose name "
        "it matches somewhere fails. Empty fails none, a single dot fails "
        "all.",
    ),
    cfg.StrOpt(
        "deaf",
        default="",
        help="Regular expression: a guest whose name it matches somewhere "
        "does not obey its power button, so stop and soft reboot wait until "
        "they cut its power, and does not let an interface go. Empty matches "
        "none, a single dot all.",
    ),
    cfg.StrOpt(
        "no_agent",
        default="",
        help="Regular expression: a guest whose name it matches somewhere "
        "has no agent, so its password cannot be changed. Empty matches "
        "none, a single dot all.",
    ),
    cfg.StrOpt(
        "fail_attach",
        default="",
        help="Regular expression: a server whose name it matches somewhere "
        "cannot be given one more interface. Empty matches none, a single "
        "dot all.",
    ),
    cfg.PortOpt(
        "console_port",
        default=6969,
        help="TCP port of the loopback address that is said to be each "
        "guest's VNC and serial port. Nobody listens there, unless a test "
        "does.",
    ),
    cfg.IntOpt(
        "snapshot_kib",
        default=4,
        min=1,
        max=1048576,
        help="Size, in KiB, of the image that a snapshot makes.",
    ),
    cfg.FloatOpt(
        "snapshot_delay_s",
        default=0.0,
        min=0.0,
        max=600.0,
        help="Seconds that each snapshot takes on the host.",
    ),
    cfg.StrOpt(
        "fail_snapshot",
        default="",
        help="Regular expression: the snapshot of a server whose name it "
        "matches somewhere fails after half the work. Empty fails none, a "
        "single dot fails all.",
    ),
]
