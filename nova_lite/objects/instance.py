# SPDX-License-Identifier: Apache-2.0
"""A server, as compute needs it."""

from __future__ import annotations

import datetime
from typing import Any, Self

from nova_lite import context as nova_context
from nova_lite.objects import base, fields


@base.NovaObjectRegistry.register
class Instance(base.NovaObject):
    """The row of a server that an operation works on."""

    # 1.1: id, launch_index, reservation_id, sealed, system_metadata; facts,
    #      ran_on_host
    # 1.2: network_info; get_by_uuid, set_network_info
    VERSION = "1.2"

    fields = {
        "id": fields.IntegerField(),
        "uuid": fields.UUIDField(),
        "reservation_id": fields.StringField(nullable=True),
        "launch_index": fields.IntegerField(),
        "project_id": fields.StringField(),
        "user_id": fields.StringField(),
        "display_name": fields.StringField(),
        "hostname": fields.StringField(),
        "vm_state": fields.StringField(),
        "task_state": fields.StringField(nullable=True),
        "power_state": fields.IntegerField(),
        "host": fields.StringField(nullable=True),
        "node": fields.StringField(nullable=True),
        "availability_zone": fields.StringField(nullable=True),
        "flavor": fields.JsonField(),
        "vcpus": fields.IntegerField(),
        "memory_mb": fields.IntegerField(),
        "root_gb": fields.IntegerField(),
        "ephemeral_gb": fields.IntegerField(),
        "image_ref": fields.StringField(nullable=True),
        "image_meta": fields.JsonField(),
        "instance_metadata": fields.JsonField(),
        "system_metadata": fields.JsonField(),
        "key_name": fields.StringField(nullable=True),
        "key_data": fields.StringField(nullable=True),
        "user_data": fields.StringField(nullable=True),
        "config_drive": fields.BooleanField(),
        "sealed": fields.StringField(nullable=True),
        "network_info": fields.JsonField(nullable=True),
        "launched_at": fields.DateTimeField(nullable=True),
        "deleted": fields.IntegerField(),
    }

    @property
    def name(self) -> str:
        """The domain's name on the hypervisor."""
        return f"instance-{self.uuid}"

    @classmethod
    @base.remotable
    def get_by_uuid(
        cls, context: nova_context.RequestContext, uuid: str
    ) -> Self:
        """Read one, also a deleted one. Raises: InstanceNotFound."""
        return cls.from_row(context, base.repository("instance").get(uuid))

    @classmethod
    @base.remotable
    def set_network_info(
        cls,
        context: nova_context.RequestContext,
        uuid: str,
        host: str | None,
        values: dict[str, Any],
    ) -> bool:
        """Write {"network_info"}; False when the server is elsewhere now."""
        done: bool = base.repository("instance").set_network_info(
            uuid, host, values["network_info"]
        )
        return done

    @classmethod
    @base.remotable
    def list_on_host(
        cls, context: nova_context.RequestContext, host: str
    ) -> list[dict[str, Any]]:
        """uuid and states of each server that the database has on a host."""
        rows: list[dict[str, Any]] = base.repository("instance").on_host(host)
        return rows

    @classmethod
    @base.remotable
    def owners(
        cls, context: nova_context.RequestContext, uuids: list[str]
    ) -> dict[str, dict[str, Any]]:
        """What the database says of servers, also deleted ones.

        uuid -> {"host", "deleted", "vm_state", "task_state"}; a uuid that
        the database has never known is absent.
        """
        rows: dict[str, dict[str, Any]] = base.repository("instance").owners(
            uuids
        )
        return rows

    @classmethod
    @base.remotable
    def begin_offloads(
        cls,
        context: nova_context.RequestContext,
        host: str,
        shelved_for_s: int,
    ) -> list[dict[str, Any]]:
        """Accept an offload of each server that is shelved for so long.

        Returns the actions that this host is to run: "id", "instance_uuid".
        """
        begun: list[dict[str, Any]] = base.repository(
            "shelved"
        ).begin_offloads(context, host, shelved_for_s)
        return begun

    @classmethod
    @base.remotable
    def begin_revivals(
        cls,
        context: nova_context.RequestContext,
        host: str,
        uuids: list[str],
    ) -> list[dict[str, Any]]:
        """Accept a hard reboot of each of the servers that is ACTIVE.

        Returns the actions that this host is to run: "id", "instance_uuid".
        """
        begun: list[dict[str, Any]] = base.repository(
            "own_actions"
        ).begin_revivals(context, host, uuids)
        return begun

    @classmethod
    @base.remotable
    def set_power_state(
        cls,
        context: nova_context.RequestContext,
        uuid: str,
        host: str,
        values: dict[str, Any],
    ) -> dict[str, Any]:
        """Record what the hypervisor says, if nothing is being done.

        ``values``: {"power_state"}. Returns {} when the server is elsewhere
        or nothing is new, {"busy": True} when it has a task_state; else
        "said", a sentence or None, and "stop", the id of an action that this
        host is to run.
        """
        found: dict[str, Any] = base.repository("power_sync").observe(
            context, uuid, host, values["power_state"]
        )
        return found

    @classmethod
    @base.remotable
    def facts(
        cls, context: nova_context.RequestContext, uuid: str
    ) -> dict[str, Any] | None:
        """What notifications tell of a server, also of a deleted one."""
        row: dict[str, Any] | None = base.repository("instance_facts").facts(
            uuid
        )
        return row

    @classmethod
    @base.remotable
    def ran_on_host(
        cls,
        context: nova_context.RequestContext,
        host: str,
        begin: datetime.datetime,
        end: datetime.datetime,
    ) -> list[str]:
        """uuids of the servers that ran on a host in a period."""
        found: list[str] = base.repository("instance_facts").ran_on_host(
            host, begin, end
        )
        return found

    @classmethod
    @base.remotable
    def reclaim(
        cls, context: nova_context.RequestContext, host: str, older_than_s: int
    ) -> list[tuple[int, str]]:
        """Begin the deletes of a host's servers that were long soft-deleted.

        Their actions, queued for this host: (id, uuid) each.
        """
        found: list[tuple[int, str]] = base.repository("reclaim").reclaim(
            context, host, older_than_s
        )
        return found
