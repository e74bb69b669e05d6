# SPDX-License-Identifier: Apache-2.0
"""What each version of the metadata shows, as upstream's does."""

from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from nova_lite import exception
from nova_lite.metadata import ec2, openstack, tree, vendor_data
from nova_lite.metadata.model import Server

UUID = "83679162-1378-4288-a2d4-70e13ec132aa"
OPENSTACK = [
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
    "2025-04-04",
]
EC2 = [
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
]
PLAIN = Server(
    uuid=UUID,
    number=10,
    name="Web 1",
    hostname="web-1.novalocal",
    project_id="p1",
    flavor_name="m1.small",
)
FULL = dataclasses.replace(
    PLAIN,
    launch_index=2,
    reservation_id="r-abc",
    availability_zone="nova",
    image_id="c0ffee00-1378-4288-a2d4-70e13ec132aa",
    kernel_id="0000002a-1378-4288-a2d4-70e13ec132aa",
    ramdisk_id="0000002b-1378-4288-a2d4-70e13ec132aa",
    metadata={"role": "web"},
    key_name="mine",
    public_key="ssh-ed25519 AAAA me",
    user_data=b"#!/bin/sh\n",
    admin_password="Secret1",
    password="sent by the guest",
    files=(("/etc/motd", b"hello\n"), ("/etc/issue", b"\x00\xff")),
    block_devices={"ami": "vda", "root": "/dev/vda"},
    devices=(
        {"type": "nic", "mac": "m", "vlan": 1, "vf_trusted": True},
        {"type": "share", "tag": "t"},
    ),
    dedicated_cpus=(3, 1),
    network_data={"links": []},
    vendor_data={"cloud": "ours"},
    dynamic_vendor_data={"static": "hidden", "site": "north"},
)


def text(server: Server, path: str) -> str:
    return tree.lookup(server, path)[0].decode()


def meta_data(server: Server, version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        text(server, f"openstack/{version}/meta_data.json")
    )
    return found


def test_versions() -> None:
    assert text(PLAIN, "/openstack").split("\n") == [*OPENSTACK, "latest"]
    for path in ("", "/", "/ec2", "ec2/"):
        assert text(PLAIN, path).split("\n") == [*EC2, "latest"]
    assert sorted(EC2) == EC2
    assert sorted(OPENSTACK) == OPENSTACK


ALWAYS = {"uuid", "hostname", "name", "launch_index", "availability_zone"}
ADDED = {
    "2013-04-04": {"random_seed"},
    "2015-10-15": {"project_id"},
    "2016-06-30": {"devices"},
    "2020-10-14": {"dedicated_cpus"},
}
IF_THERE = {"meta", "files", "admin_pass", "public_keys", "keys"}


def test_fields_of_meta_data_by_version() -> None:
    fields = set(ALWAYS)
    for version in OPENSTACK:
        fields |= ADDED.get(version, set())
        assert set(meta_data(PLAIN, version)) == fields
        assert set(meta_data(FULL, version)) == fields | IF_THERE
    assert set(meta_data(PLAIN, "latest")) == fields


def test_values_of_meta_data() -> None:
    found = meta_data(FULL, "latest")
    assert len(base64.b64decode(found.pop("random_seed"))) == 512
    assert found == {
        "uuid": UUID,
        "meta": {"role": "web"},
        "files": [
            {"path": "/etc/motd", "content_path": "/content/0000"},
            {"path": "/etc/issue", "content_path": "/content/0001"},
        ],
        "admin_pass": "Secret1",
        "public_keys": {"mine": "ssh-ed25519 AAAA me"},
        "keys": [
            {"name": "mine", "type": "ssh", "data": "ssh-ed25519 AAAA me"}
        ],
        "hostname": "web-1.novalocal",
        "name": "Web 1",
        "launch_index": 2,
        "availability_zone": "nova",
        "project_id": "p1",
        "devices": list(FULL.devices),
        "dedicated_cpus": [1, 3],
    }


def test_a_certificate_is_an_x509_key() -> None:
    key = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
    server = dataclasses.replace(FULL, public_key=key)
    assert meta_data(server, "latest")["keys"][0]["type"] == "x509"


@pytest.mark.parametrize(
    ("version", "nic", "kinds"),
    [
        ("2016-06-30", {"type", "mac"}, ["nic"]),
        ("2017-02-22", {"type", "mac", "vlan"}, ["nic"]),
        ("2018-08-27", {"type", "mac", "vlan", "vf_trusted"}, ["nic"]),
        ("2025-04-04", set(FULL.devices[0]), ["nic", "share"]),
    ],
)
def test_devices_by_version(
    version: str, nic: set[str], kinds: list[str]
) -> None:
    devices = meta_data(FULL, version)["devices"]
    assert set(devices[0]) == nic
    assert [device["type"] for device in devices] == kinds


DOCUMENTS = {
    "2012-08-10": ["meta_data.json", "user_data"],
    "2013-04-04": ["password"],
    "2013-10-17": ["vendor_data.json"],
    "2015-10-15": ["network_data.json"],
    "2016-10-06": ["vendor_data2.json"],
}


def test_documents_by_version() -> None:
    names: list[str] = []
    for version in OPENSTACK:
        names += DOCUMENTS.get(version, [])
        assert text(FULL, f"openstack/{version}").split("\n") == names
        for name in names:
            tree.lookup(FULL, f"openstack/{version}/{name}")
        for missing in {"vendor_data2.json", "password"} - set(names):
            with pytest.raises(exception.MetadataNotFound):
                tree.lookup(FULL, f"openstack/{version}/{missing}")
    assert "user_data" not in text(PLAIN, "openstack/latest")


