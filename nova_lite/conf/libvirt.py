# SPDX-License-Identifier: Apache-2.0
"""[libvirt]: QEMU and KVM guests by libvirt."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "libvirt",
    title="Libvirt",
    help="Used when compute_driver is libvirt.",
)

OPTS = [
    cfg.StrOpt(
        "virt_type",
        default="kvm",
        choices=["kvm", "qemu"],
        help="kvm runs guests on the processor and needs /dev/kvm; qemu "
        "emulates it, works everywhere and is about ten times slower.",
    ),
    cfg.StrOpt(
        "connection_uri",
        default="qemu:///system",
        help="Where libvirtd listens. It must be on this host: disks are "
        "made as local files.",
    ),
    cfg.StrOpt(
        "images_type",
        default="qcow2",
        choices=["qcow2", "raw"],
        help="Format of guest disks. qcow2: an overlay on the cached image, "
        "made in milliseconds. raw: a full copy, slower to make and a "
        "little faster to use.",
    ),
    cfg.StrOpt(
        "cpu_mode",
        choices=["none", "host-model", "host-passthrough", "custom"],
        help="Processor that guests see: the emulator's default (none), a "
        "named model near the host's (host-model), the host's own "
        "(host-passthrough) or cpu_model (custom). Unset means host-model "
        "with kvm and none with qemu.",
    ),
    cfg.StrOpt(
        "cpu_model",
        help="Model name that libvirt knows, for cpu_mode = custom; "
        "`virsh cpu-models x86_64` lists them.",
    ),
    cfg.ListOpt(
        "cpu_model_extra_flags",
        default=[],
        help="Processor features to require (name or +name) or to hide "
        "(-name), for every cpu_mode but none.",
    ),
    cfg.StrOpt(
        "hw_machine_type",
        default="pc",
        help="Machine type of guests whose image has no hw_machine_type.",
    ),
    cfg.StrOpt(
        "disk_cachemode",
        default="none",
        choices=["none", "writeback", "writethrough", "directsync", "unsafe"],
        help="How the host caches writes to guest disks. none bypasses the "
        "host's page cache; unsafe is fast and loses data when the host "
        "loses power.",
    ),
    cfg.IntOpt(
        "launch_timeout_s",
        default=60,
        min=1,
        max=3600,
        help="Seconds after which a guest that libvirt started but did not "
        "report as running counts as failed.",
    ),
    cfg.IntOpt(
        "wait_soft_reboot_seconds",
        default=120,
        min=0,
        max=3600,
        help="Seconds that a guest has to shut down by itself at a soft "
        "reboot; then it is rebooted hard. 0 makes every reboot a hard one.",
    ),
    cfg.StrOpt(
        "snapshot_image_format",
        choices=["raw", "qcow2", "vmdk", "vdi"],
        help="Format of the images that are made of servers. Unset means "
        "that of the server's own disk.",
    ),
    cfg.IntOpt(
        "num_pcie_ports",
        default=16,
        min=0,
        max=28,
        help="PCIe ports of guests of the machine type q35: its own devices "
        "take about eight, the rest are free for what is plugged in later. "
        "0 leaves none free. Guests of the type pc need none.",
    ),
    cfg.IntOpt(
        "device_detach_attempts",
        default=8,
        min=1,
        help="Times that a running guest is asked to let a device go before "
        "the detach fails.",
    ),
    cfg.IntOpt(
        "device_detach_timeout",
        default=20,
        min=1,
        help="Seconds that a running guest has to let a device go before it "
        "is asked again.",
    ),
]
