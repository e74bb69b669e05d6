# SPDX-License-Identifier: Apache-2.0
"""Where a console is, and the right to open it."""

from __future__ import annotations

import hashlib
from typing import Self

from nova_lite import context as nova_context
from nova_lite.objects import base, fields


def hash_of(token: str) -> str:
    """What is kept of a token, and sent of it."""
    return hashlib.sha256(token.encode()).hexdigest()


@base.NovaObjectRegistry.register
class ConsoleConnection(base.NovaObject):
    """Where a proxy reaches a guest's console; made by its compute."""

    VERSION = "1.0"

    fields = {
        "host": fields.StringField(),
        "port": fields.IntegerField(),
        "internal_access_path": fields.StringField(nullable=True),
        # The proxy's URL, to which the API adds the token.
        "access_url_base": fields.StringField(),
    }


@base.NovaObjectRegistry.register
class ConsoleAuthToken(base.NovaObject):
    """What a token opened: the proxy connects to ``host`` and ``port``.

    ``compute_host`` is the host of the server as the database has it.
    """

    VERSION = "1.0"

    fields = {
        "instance_uuid": fields.UUIDField(),
        "compute_host": fields.StringField(),
        "console_type": fields.StringField(),
        "host": fields.StringField(),
        "port": fields.IntegerField(),
        "internal_access_path": fields.StringField(nullable=True),
        "access_url_base": fields.StringField(),
        "expires_at": fields.DateTimeField(),
    }

    @classmethod
    @base.remotable
    def redeem(
        cls, context: nova_context.RequestContext, token_hash: str
    ) -> Self | None:
        """Use a token up; None for one that is unknown, used or too old.

        Only its hash crosses the bus.
        """
        row = base.repository("console_auth_token").redeem(token_hash)
        return None if row is None else cls.from_row(context, row)
