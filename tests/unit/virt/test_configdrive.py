# SPDX-License-Identifier: Apache-2.0
"""Config drives as files: made whole or not at all, by a real genisoimage."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from oslo_config import cfg

from nova_lite import exception
from nova_lite.virt import configdrive, driver
from tests.fixtures.hypervisor import make_spec, virt_options

__all__ = ["virt_options"]

CONF = cfg.CONF


@pytest.fixture(autouse=True)
def _options(virt_options: Callable[..., None]) -> None:
    """The options' defaults."""


def _meta_data(spec: driver.GuestSpec) -> dict[str, object]:
    files = configdrive.ConfigDrives().files(spec)
    found: dict[str, object] = json.loads(
        files["openstack/latest/meta_data.json"]
    )
    return found


def test_the_drive_has_its_label_and_files(tmp_path: Path) -> None:
    drives = configdrive.ConfigDrives()
    path = tmp_path / configdrive.NAME
    drives.ensure(path, lambda: make_spec(admin_password="Secret-1"))
    assert [one.name for one in tmp_path.iterdir()] == [configdrive.NAME]
    assert path.stat().st_mode & 0o777 == 0o600
    label = subprocess.run(
        ["blkid", "-p", "-o", "value", "-s", "LABEL", path],
        check=True,
        capture_output=True,
        text=True,
    )
    assert label.stdout.strip() == "config-2"
    assert b'"admin_pass": "Secret-1"' in path.read_bytes()


def test_one_that_is_there_stays(tmp_path: Path) -> None:
    drives = configdrive.ConfigDrives()
    path = tmp_path / configdrive.NAME
    drives.ensure(path, make_spec)
    path.write_bytes(b"kept")
    drives.ensure(path, make_spec)
    assert path.read_bytes() == b"kept"


def test_what_a_kill_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "disk.config.tree/old").mkdir(parents=True)
    (tmp_path / "disk.config.part").write_text("half")
    configdrive.ConfigDrives().ensure(tmp_path / configdrive.NAME, make_spec)
    assert [one.name for one in tmp_path.iterdir()] == [configdrive.NAME]


@pytest.mark.parametrize(
    ("command", "reason"),
    [("/not/there", "install it"), ("false", "false: ")],
)
def test_a_command_that_fails_is_a_sentence(
    tmp_path: Path, command: str, reason: str
) -> None:
    CONF.set_override("mkisofs_cmd", command)
    with pytest.raises(exception.ConfigDriveError, match=reason):
        configdrive.ConfigDrives().ensure(tmp_path / "drive", make_spec)
    assert not list(tmp_path.iterdir())


def test_a_format_that_is_not_made_is_refused() -> None:
    with pytest.raises(ValueError, match="iso9660"):
        CONF.set_override("config_drive_format", "vfat")


@pytest.mark.parametrize(
    ("domain", "hostname"), [("cloud.test", "web.cloud.test"), ("", "web")]
)
def test_host_names_have_the_domain(domain: str, hostname: str) -> None:
    CONF.set_override("dhcp_domain", domain, "api")
    assert _meta_data(make_spec())["hostname"] == hostname


def test_vendor_data_of_the_operator(tmp_path: Path) -> None:
    path = tmp_path / "vendor.json"
    path.write_text('{"cloud": "ours"}')
    CONF.set_override("vendordata_jsonfile_path", str(path), "api")
    files = configdrive.ConfigDrives().files(make_spec())
    assert json.loads(files["openstack/latest/vendor_data.json"]) == {
        "cloud": "ours"
    }


def test_versions_of_ec2_that_are_left_out() -> None:
    spec = make_spec()
    CONF.set_override("config_drive_skip_versions", "1.0 latest", "api")
    names = {
        name.split("/")[1]
        for name in configdrive.ConfigDrives().files(spec)
        if name.startswith("ec2/")
    }
    assert "2007-01-19" in names
    assert not names & {"1.0", "latest"}


@pytest.mark.parametrize(
    ("ephemeral_gb", "swap_mb", "more"),
    [
        (0, 0, {}),
        (1, 64, {"ephemeral0": "/dev/vdb", "swap": "/dev/vdc"}),
        (0, 64, {"swap": "/dev/vdb"}),
    ],
)
def test_block_devices_of_ec2(
    ephemeral_gb: int, swap_mb: int, more: dict[str, str]
) -> None:
    spec = make_spec(ephemeral_gb=ephemeral_gb, swap_mb=swap_mb)
    files = configdrive.ConfigDrives().files(spec)
    found = json.loads(files["ec2/latest/meta-data.json"])
    assert found["block-device-mapping"] == {
        "ami": "vda",
        "root": "/dev/vda",
        **more,
    }
