# SPDX-License-Identifier: Apache-2.0
"""A dnsmasq process: its files, its start, its changes and its end.

It is a daemon of its own, found again by its pid file: neither an end nor a
kill of nova-lite-netd stops it, since leases and names go on being served.
Its tables (hosts, options, names) are read again at SIGHUP; its
configuration only at a start, so the configuration's digest is part of its
file's name and thereby of the process's command line.
"""

from __future__ import annotations

import grp
import hashlib
import os
import pwd
import select
import signal
import stat
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from oslo_log import log

from nova_lite.netd.namespaces import Namespaces

LOG = log.getLogger(__name__)

_START_S = 20
_END_S = 3


class DnsmasqError(Exception):
    """dnsmasq did not start; the text is what it said itself."""


class Dnsmasq:
    """One dnsmasq: of a network's DHCP, or of a router's advertisements."""

    def __init__(
        self, namespaces: Namespaces, namespace: str, directory: Path
    ) -> None:
        self._namespaces = namespaces
        self._namespace = namespace
        self._directory = directory

    @property
    def leases(self) -> Path:
        """Where it keeps its leases."""
        return self._directory / "leases"

    def file(self, name: str) -> Path:
        """Where one of its tables is."""
        return self._directory / name

    def is_running(self) -> bool:
        """Whether it runs, in the namespace as it is now."""
        return self._pid() is not None

    def converge(self, configuration: str, tables: Mapping[str, str]) -> None:
        """Have it run with these; it is started anew only where it must.

        Raises: OSError, DnsmasqError.
        """
        self.prepare()
        for name, text in tables.items():
            self._write(name, text)
        text = f"{self._own_lines}{configuration}"
        conf = self._directory / f"dnsmasq-{_digest(text)}.conf"
        told = self._directory / "told"
        digest = _digest(repr(sorted(tables.items())))
        if str(conf) not in self._command_line():
            self.stop()
            self._start(conf, text)
        elif told.exists() and told.read_bytes() == digest.encode():
            return
        else:
            self._signal(signal.SIGHUP)
        self._write("told", digest)

    def is_as_told(self) -> bool:
        """Whether it runs, or was never to run."""
        return self.is_running() or not any(self._configurations())

    def prepare(self) -> None:
        """Make its directory: the mark that something here is ours."""
        if not self._directory.is_dir():
            self._directory.mkdir(mode=0o700, parents=True)
            os.chown(self._directory, 0, self._account.pw_gid)
            self._directory.chmod(0o710)

    def stop(self) -> None:
        """End it, wherever it runs, and wait until it has ended."""
        self._signal(signal.SIGTERM)
        for path in self._configurations():
            path.unlink()

    def remove(self) -> None:
        """End it, and forget its files, the leases with them."""
        self.stop()
        if self._directory.is_dir():
            for path in self._directory.iterdir():
                path.unlink()
            self._directory.rmdir()

    def _configurations(self) -> list[Path]:
        return list(self._directory.glob("dnsmasq-*.conf"))

    # --- the process ---------------------------------------------------------

    @property
    def _pid_file(self) -> Path:
        return self._directory / "pid"

    def _read_pid(self) -> int | None:
        try:
            pid = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        # A number may have become another process's.
        return pid if self._is_ours(pid) else None

    def _is_ours(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False
        ours = f"--conf-file={self._directory}/".encode()
        return any(one.startswith(ours) for one in words)

    def _end_strays(self) -> None:
        """One whose pid file somebody took away would be in the way."""
        for path in Path("/proc").iterdir():
            if path.name.isdigit() and self._is_ours(int(path.name)):
                self._signal_one(int(path.name), signal.SIGTERM)

    def _pid(self) -> int | None:
        pid = self._read_pid()
        if pid is None:
            return None
        try:
            there = os.stat(f"/proc/{pid}/ns/net").st_ino
            here = self._namespaces.path(self._namespace).stat().st_ino
        except FileNotFoundError:
            return None
        return pid if there == here else None

    def _command_line(self) -> str:
        pid = self._pid()
        if pid is None:
            return ""
        try:
            return Path(f"/proc/{pid}/cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return ""

    def _start(self, conf: Path, text: str) -> None:
        self._end_strays()
        self._write(conf.name, text, secret=True)
        done = self._namespaces.run(
            self._namespace,
            subprocess.run,
            ["dnsmasq", f"--conf-file={conf}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_START_S,
            check=False,
        )
        if done.returncode:
            raise DnsmasqError(
                f"dnsmasq of {self._namespace} did not start: "
                f"{done.stderr.strip()}"
            )
        LOG.info("dnsmasq of %s started", self._namespace)

    def _signal(self, number: signal.Signals) -> None:
        pid = self._read_pid()
        if pid is not None:
            self._signal_one(pid, number)

    def _signal_one(self, pid: int, number: signal.Signals) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            # Only now is the number surely still the process looked at.
            if not self._is_ours(pid):
                return
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, number)
                if number == signal.SIGTERM and not _ended(descriptor):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    _ended(descriptor)
        finally:
            os.close(descriptor)

    # --- its files -----------------------------------------------------------

    @cached_property
    def _account(self) -> pwd.struct_passwd:
        """Whom it becomes after its start; it reads its tables as that one.

        root only where no other could come to the tables.
        """
        for name in ("dnsmasq", "nobody"):
            with suppress(KeyError):
                found = pwd.getpwnam(name)
                if _may_pass(self._directory.parent, found):
                    return found
                LOG.warning(
                    "dnsmasq runs as root: %s cannot come to %s; let "
                    "everybody pass the directories above (chmod o+x)",
                    name,
                    self._directory,
                )
                break
        return pwd.getpwuid(0)

    @property
    def _own_lines(self) -> str:
        account = self._account
        return (
            f"user={account.pw_name}\n"
            f"group={grp.getgrgid(account.pw_gid).gr_name}\n"
            f"pid-file={self._pid_file}\n"
        )

    def _write(self, name: str, text: str, secret: bool = False) -> None:
        """Write a file whole, unless it reads so already."""
        path = self._directory / name
        if path.exists() and path.read_bytes() == text.encode():
            return
        temporary = path.with_name(f"{name}.new")
        temporary.touch(mode=0o600)
        temporary.write_text(text)
        if not secret:
            os.chown(temporary, 0, self._account.pw_gid)
            temporary.chmod(0o640)
        temporary.replace(path)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _ended(descriptor: int) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(_END_S * 1000))


def _may_pass(directory: Path, account: pwd.struct_passwd) -> bool:
    """Whether an account may go through a directory and all above it."""
    for path in (directory, *directory.parents):
        if not path.exists():
            continue
        found = path.stat()
        mine = found.st_uid == account.pw_uid and found.st_mode & stat.S_IXUSR
        group = found.st_gid == account.pw_gid and found.st_mode & stat.S_IXGRP
        if not (mine or group or found.st_mode & stat.S_IXOTH):
            return False
    return True
