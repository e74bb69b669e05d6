# SPDX-License-Identifier: Apache-2.0
"""The stock openstacksdk finds and uses the embedded image service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openstack
import pytest
from openstack import exceptions

from tests.unit.embedded.image import serve
from tests.unit.embedded.image.conftest import DATA


@pytest.fixture
def cloud(server: serve.Server) -> Any:
    return openstack.connect(
        load_envvars=False,
        load_yaml_config=False,
        auth_type="v3password",
        auth={
            "auth_url": server.url.replace("/image", "/identity/v3"),
            "username": "p1",
            "password": "secret",
            "user_domain_id": "default",
            "project_name": "p1",
            "project_domain_id": "default",
        },
    )


def test_stock_client(cloud: Any, tmp_path: Path) -> None:
    source = tmp_path / "disk.img"
    source.write_bytes(DATA)
    made = cloud.image.create_image(
        "tick",
        filename=str(source),
        disk_format="raw",
        container_format="bare",
        tags=["t"],
        hw_disk_bus="virtio",
        min_ram=64,
        validate_checksum=True,
    )
    assert cloud.image.find_image("tick").id == made.id
    shown = cloud.image.get_image(made.id)
    assert (shown.status, shown.size) == ("active", len(DATA))
    assert shown.hw_disk_bus == "virtio"
    assert shown.tags == ["t"]

    target = tmp_path / "copy"
    cloud.image.download_image(made.id, output=str(target))
    assert target.read_bytes() == DATA

    cloud.image.update_image(made.id, name="tock", min_disk=1, os_distro="x")
    assert cloud.image.get_image(made.id).os_distro == "x"
    cloud.image.add_tag(made.id, "u")
    cloud.image.remove_tag(made.id, "t")
    assert cloud.image.get_image(made.id).tags == ["u"]

    cloud.image.add_member(made.id, member_id="p2")
    members = list(cloud.image.members(made.id))
    assert [m.member_id for m in members] == ["p2"]
    cloud.image.remove_member("p2", image=made.id)

    cloud.image.update_image(made.id, is_protected=True)
    with pytest.raises(exceptions.ForbiddenException, match="protected"):
        cloud.image.delete_image(made.id)
    cloud.image.update_image(made.id, is_protected=False)
    cloud.image.deactivate_image(made.id)
    cloud.image.reactivate_image(made.id)
    cloud.image.delete_image(made.id)
    assert cloud.image.find_image("tock") is None
    assert list(cloud.image.images()) == []


def test_stock_client_pages(cloud: Any) -> None:
    for n in range(5):
        cloud.image.create_image(f"n{n}", allow_duplicates=True)
    found = cloud.image.images(limit=2, sort="name:asc")
    assert [i.name for i in found] == [f"n{n}" for n in range(5)]
