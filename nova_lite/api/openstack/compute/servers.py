# SPDX-License-Identifier: Apache-2.0
"""The servers resource: create, list, show, update, delete."""

from __future__ import annotations

import ipaddress
import secrets
import string
from collections.abc import Mapping
from typing import Any

import webob

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute import server_filters
from nova_lite.api.openstack.compute.schemas import servers as schemas
from nova_lite.api.openstack.compute.schemas.server_list import LIST
from nova_lite.api.openstack.compute.views import servers as views
from nova_lite.api.openstack.compute.views.server_fields import (
    FULL,
    SHOWN,
    disk_config,
)
from nova_lite.api.openstack.microversions import Version
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Value
from nova_lite.api.openstack.wsgi import operation
from nova_lite.compute import create, injection
from nova_lite.compute.request import CreateRequest
from nova_lite.db.repositories import instance_query, server_view
from nova_lite.notifications import servers as notices
from nova_lite.policies import servers as policies

_PASSWORD_LENGTH = 12
_BRIEF = ("uuid", "display_name")
# Before it could be chosen, the name was the description, too.
DESCRIBED_BY = Value("name").since("2.19", "description")


class ServersController(common.Controller):
    """/servers, /servers/detail, /servers/{server_id}."""

    @operation(query=LIST)
    def index(self, request: Request) -> dict[str, Any]:
        """List servers: id, name and links."""
        policy.authorize(request.context, policies.INDEX)
        limit, marker = common.page_of(request, self.settings.max_limit)
        query = server_filters.query_of(
            request, limit, marker, policies.INDEX_ALL
        )
        rows = common.read(instance_query.list_, query, _BRIEF)
        view = views.View(request, self.settings, rows)
        return view.list_(limit, detail=False)

    @operation(query=LIST, answer={"servers": [FULL]})
    def detail(self, request: Request) -> dict[str, Any]:
        """List servers with everything."""
        policy.authorize(request.context, policies.DETAIL)
        limit, marker = common.page_of(request, self.settings.max_limit)
        query = server_filters.query_of(
            request, limit, marker, policies.DETAIL_ALL
        )
        columns = views.columns(views.View(request, self.settings, []))
        rows = common.read(instance_query.list_, query, sorted(columns))
        view = self._view(request, rows)
        return view.list_(limit, detail=True)

    def _view(
        self, request: Request, rows: list[dict[str, Any]]
    ) -> views.View:
        return views.View(
            request, self.settings, rows, self.compute_api.networks
        )

    @operation(answer={"server": SHOWN})
    def show(self, request: Request, server_id: str) -> dict[str, Any]:
        """Show a server."""
        view = views.View(request, self.settings, [])
        found = common.read(
            server_view.get,
            server_id,
            views.columns(view),
            common.own_project(request),
        )
        if found is None:
            raise exception.InstanceNotFound(instance_id=server_id)
        row, beside = found
        policy.authorize(request.context, policies.SHOW, common.owner(row))
        view = views.View(
            request, self.settings, [row], self.compute_api.networks, beside
        )
        return {"server": view.shown(row)}

    @operation(body=schemas.CREATE, status=202)
    def create(self, request: Request, body: Any) -> webob.Response | Any:
        """Create one server or several; it is built afterwards."""
        context = request.context
        policy.authorize(context, policies.CREATE)
        if not context.project_id:
            # An administrator's token may be one for a domain.
            raise exception.Forbidden(
                "A server belongs to a project: ask with a token that is "
                "scoped to one."
            )
        asked = body["server"]
        password = asked.get("adminPass") or new_password()
        wanted = _create_request(body, password, request.version)
        if ":" in (wanted.availability_zone or ""):
            policy.authorize(context, policies.CREATE_FORCED_HOST)
        if wanted.networks and not isinstance(wanted.networks, str):
            policy.authorize(context, policies.ATTACH_NETWORK)
        if wanted.host or wanted.hypervisor_hostname:
            policy.authorize(context, policies.REQUESTED_DESTINATION)
        rows = self.compute_api.create(context, wanted)
        if common.as_bool(asked.get("return_reservation_id", False)):
            return {"reservation_id": rows[0]["reservation_id"]}
        return self._created(request, rows[0], asked, password)

    def _created(
        self,
        request: Request,
        row: Mapping[str, Any],
        asked: Mapping[str, Any],
        password: str,
    ) -> webob.Response:
        links = common.links(request, self.settings, "servers", row["uuid"])
        groups = asked.get("security_groups") or [{"name": "default"}]
        server = {
            "id": row["uuid"],
            "links": links,
            "OS-DCF:diskConfig": disk_config(row),
            "security_groups": groups,
        }
        if self.settings.enable_instance_password:
            server["adminPass"] = password
        return webob.Response(
            json_body={"server": server},
            status=202,
            charset="UTF-8",
            location=links[0]["href"],
        )

    @operation(body=schemas.UPDATE, answer={"server": SHOWN})
    def update(
        self, request: Request, server_id: str, body: Any
    ) -> dict[str, Any]:
        """Change a server's name, description, addresses or host name."""
        former = common.allowed_instance(request, server_id, policies.UPDATE)
        row = common.write(_update, server_id, body["server"])
        notices.written(request.context, server_id, former["display_name"])
        view = self._view(request, [row])
        return {"server": view.updated(row)}

    @operation(status=204)
    def delete(self, request: Request, server_id: str) -> None:
        """Delete a server, in whatever state it is."""
        row = common.allowed_instance(request, server_id, policies.DELETE)
        self.compute_api.delete(request.context, row)


