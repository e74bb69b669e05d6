# SPDX-License-Identifier: Apache-2.0
"""Checks of the host: disk, memory, clock, KVM, ports, files."""

from __future__ import annotations

import ctypes
import grp
import os
import re
import socket
import stat
from collections.abc import Sequence
from pathlib import Path

from nova_lite.doctor.finding import Finding, fault, ok, warning
from nova_lite.supervisor import system

_GIB = 1 << 30
_MIB = 1 << 20
_STA_UNSYNC = 0x40
_CLOCK_DAEMONS = ("chronyd", "ntpd", "ntpsec", "systemd-timesyn", "openntpd")


def check_disk(name: str, path: Path) -> Finding:
    """Space and inodes of the file system below a directory."""
    check = f"disk of {name}"
    if not path.is_dir():
        return fault(check, f"{path} is not there", f"mkdir -p {path}")
    found = os.statvfs(path)
    free = found.f_bavail * found.f_frsize
    whole = max(found.f_blocks * found.f_frsize, 1)
    text = f"{path}: {free / _GIB:.1f} of {whole / _GIB:.1f} GiB free"
    fix = f"make room: du -xh -d 2 {path} | sort -h | tail"
    if free < _GIB:
        return fault(check, text, fix)
    if free < whole * 0.1 or free < 5 * _GIB:
        return warning(check, text, fix)
    if found.f_files and found.f_favail < found.f_files * 0.05:
        return warning(
            check,
            f"{path}: {found.f_favail} of {found.f_files} inodes free",
            f"find what holds so many files: du --inodes -x -d 2 {path}",
        )
    return ok(check, text)


def check_memory(meminfo: Path = Path("/proc/meminfo")) -> Finding:
    """Memory that is left for daemons and guests."""
    values = dict(
        re.findall(r"^(\w+): +(\d+) kB", meminfo.read_text(), re.MULTILINE)
    )
    free = int(values["MemAvailable"]) * 1024
    text = f"{free // _MIB} of {int(values['MemTotal']) // 1024} MiB available"
    fix = "see who takes it: ps -eo rss,args --sort=-rss | head"
    if free < 128 * _MIB:
        return fault("memory", text, fix)
    if free < 512 * _MIB:
        return warning("memory", text, fix)
    return ok("memory", text)


def check_kvm(
    virt_type: str,
    device: Path = Path("/dev/kvm"),
    cpuinfo: Path = Path("/proc/cpuinfo"),
) -> list[Finding]:
    """What is between the guests and the processor."""
    flags = set(re.findall(r"\b(vmx|svm|hypervisor)\b", cpuinfo.read_text()))
    usable = device.exists() and bool(flags & {"vmx", "svm"})
    if virt_type != "kvm":
        if not usable:
            return [ok("kvm", "not here, and virt_type=qemu needs none")]
        return [
            warning(
                "kvm",
                "the host has KVM, but guests are emulated",
                "set virt_type = kvm in [libvirt]",
            )
        ]
    if not device.exists():
        fix = "switch virtualization on in the firmware, then: modprobe "
        fix += "kvm_intel (or kvm_amd); or set virt_type = qemu in [libvirt]"
        return [fault("kvm", f"{device} is not there", fix)]
    found = [_kvm_permission(device)]
    if not flags & {"vmx", "svm"}:
        found.append(
            warning(
                "kvm",
                "the processor names neither vmx nor svm: this KVM may not "
                "run every system",
                "set virt_type = qemu in [libvirt] if guests hang at boot",
            )
        )
    if "hypervisor" in flags:
        found.append(
            warning(
                "kvm",
                "this host is a virtual machine itself: nested guests are "
                "slower",
                "nothing to do, unless real hardware is at hand",
            )
        )
    return found


def _kvm_permission(device: Path) -> Finding:
    status = device.stat()
    try:
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    mode = stat.S_IMODE(status.st_mode)
    everybody = mode & 0o006 == 0o006
    if everybody or (group == "kvm" and mode & 0o060 == 0o060):
        return ok("kvm", f"{device} belongs to group {group}, mode {mode:o}")
    return fault(
        "kvm",
        f"{device} belongs to group {group}, mode {mode:o}: QEMU's user "
        "cannot open it, and libvirt probes it again at each call",
        f"chgrp kvm {device}; chmod 660 {device}",
    )


def check_clock_daemon(proc: Path = Path("/proc")) -> Finding:
    """Whether something keeps the clock right."""
    timex = (ctypes.c_char * 512)()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.adjtimex(ctypes.byref(timex))
    # struct timex: modes, then offset, freq, maxerror, esterror, status,
    # each in a word of its own on 64-bit Linux.
    status = ctypes.c_int.from_buffer(timex, 40).value
    running = sorted(
        name.strip()
        for file in proc.glob("[0-9]*/comm")
        if (name := _read(file)).strip() in _CLOCK_DAEMONS
    )
    if not status & _STA_UNSYNC:
        return ok("clock", "the kernel's clock is synchronised")
    if running:
        return ok("clock", f"{running[0]} runs, and has not settled yet")
    return warning(
        "clock",
        "nothing keeps the clock right; daemons on several hosts compare "
        "their times",
        "apt-get install chrony",
    )


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # the process ended


def check_skew(name: str, seconds: float) -> Finding:
    """How far another server's clock is from ours."""
    check = f"clock of {name}"
    text = f"{abs(seconds):.1f} s {'ahead' if seconds > 0 else 'behind'}"
    fix = "set both clocks by the same source, such as chrony"
    if abs(seconds) > 30:
        return fault(check, text, fix)
    if abs(seconds) > 2:
        return warning(check, text, fix)
    return ok(check, "agrees with ours")


def check_port(name: str, address: str, port: int) -> Finding:
    """Whether the API answers at its port, or could listen there."""
    check = f"port of {name}"
    place = f"{address}:{port}"
    if system.port_is_free(port, address):
        return warning(
            check,
            f"{place} is free: {name} does not run",
            f"start {name}, or nova-lite-all",
        )
    if _answers_as_ours(address, port):
        return ok(check, f"{name} answers at {place}")
    return fault(
        check,
        f"another program listens on {place}",
        f"ss -ltnp 'sport = :{port}'; stop it, or set port in [api]",
    )


def _answers_as_ours(address: str, port: int) -> bool:
    wild = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    try:
        with socket.create_connection(
            (wild.get(address, address), port), timeout=2
        ) as sock:
            sock.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            # 503 is ours as well: well or not, it is nova-lite-api.
            return sock.recv(64).split(b" ")[1:2] in ([b"200"], [b"503"])
    except OSError:
        return False


def check_files(paths: Sequence[Path]) -> list[Finding]:
    """Who may read the configuration, which holds passwords."""
    if not paths:
        return [ok("files", "no configuration file is in use")]
    found = []
    for path in paths:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError as error:
            found.append(
                fault(
                    "files",
                    f"{path}: {error.strerror}",
                    "give another --config-file",
                )
            )
            continue
        if mode & 0o006:
            text = f"{path} is open to every user (mode {mode:o})"
            found.append(fault("files", text, f"chmod o-rwx {path}"))
        elif mode & 0o020:
            text = f"{path} can be changed by its group (mode {mode:o})"
            found.append(warning("files", text, f"chmod g-w {path}"))
        else:
            found.append(ok("files", f"{path} has mode {mode:o}"))
    return found
