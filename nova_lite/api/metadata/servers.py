# SPDX-License-Identifier: Apache-2.0
"""Servers as the metadata service knows them, remembered for a moment.

A guest that boots asks for many documents at once: the first costs one
statement, the others none. Used by the threads of requests.
"""

from __future__ import annotations

import base64
import dataclasses
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.context import get_admin_context
from nova_lite.db import session as db
from nova_lite.db.repositories import instance_query, server_password
from nova_lite.metadata import dynamic_vendor_data, ec2, network, vendor_data
from nova_lite.metadata.model import Server
from nova_lite.network import model
from nova_lite.network.api import NetworkAPI

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

# More guests than this do not boot at once.
_MOST_REMEMBERED = 2000


class Servers:
    """Finds servers by uuid."""

    def __init__(self, network: NetworkAPI) -> None:
        self._network = network
        self._domain: str = CONF.api.dhcp_domain
        self._expiration_s: int = CONF.api.metadata_cache_expiration
        self._targets = dynamic_vendor_data.Targets()
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Server]] = OrderedDict()

    def get(self, uuid: str) -> Server | None:
        """The server, or None when there is none."""
        known = self._remembered(uuid)
        if known is None:
            row = _row(uuid)
            if row is None:
                return None
            known = _server(row, self._domain)
            self._remember(known)
        return known

    def with_dynamic_data(self, server: Server) -> Server:
        """The same, with what the operator's services say of it.

        Raises: VendorDataFailed.
        """
        if not self._targets or server.dynamic_vendor_data:
            return server
        answers = self._targets.ask(server)
        asked = dataclasses.replace(server, dynamic_vendor_data=answers)
        self._remember(asked)
        return asked

    def with_groups(self, server: Server) -> Server:
        """The same, with its security groups.

        A network service that does not tell is not asked again for a while:
        the guest boots.
        """
        if server.security_groups is not None or not server.network_data:
            return server
        try:
            found = self._network.instance_security_groups(
                get_admin_context(), [server.uuid]
            )
        except exception.NovaLiteException as error:
            LOG.warning("The groups of %s are unknown: %s", server.uuid, error)
            names = [ec2.DEFAULT_GROUP]
        else:
            names = [group["name"] for group in found[server.uuid]]
        asked = dataclasses.replace(server, security_groups=names)
        self._remember(asked)
        return asked

    def report_password(self, uuid: str, password: str) -> None:
        """Keep the password that a guest has made up.

        Raises: PasswordReported when there is one, InstanceNotFound.
        """
        _report(uuid, password)
        with self._lock:
            self._known.pop(uuid, None)

    def _remembered(self, uuid: str) -> Server | None:
        with self._lock:
            until, server = self._known.get(uuid, (0.0, None))
        return server if until > time.monotonic() else None

    def _remember(self, server: Server) -> None:
        if not self._expiration_s:
            return
        until = time.monotonic() + self._expiration_s
        with self._lock:
            self._known[server.uuid] = (until, server)
            self._known.move_to_end(server.uuid)
            while len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)


@db.transaction
def _row(uuid: str) -> dict[str, Any] | None:
    with db.reader() as session:
        return instance_query.get(session, uuid)


@db.transaction
def _report(uuid: str, password: str) -> None:
    with db.writer() as session:
        if not server_password.store_first(session, uuid, password):
            raise exception.PasswordReported()


def _server(row: Mapping[str, Any], domain: str) -> Server:
    vifs = model.load(row["network_info"])
    properties = row["image_meta"].get("properties", {})
    user_data = row["user_data"]
    return Server(
        uuid=row["uuid"],
        number=row["id"],
        name=row["display_name"],
        hostname=".".join(filter(None, (row["hostname"], domain))),
        short_hostname=row["hostname"],
        project_id=row["project_id"],
        flavor_name=row["flavor"]["name"],
        launch_index=row["launch_index"],
        reservation_id=row["reservation_id"],
        availability_zone=row["availability_zone"],
        image_id=row["image_ref"] or "",
        kernel_id=properties.get("kernel_id"),
        ramdisk_id=properties.get("ramdisk_id"),
        metadata=row["instance_metadata"],
        key_name=row["key_name"],
        public_key=row["key_data"],
        user_data=base64.b64decode(user_data) if user_data else None,
        password=server_password.of_row(row),
        block_devices=ec2.block_devices(
            row["ephemeral_gb"], row["flavor"].get("swap_mb", 0)
        ),
        fixed_ip=network.fixed_ip(vifs),
        floating_ip=network.floating_ip(vifs),
        network_data=network.network_data(vifs),
        devices=network.devices(vifs),
        vendor_data=vendor_data.configured(),
    )