def test_the_other_documents() -> None:
    at = "openstack/latest/"
    assert text(FULL, at + "user_data") == "#!/bin/sh\n"
    assert text(FULL, at + "password") == "sent by the guest"
    assert json.loads(text(FULL, at + "network_data.json")) == {"links": []}
    assert json.loads(text(PLAIN, at + "network_data.json")) == {}
    assert json.loads(text(FULL, at + "vendor_data.json")) == {"cloud": "ours"}
    assert json.loads(text(FULL, at + "vendor_data2.json")) == {
        "static": {"cloud": "ours"},
        "site": "north",
    }
    assert tree.lookup(FULL, "openstack/content/0001")[0] == b"\x00\xff"


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("openstack", "text/plain"),
        ("openstack/latest", "text/plain"),
        ("openstack/latest/meta_data.json", "application/json"),
        ("openstack/latest/user_data", "text/plain"),
        ("latest/meta-data/hostname", "text/plain"),
    ],
)
def test_media_types(path: str, media_type: str) -> None:
    assert tree.lookup(FULL, path)[1] == media_type


@pytest.mark.parametrize(
    "path",
    [
        "openstack/2011-01-01",
        "openstack/latest/nothing",
        "openstack/latest/meta_data.json/more",
        "openstack/content",
        "openstack/content/0002",
        "openstack/content/0000/more",
        "ec2/2006-01-01",
        "latest/nothing",
        "latest/meta-data/hostname/more",
        "latest/meta-data/public-keys/0/_other",
    ],
)
def test_what_is_not_there(path: str) -> None:
    with pytest.raises(exception.MetadataNotFound):
        tree.lookup(FULL, path)


def test_paths_stay_inside() -> None:
    assert text(FULL, "/a/../openstack/latest/user_data") == "#!/bin/sh\n"
    assert text(FULL, "//latest/meta-data/hostname/") == "web-1.novalocal"


EC2_ADDED = {
    "2007-01-19": {"local-hostname", "public-hostname", "public-ipv4"},
    "2007-08-29": {"instance-type"},
    "2007-12-15": {"block-device-mapping", "kernel-id", "ramdisk-id"},
    "2008-02-01": {"placement"},
    "2008-09-01": {"instance-action"},
}


def test_fields_of_ec2_by_version() -> None:
    fields = {
        "ami-id",
        "ami-launch-index",
        "ami-manifest-path",
        "instance-id",
        "hostname",
        "local-ipv4",
        "reservation-id",
        "security-groups",
        "public-keys",
    }
    for version in EC2:
        fields |= EC2_ADDED.get(version, set())
        assert set(ec2.meta_data(FULL, version)) == fields
    optional = {"kernel-id", "ramdisk-id", "public-keys"}
    assert set(ec2.meta_data(PLAIN, "2009-04-04")) == fields - optional


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("", "meta-data/\nuser-data"),
        ("user-data", "#!/bin/sh\n"),
        ("meta-data/ami-id", "ami-c0ffee00"),
        ("meta-data/kernel-id", "aki-0000002a"),
        ("meta-data/instance-id", "i-0000000a"),
        ("meta-data/ami-launch-index", "2"),
        ("meta-data/local-ipv4", ""),
        ("meta-data/security-groups", "default"),
        ("meta-data/public-keys", "0=mine"),
        ("meta-data/public-keys/0", "openssh-key"),
        ("meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA me"),
        ("meta-data/placement/", "availability-zone"),
        ("meta-data/block-device-mapping", "ami\nroot"),
        ("meta-data/block-device-mapping/root", "/dev/vda"),
    ],
)
def test_ec2_as_printed(path: str, shown: str) -> None:
    assert text(FULL, f"latest/{path}") == shown


def test_a_listing_of_ec2_marks_its_branches() -> None:
    names = text(FULL, "2009-04-04/meta-data").split("\n")
    assert names == sorted(names)
    assert {"placement/", "public-keys/", "block-device-mapping/"} < set(names)
    assert "hostname" in names


def test_files_of_a_config_drive() -> None:
    skipped = EC2[:-1]
    files = tree.drive_files(FULL, skipped)
    openstack_names = {
        f"openstack/{version}/{name}"
        for version in [*OPENSTACK, "latest"]
        for since, names in DOCUMENTS.items()
        for name in names
        if version >= since and name != "password"
    }
    assert set(files) == openstack_names | {
        "ec2/2009-04-04/meta-data.json",
        "ec2/2009-04-04/user-data",
        "ec2/latest/meta-data.json",
        "ec2/latest/user-data",
        "openstack/content/0000",
        "openstack/content/0001",
    }
    assert files["openstack/content/0000"] == b"hello\n"
    found = json.loads(files["ec2/latest/meta-data.json"])
    assert found["public-keys"] == {"0": {"openssh-key": FULL.public_key}}
    assert b"Secret1" in files["openstack/latest/meta_data.json"]


def test_a_drive_without_user_data_has_no_file_of_it() -> None:
    files = tree.drive_files(PLAIN)
    assert not [name for name in files if name.endswith("user_data")]
    assert {f"ec2/{one}/meta-data.json" for one in EC2} < set(files)


@pytest.mark.parametrize("content", [None, "no json", "[1]"])
def test_vendor_data_that_is_broken_is_left_out(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "vendor.json"
    if content is not None:
        path.write_text(content)
    assert vendor_data.load(str(path)) == {}


def test_vendor_data_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "vendor.json"
    path.write_text('{"cloud": "ours"}')
    assert vendor_data.load(str(path)) == {"cloud": "ours"}
    assert vendor_data.load("") == {}


def test_every_version_is_known() -> None:
    assert list(openstack.VERSIONS) == OPENSTACK
    assert list(ec2.VERSIONS) == EC2
