# SPDX-License-Identifier: Apache-2.0
"""Both forms as one tree of paths: for a web service, and for a drive.

``lookup`` is what http://169.254.169.254 answers at a path; ``drive_files``
is what a config drive holds.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Collection, Mapping
from typing import Any

from nova_lite import exception
from nova_lite.metadata import ec2, openstack
from nova_lite.metadata.model import Server

TEXT = "text/plain"
JSON = "application/json"


def lookup(server: Server, path: str) -> tuple[bytes, str]:
    """What is at a path, and its media type.

    A path that begins with neither form is one of EC2's.
    Raises: MetadataNotFound.
    """
    parts = [one for one in posixpath.normpath("/" + path).split("/") if one]
    form = parts.pop(0) if parts[:1] in (["openstack"], ["ec2"]) else "ec2"
    if not parts:
        known = openstack if form == "openstack" else ec2
        return "\n".join((*known.VERSIONS, "latest")).encode(), TEXT
    found = (_of_openstack if form == "openstack" else _of_ec2)(server, parts)
    if found is None:
        raise exception.MetadataNotFound(path=path)
    return found, JSON if parts[-1].endswith(".json") else TEXT


def _of_openstack(server: Server, parts: list[str]) -> bytes | None:
    if parts[0] == "content":
        contents = {
            name: data for name, (_, data) in openstack.numbered(server)
        }
        return contents.get("/".join(parts[1:]))
    version = openstack.resolve(parts[0])
    if version is None:
        return None
    if len(parts) == 1:
        return "\n".join(openstack.names(server, version)).encode()
    return openstack.document(server, version, "/".join(parts[1:]))


def _of_ec2(server: Server, parts: list[str]) -> bytes | None:
    version = ec2.resolve(parts[0])
    if version is None:
        return None
    found: Any = ec2.tree(server, version)
    for name in parts[1:]:
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return ec2.printed(found)


def drive_files(
    server: Server, skip_ec2: Collection[str] = ()
) -> dict[str, bytes]:
    """Every file of a config drive, by its path there.

    ``skip_ec2``: versions of EC2's form to leave out. What a guest reports,
    its password, has no place on a drive that it cannot write to.
    """
    made: dict[str, bytes] = {}
    for version in (*ec2.VERSIONS, ec2.LATEST):
        if version not in skip_ec2:
            made.update(_ec2_files(server, version))
    for version in (*openstack.VERSIONS, openstack.LATEST):
        at = openstack.resolve(version) or version
        for name in openstack.names(server, at):
            data = openstack.document(server, at, name)
            if data is not None and name != openstack.PASSWORD:
                made[f"openstack/{version}/{name}"] = data
    for name, (_, data) in openstack.numbered(server):
        made[f"openstack/content/{name}"] = data
    return made


def _ec2_files(server: Server, version: str) -> dict[str, bytes]:
    made = ec2.tree(server, ec2.resolve(version) or version)
    meta_data = made["meta-data"]
    for key in meta_data.get("public-keys", {}).values():
        key.pop(ec2.SHOWN_AS)
    files = {f"ec2/{version}/meta-data.json": json.dumps(meta_data).encode()}
    if "user-data" in made:
        files[f"ec2/{version}/user-data"] = made["user-data"]
    return files
