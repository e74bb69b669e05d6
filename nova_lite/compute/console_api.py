# SPDX-License-Identifier: Apache-2.0
"""What the API may do with consoles: a URL that opens one, once.

Called by the controllers, in the API process. The compute says where the
console is; the token is made and written here, so it never crosses the bus.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib import parse

from oslo_config import cfg

from nova_lite import exception
from nova_lite.compute import rpcapi, task_states
from nova_lite.context import RequestContext
from nova_lite.db import session as db
from nova_lite.db.repositories import console_auth_token
from nova_lite.objects.console_auth_token import (
    ConsoleConnection,
    hash_of,
)

CONF = cfg.CONF

# Protocol -> the type that a host of this cloud may have.
_TYPES = {"vnc": "novnc", "serial": "serial"}
# What no host of this cloud has, as upstream's hosts without SPICE or VMware.
_UNAVAILABLE = {"spice": "spice-html5", "mks": "webmks"}
# A guest that goes away, or to another host, shows nothing any more.
_LEAVING = (task_states.DELETING, task_states.MIGRATING)


class ConsoleAPI:
    """Makes tokens, and says what they open."""

    def __init__(self, compute: rpcapi.ComputeAPI) -> None:
        self._find: Mapping[str, Callable[..., ConsoleConnection]] = {
            "vnc": compute.get_vnc_console,
            "serial": compute.get_serial_console,
        }

    def create(
        self,
        context: RequestContext,
        row: Mapping[str, Any],
        protocol: str,
        console_type: str,
    ) -> str:
        """A URL that opens a server's console, once and soon.

        Raises: InstanceNotReady, InstanceInvalidState, ConsoleTypeInvalid,
        ConsoleTypeUnavailable, NotSupported, MessagingUnavailable.
        """
        _check(row, f"get_{protocol}_console")
        if console_type == _UNAVAILABLE.get(protocol):
            raise exception.ConsoleTypeUnavailable(console_type=console_type)
        if console_type != _TYPES.get(protocol):
            raise exception.ConsoleTypeInvalid(console_type=console_type)
        found = self._find[protocol](context, row["host"], row["uuid"])
        token = str(uuid.uuid4())
        _write(
            {
                "token_hash": hash_of(token),
                "instance_uuid": row["uuid"],
                "console_type": console_type,
                "host": found.host,
                "port": found.port,
                "internal_access_path": found.internal_access_path,
                "access_url_base": found.access_url_base,
                "expires_at": datetime.datetime.now(datetime.UTC)
                + datetime.timedelta(seconds=CONF.consoleauth.token_ttl),
            }
        )
        return access_url(found.access_url_base, console_type, token)

    def show(self, token: str) -> dict[str, Any]:
        """What a token opens; it is not used up.

        Raises: ConsoleTokenNotFound.
        """
        found = _read(hash_of(token))
        if found is None:
            raise exception.ConsoleTokenNotFound()
        return found


def access_url(base: str, console_type: str, token: str) -> str:
    """The proxy's URL with the token in it.

    noVNC has the token in the path of its websocket, which is a parameter of
    its page; a path that the base has already stays.
    """
    parts = parse.urlsplit(base)
    query = parse.parse_qsl(parts.query, keep_blank_values=True)
    if console_type == "novnc":
        path = dict(query).get("path", "")
        query = [(name, value) for name, value in query if name != "path"]
        query.append(("path", f"{path}?token={token}"))
    else:
        query.append(("token", token))
    return parse.urlunsplit(parts._replace(query=parse.urlencode(query)))


def _check(row: Mapping[str, Any], method: str) -> None:
    if not row["host"]:
        raise exception.InstanceNotReady(instance_id=row["uuid"])
    if row["task_state"] in _LEAVING:
        raise exception.InstanceInvalidState(
            method=method,
            instance_uuid=row["uuid"],
            attr="task_state",
            state=row["task_state"],
        )


@db.transaction
def _write(values: Mapping[str, Any]) -> None:
    with db.writer() as session:
        console_auth_token.insert(session, values)


@db.transaction
def _read(token_hash: str) -> dict[str, Any] | None:
    with db.reader() as session:
        return console_auth_token.get(session, token_hash)
