# SPDX-License-Identifier: Apache-2.0
"""systemd accepts the units in etc/systemd, and they stay hardened."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

_UNITS = Path(__file__).parents[2] / "etc" / "systemd"
_NAMES = (
    "api",
    "conductor",
    "scheduler",
    "compute",
    "netd",
    "novncproxy",
    "serialproxy",
    "all",
)


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )


def _settings(name: str) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(_UNITS / f"nova-lite-{name}.service")
    return parser["Service"]


def test_there_is_one_unit_for_each_daemon() -> None:
    names = {path.stem for path in _UNITS.glob("*.service")}
    assert names == {f"nova-lite-{name}" for name in _NAMES}


def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    installed = Path(sys.executable).parent
    units = []
    for name in _NAMES:
        text = (_UNITS / f"nova-lite-{name}.service").read_text()
        assert f"ExecStart=/usr/bin/nova-lite-{name} " in text
        # The programs of this environment stand for those of a package.
        text = text.replace("/usr/bin/nova-lite-", f"{installed}/nova-lite-")
        units.append(tmp_path / f"nova-lite-{name}.service")
        units[-1].write_text(text)
    done = _run("systemd-analyze", "verify", "--man=no", *units)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_fault_would_be_seen(tmp_path: Path) -> None:
    unit = tmp_path / "broken.service"
    unit.write_text("[Service]\nExecStart=/bin/true\nProtectSytem=yes\n")
    assert "ProtectSytem" in _run("systemd-analyze", "verify", unit).stdout


@pytest.mark.parametrize("name", _NAMES)
def test_units_are_hardened(name: str) -> None:
    service = _settings(name)
    assert service["Restart"] == "on-failure"
    assert service["NoNewPrivileges"] == "yes"
    # Namespaces that netd makes are mounts, which the host has to see.
    hides_mounts = name != "netd"
    assert (service.get("ProtectSystem") == "strict") is hides_mounts
    unit = _UNITS / f"nova-lite-{name}.service"
    done = _run("systemd-analyze", "security", "--offline=true", unit)
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout
    assert float(found[1]) < (3.5 if hides_mounts else 6)


def _verified(directory: Path, name: str, addition: str) -> Path:
    """A unit and its drop-in, which systemd takes; the drop-in's copy."""
    unit = directory / f"{name}.service"
    copy = directory / f"{name}.service.d" / f"{addition}.conf"
    copy.parent.mkdir()
    copy.write_text((_UNITS / f"{name}-{addition}.conf").read_text())
    text = (_UNITS / unit.name).read_text()
    unit.write_text(
        text.replace("/usr/bin/", f"{Path(sys.executable).parent}/")
    )
    done = _run("systemd-analyze", "verify", "--man=no", unit)
    assert (done.returncode, done.stdout) == (0, "")
    return copy


def test_networks_take_mounts_of_its_own_from_the_stack(
    tmp_path: Path,
) -> None:
    addition = _verified(tmp_path, "nova-lite-all", "networks")
    # Each of these would give it mounts that nobody else sees.
    added = configparser.RawConfigParser(strict=False)
    added.optionxform = str  # type: ignore[assignment,method-assign]
    added.read(addition)
    for key, value in _settings("all").items():
        if key.startswith(("Private", "Protect", "ReadWrite")) and key not in (
            "ProtectClock",
            "ProtectHostname",
            "ProtectProc",
        ):
            assert added["Service"][key] in ("", "no"), (key, value)


def test_hybrid_ports_take_what_makes_devices(tmp_path: Path) -> None:
    addition = _verified(tmp_path, "nova-lite-compute", "hybrid")
    assert "CAP_NET_ADMIN" in addition.read_text()
    assert "CAP_NET_ADMIN" not in _settings("compute")["CapabilityBoundingSet"]


@pytest.mark.parametrize("name", ["api", "conductor", "scheduler"])
def test_the_control_plane_is_not_root(name: str) -> None:
    assert _settings(name)["User"] == "nova-lite"
    assert _settings(name)["CapabilityBoundingSet"] == ""


def test_a_daemon_may_drain_before_it_is_killed() -> None:
    # graceful_shutdown_timeout is 60 s; the whole stack stops in steps.
    assert all(int(_settings(n)["TimeoutStopSec"]) > 60 for n in _NAMES[:4])
    assert int(_settings("all")["TimeoutStopSec"]) > 2 * 65


def test_user_and_directories_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc" / "nova_lite").mkdir(parents=True)
    root = f"--root={tmp_path}"
    done = _run("systemd-sysusers", root, _UNITS / "nova-lite.sysusers.conf")
    assert done.returncode == 0, done.stdout
    assert "nova-lite:" in (tmp_path / "etc" / "passwd").read_text()
    done = _run(
        "systemd-tmpfiles",
        root,
        "--create",
        _UNITS / "nova-lite.tmpfiles.conf",
    )
    assert done.returncode == 0, done.stdout
    state = tmp_path / "var" / "lib" / "nova-lite"
    assert state.stat().st_mode & 0o777 == 0o755
    assert (state / "instances").is_dir()
    assert (tmp_path / "etc/nova_lite").stat().st_mode & 0o777 == 0o750
