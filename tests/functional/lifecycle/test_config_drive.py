# SPDX-License-Identifier: Apache-2.0
"""What a request hands to its guest reaches the config drive, and only it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import sqlalchemy as sa

from nova_lite.db.models.instance import Instance
from tests.fixtures.cloud import Cloud

FILE = b"hello \xe4\xf6 \x00\n"
PERSONALITY = [
    {"path": "/etc/greeting", "contents": base64.b64encode(FILE).decode()}
]
LATEST = "openstack/latest/meta_data.json"


def _drive(
    cloud: Cloud, ident: str, which: str = "config_drive"
) -> dict[str, str]:
    """The fake guest's drive: path to text."""
    (path,) = cloud.directory.glob(f"*/instances/fake/*/{ident}.json")
    drive: dict[str, str] = json.loads(path.read_text())[which]
    return drive


def _old(cloud: Cloud, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask at a version that has personality."""
    for part in body.values():
        part.pop("networks", None)
    answer = cloud.tenant.send("POST", path, body, version="2.1")
    assert answer.status_code == 202, answer.text
    server: dict[str, Any] = answer.json()["server"]
    return server


def _check(drive: dict[str, str], password: str) -> None:
    found = json.loads(drive[LATEST])
    assert found["admin_pass"] == password
    assert found["files"] == [
        {"path": "/etc/greeting", "content_path": "/content/0000"}
    ]
    assert drive["openstack/content/0000"].encode("latin-1") == FILE


# The second fails on its first host: what it was given goes on with it.
@pytest.mark.parametrize("name", ["given", "given-elsewhere"])
def test_files_and_password_reach_the_drive(cloud: Cloud, name: str) -> None:
    made = _old(
        cloud,
        "/servers",
        cloud.body(name, personality=PERSONALITY, adminPass="Secret-1"),
    )
    ident = made["id"]
    server = cloud.wait_status(ident, "ACTIVE")
    # Nobody asked for a drive, but files have no other way in.
    assert server["config_drive"] == "True"
    assert made["adminPass"] == "Secret-1"
    drive = _drive(cloud, ident)
    _check(drive, "Secret-1")
    found = json.loads(drive[LATEST])
    assert found["uuid"] == ident
    assert found["hostname"] == f"{name}.novalocal"
    assert found["project_id"] == server["tenant_id"]
    assert found["availability_zone"] == "nova"
    # Nothing of it stays behind.
    (left,) = cloud.ledger.rows(
        sa.select(Instance.sealed).where(Instance.uuid == ident)
    )
    assert left["sealed"] is None
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)


def test_a_rebuild_makes_a_new_drive(cloud: Cloud) -> None:
    made = cloud.tenant.post(
        "/servers",
        cloud.body("again", config_drive=True, user_data="IyEvYmluL3NoCg=="),
    )["server"]
    ident = made["id"]
    cloud.wait_status(ident, "ACTIVE")
    drive = _drive(cloud, ident)
    assert json.loads(drive[LATEST])["admin_pass"] == made["adminPass"]
    assert drive["openstack/latest/user_data"] == "#!/bin/sh\n"
    assert "files" not in json.loads(drive[LATEST])

    rebuilt = _old(
        cloud,
        f"/servers/{ident}/action",
        {"rebuild": {"imageRef": cloud.image, "personality": PERSONALITY}},
    )
    assert rebuilt["adminPass"] != made["adminPass"]
    cloud.wait_status(ident, "ACTIVE")
    drive = _drive(cloud, ident)
    _check(drive, rebuilt["adminPass"])
    assert drive["openstack/latest/user_data"] == "#!/bin/sh\n"
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)


def test_a_rescue_has_its_own_password(cloud: Cloud) -> None:
    made = cloud.tenant.post(
        "/servers", cloud.body("stuck", config_drive=True)
    )["server"]
    ident = made["id"]
    cloud.wait_status(ident, "ACTIVE")
    answer = cloud.tenant.send(
        "POST",
        f"/servers/{ident}/action",
        {"rescue": {"adminPass": "Rescue-1"}},
    )
    assert answer.json() == {"adminPass": "Rescue-1"}
    cloud.wait_status(ident, "RESCUE")
    drive = _drive(cloud, ident, "rescue_drive")
    assert json.loads(drive[LATEST])["admin_pass"] == "Rescue-1"
    own = json.loads(_drive(cloud, ident)[LATEST])
    assert own["admin_pass"] == made["adminPass"]
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)


def test_an_image_can_demand_a_drive(cloud: Cloud) -> None:
    image = cloud.admin.upload_image(
        "demanding", b"\0" * 4096, img_config_drive="mandatory"
    )
    ident = cloud.boot("demanded", imageRef=image)
    assert cloud.server(ident)["config_drive"] == "True"
    assert _drive(cloud, ident)
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
    cloud.admin.delete(f"/image/v2/images/{image}")


def test_without_a_drive_there_is_none(cloud: Cloud) -> None:
    ident = cloud.boot("plain")
    assert cloud.server(ident)["config_drive"] == ""
    assert _drive(cloud, ident) == {}
    cloud.tenant.delete(f"/servers/{ident}")
    cloud.wait_gone(ident)