_COLUMNS = {
    "name": "display_name",
    "description": "display_description",
    "hostname": "hostname",
    "accessIPv4": "access_ip_v4",
    "accessIPv6": "access_ip_v6",
}


def _update(
    session: Any, uuid: str, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Change a server, of which nobody else changes a part meanwhile.

    Raises: InstanceNotFound, AutoDiskConfigDisabledByImage.
    """
    row = instance_query.lock(session, uuid)
    values = _changes(asked)
    auto = auto_disk_config(asked)
    if auto is not None:
        properties = row["image_meta"].get("properties", {})
        values["system_metadata"] = {
            **row["system_metadata"],
            **create.auto_disk_config(properties, row["image_ref"], auto),
        }
    return instance_query.update(session, uuid, values) if values else row


def _changes(asked: Mapping[str, Any]) -> dict[str, Any]:
    values = {
        column: asked[name]
        for name, column in _COLUMNS.items()
        if name in asked
    }
    for column in ("access_ip_v4", "access_ip_v6"):
        if column in values:
            values[column] = address(values[column])
    return values


def address(text: str | None) -> str | None:
    """An address in its shortest form, in which it fits its column."""
    return str(ipaddress.ip_address(text)) if text else None


def _create_request(
    body: Mapping[str, Any], password: str, version: Version
) -> CreateRequest:
    asked = body["server"]
    refuse_missing_services(asked)
    minimum, maximum = _counts(asked)
    return CreateRequest(
        name=asked["name"],
        flavor_ref=_flavor_id(asked["flavorRef"]),
        image_ref=_image(asked),
        description=asked.get(DESCRIBED_BY.at(version)),
        metadata=asked.get("metadata", {}),
        tags=tuple(dict.fromkeys(asked.get("tags", ()))),
        key_name=asked.get("key_name"),
        user_data=asked.get("user_data"),
        availability_zone=asked.get("availability_zone"),
        min_count=minimum,
        max_count=maximum,
        networks=asked.get("networks"),
        security_groups=[
            group.get("name", "default")
            for group in asked.get("security_groups", ())
        ],
        config_drive=common.as_bool(asked.get("config_drive", False)),
        auto_disk_config=auto_disk_config(asked),
        hostname=asked.get("hostname"),
        access_ip_v4=address(asked.get("accessIPv4")),
        access_ip_v6=address(asked.get("accessIPv6")),
        admin_password=password,
        files=injection.files_of(asked.get("personality", ())),
        host=asked.get("host"),
        hypervisor_hostname=asked.get("hypervisor_hostname"),
        scheduler_hints=body.get("os:scheduler_hints")
        or body.get("OS-SCH-HNT:scheduler_hints")
        or {},
    )


def refuse_missing_services(asked: Mapping[str, Any]) -> None:
    """Say so rather than drop what this cloud cannot do."""
    if asked.get("trusted_image_certificates"):
        raise exception.Invalid(
            "Trusted image certificates are not supported by this cloud: "
            "leave 'trusted_image_certificates' out."
        )


def auto_disk_config(asked: Mapping[str, Any]) -> bool | None:
    """What OS-DCF:diskConfig says; None for nothing."""
    wanted = asked.get("OS-DCF:diskConfig")
    return None if wanted is None else wanted == "AUTO"


def _counts(asked: Mapping[str, Any]) -> tuple[int, int]:
    minimum = int(asked.get("min_count", 1))
    maximum = int(asked.get("max_count", minimum))
    if minimum > maximum:
        raise exception.Invalid("min_count must be <= max_count")
    return minimum, maximum


def _flavor_id(ref: str | int) -> str:
    """A flavor's id, of which also the link may be given."""
    return str(ref).rstrip("/").rsplit("/", 1)[-1]


def _image(asked: Mapping[str, Any]) -> str | None:
    """The image to boot from, named by imageRef or by a block device."""
    ref: str | None = asked.get("imageRef") or None
    devices = [
        *asked.get("block_device_mapping", []),
        *asked.get("block_device_mapping_v2", []),
    ]
    for device in devices:
        local_image = (
            device.get("source_type") == "image"
            and device.get("destination_type") == "local"
            and _boots_first(device)
        )
        if not local_image or ref not in (None, device.get("uuid")):
            raise exception.Invalid(
                "This cloud has no volume service: the only block device "
                "that a server can have is its image, as a local disk with "
                "boot_index 0."
            )
        ref = device.get("uuid")
    return ref


def _boots_first(device: Mapping[str, Any]) -> bool:
    index = device.get("boot_index")
    return index is not None and int(index) == 0


def new_password() -> str:
    """One for a server whose user gave none."""
    letters = string.ascii_letters + string.digits
    return "".join(secrets.choice(letters) for _ in range(_PASSWORD_LENGTH))
