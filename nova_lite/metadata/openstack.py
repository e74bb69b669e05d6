# SPDX-License-Identifier: Apache-2.0
"""The documents of openstack's form, each from the version that has it.

Source: https://docs.openstack.org/nova/latest/user/metadata.html
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from typing import Any

from nova_lite.metadata.model import Server

LATEST = "latest"
# Oldest first: a document or a field exists from one of these on.
FOLSOM = "2012-08-10"
GRIZZLY = "2013-04-04"
HAVANA = "2013-10-17"
LIBERTY = "2015-10-15"
NEWTON = "2016-06-30"
NEWTON_TWO = "2016-10-06"
OCATA = "2017-02-22"
ROCKY = "2018-08-27"
VICTORIA = "2020-10-14"
EPOXY = "2025-04-04"
VERSIONS = (
    FOLSOM,
    GRIZZLY,
    HAVANA,
    LIBERTY,
    NEWTON,
    NEWTON_TWO,
    OCATA,
    ROCKY,
    VICTORIA,
    EPOXY,
)

META_DATA = "meta_data.json"
USER_DATA = "user_data"
PASSWORD = "password"  # noqa: S105 - a document's name
VENDOR_DATA = "vendor_data.json"
NETWORK_DATA = "network_data.json"
VENDOR_DATA2 = "vendor_data2.json"

_SEED_BYTES = 512
# A device's kind or field that older versions do not show.
_FIELDS_SINCE = {"vlan": OCATA, "vf_trusted": ROCKY}
_KINDS_SINCE = {"share": EPOXY}


def meta_data(server: Server, version: str) -> dict[str, Any]:
    """meta_data.json of a version."""
    made: dict[str, Any] = {"uuid": server.uuid}
    if server.metadata:
        made["meta"] = dict(server.metadata)
    if server.files:
        made["files"] = [
            {"path": path, "content_path": f"/content/{name}"}
            for name, (path, _) in numbered(server)
        ]
    if server.admin_password:
        made["admin_pass"] = server.admin_password
    if server.key_name and server.public_key:
        name, key = server.key_name, server.public_key
        made["public_keys"] = {name: key}
        made["keys"] = [{"name": name, "type": server.key_type, "data": key}]
    made["hostname"] = server.hostname
    made["name"] = server.name
    made["launch_index"] = server.launch_index
    made["availability_zone"] = server.availability_zone
    if version >= GRIZZLY:
        seed = os.urandom(_SEED_BYTES)
        made["random_seed"] = base64.b64encode(seed).decode()
    if version >= LIBERTY:
        made["project_id"] = server.project_id
    if version >= NEWTON:
        made["devices"] = _devices(server, version)
    if version >= VICTORIA:
        made["dedicated_cpus"] = sorted(server.dedicated_cpus)
    return made


def _devices(server: Server, version: str) -> list[dict[str, Any]]:
    return [
        {
            name: value
            for name, value in device.items()
            if version >= _FIELDS_SINCE.get(name, FOLSOM)
        }
        for device in server.devices
        if version >= _KINDS_SINCE.get(device.get("type", ""), FOLSOM)
    ]


def numbered(server: Server) -> list[tuple[str, tuple[str, bytes]]]:
    """The files with the names that their contents have: 0000, 0001 ..."""
    return [(f"{index:04}", file) for index, file in enumerate(server.files)]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _vendor_data2(server: Server, _: str) -> bytes:
    return _json(
        {**server.dynamic_vendor_data, "static": dict(server.vendor_data)}
    )


# name -> (since, contents). A document that is None is not there.
_DOCUMENTS: dict[str, tuple[str, Callable[[Server, str], bytes | None]]] = {
    META_DATA: (FOLSOM, lambda one, at: _json(meta_data(one, at))),
    USER_DATA: (FOLSOM, lambda one, _: one.user_data),
    PASSWORD: (GRIZZLY, lambda one, _: one.password.encode()),
    VENDOR_DATA: (HAVANA, lambda one, _: _json(dict(one.vendor_data))),
    NETWORK_DATA: (LIBERTY, lambda one, _: _json(dict(one.network_data))),
    VENDOR_DATA2: (NEWTON_TWO, _vendor_data2),
}


def document(server: Server, version: str, name: str) -> bytes | None:
    """The contents of a document; None where the version has it not.

    ``version`` is one of VERSIONS.
    """
    since, contents = _DOCUMENTS.get(name, ("", None))
    if contents is None or version < since:
        return None
    return contents(server, version)


def names(server: Server, version: str) -> list[str]:
    """The documents that a version has of this server, in upstream's order."""
    return [
        name
        for name, (since, _) in _DOCUMENTS.items()
        if version >= since
        and not (name == USER_DATA and server.user_data is None)
    ]


def resolve(version: str) -> str | None:
    """A version as one of VERSIONS; None for one that is not known."""
    if version == LATEST:
        return VERSIONS[-1]
    return version if version in VERSIONS else None
