# SPDX-License-Identifier: Apache-2.0
"""Each check of the doctor, on a good and on a bad host."""

from __future__ import annotations

import grp
import os
import socket
from pathlib import Path

import pytest

from nova_lite.doctor import host, services
from nova_lite.doctor.finding import Level
from nova_lite.supervisor import system
from nova_lite.supervisor.rabbitmq import RabbitNode


@pytest.mark.parametrize(
    ("mode", "level"),
    [
        (0o600, Level.OK),
        (0o640, Level.OK),
        (0o660, Level.WARNING),
        (0o644, Level.FAULT),
        (0o602, Level.FAULT),
    ],
)
def test_configuration_is_not_for_everybody(
    tmp_path: Path, mode: int, level: Level
) -> None:
    file = tmp_path / "nova_lite.conf"
    file.write_text("")
    file.chmod(mode)
    (finding,) = host.check_files([file])
    assert finding.level == level
    assert bool(finding.fix) == (level > Level.OK)


def test_a_configuration_file_that_is_missing(tmp_path: Path) -> None:
    (finding,) = host.check_files([tmp_path / "gone.conf"])
    assert finding.level == Level.FAULT


def test_a_missing_directory_is_a_fault(tmp_path: Path) -> None:
    finding = host.check_disk("state_path", tmp_path / "gone")
    assert finding.level == Level.FAULT
    assert finding.fix.startswith("mkdir")


def test_disk_tells_what_is_free(tmp_path: Path) -> None:
    assert "GiB free" in host.check_disk("x", tmp_path).text


@pytest.mark.parametrize(
    ("free_mib", "level"),
    [(64, Level.FAULT), (300, Level.WARNING), (4000, Level.OK)],
)
def test_memory(tmp_path: Path, free_mib: int, level: Level) -> None:
    file = tmp_path / "meminfo"
    file.write_text(
        f"MemTotal:       8000000 kB\nMemAvailable:   {free_mib * 1024} kB\n"
    )
    assert host.check_memory(file).level == level


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(0.4, Level.OK), (-3.0, Level.WARNING), (120.0, Level.FAULT)],
)
def test_clock_skew(seconds: float, level: Level) -> None:
    assert host.check_skew("the database", seconds).level == level


def test_clock_daemon_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "comm").write_text("chronyd\n")
    assert host.check_clock_daemon(tmp_path).level == Level.OK


class TestKvm:
    """The device, its group, and what the processor says."""

    @pytest.fixture
    def device(self, tmp_path: Path) -> Path:
        file = tmp_path / "kvm"
        file.write_text("")
        file.chmod(0o660)
        os.chown(file, -1, grp.getgrnam("kvm").gr_gid)
        return file

    @pytest.fixture
    def cpuinfo(self, tmp_path: Path) -> Path:
        file = tmp_path / "cpuinfo"
        file.write_text("flags : fpu vmx sse\n")
        return file

    def _levels(self, *args: object) -> list[Level]:
        return [f.level for f in host.check_kvm(*args)]  # type: ignore[arg-type]

    def test_good(self, device: Path, cpuinfo: Path) -> None:
        assert self._levels("kvm", device, cpuinfo) == [Level.OK]

    def test_wrong_group(self, device: Path, cpuinfo: Path) -> None:
        os.chown(device, -1, 0)
        (finding,) = host.check_kvm("kvm", device, cpuinfo)
        assert finding.level == Level.FAULT
        assert finding.fix == f"chgrp kvm {device}; chmod 660 {device}"

    def test_missing(self, tmp_path: Path, cpuinfo: Path) -> None:
        gone = tmp_path / "gone"
        assert self._levels("kvm", gone, cpuinfo) == [Level.FAULT]
        assert self._levels("qemu", gone, cpuinfo) == [Level.OK]

    def test_nested_and_unsure(self, device: Path, cpuinfo: Path) -> None:
        cpuinfo.write_text("flags : fpu hypervisor\n")
        assert self._levels("kvm", device, cpuinfo) == [
            Level.OK,
            Level.WARNING,
            Level.WARNING,
        ]

    def test_not_used(self, device: Path, cpuinfo: Path) -> None:
        assert self._levels("qemu", device, cpuinfo) == [Level.WARNING]


def test_a_port_that_another_program_has() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        other.settimeout(0.1)
        other.close()
        assert host.check_port("api", "127.0.0.1", port).level == Level.WARNING
    with socket.create_server(("127.0.0.1", 0), backlog=1) as other:
        port = other.getsockname()[1]
        finding = host.check_port("api", "127.0.0.1", port)
    assert finding.level == Level.FAULT
    assert f"sport = :{port}" in finding.fix


@pytest.mark.parametrize(
    ("url", "urls"),
    [
        ("rabbit://u:p@a:1/v", ["amqp://u:p@a:1/v"]),
        (
            "rabbit://u:p@a:1,u:p@b:2/v?ssl=1",
            ["amqps://u:p@a:1/v", "amqps://u:p@b:2/v"],
        ),
        ("rabbit://u:p@a:1", ["amqp://u:p@a:1"]),
    ],
)
def test_transport_urls_become_amqp_ones(url: str, urls: list[str]) -> None:
    assert services.broker_urls(url) == urls


def test_a_broker_that_is_well(rabbitmq: RabbitNode) -> None:
    (finding,) = services.check_broker(rabbitmq.transport_url(), False)
    assert finding.level == Level.OK
    assert rabbitmq.identity.password not in finding.text


def test_a_broker_that_refuses_the_password(rabbitmq: RabbitNode) -> None:
    url = rabbitmq.transport_url().replace(rabbitmq.identity.password, "no")
    (finding,) = services.check_broker(url, False)
    assert finding.level == Level.FAULT
    assert "password" in finding.fix


def test_a_broker_that_is_away() -> None:
    url = f"rabbit://u:p@127.0.0.1:{system.free_port()}/"
    (finding,) = services.check_broker(url, False)
    assert finding.level == Level.FAULT
    assert "nc -vz 127.0.0.1 " in finding.fix
