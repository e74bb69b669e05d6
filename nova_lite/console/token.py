# SPDX-License-Identifier: Apache-2.0
"""What a token opens, asked of conductor and of the server's compute."""

from __future__ import annotations

from nova_lite import exception
from nova_lite.compute import rpcapi
from nova_lite.context import get_admin_context
from nova_lite.objects.console_auth_token import ConsoleAuthToken, hash_of


class Keys:
    """Uses tokens up; for consoles of one type."""

    def __init__(self, console_type: str) -> None:
        self._console_type = console_type
        self._compute = rpcapi.ComputeAPI()

    def redeem(self, token: str) -> ConsoleAuthToken:
        """Where a token's console is.

        Raises: ConsoleTokenRefused; MessagingUnavailable, after which the
        token may be used up.
        """
        if not token:
            raise exception.ConsoleTokenRefused
        context = get_admin_context()
        found = ConsoleAuthToken.redeem(context, hash_of(token))
        if found is None or found.console_type != self._console_type:
            raise exception.ConsoleTokenRefused
        # The port may be another guest's by now.
        if not self._compute.validate_console_port(
            context,
            found.compute_host,
            found.instance_uuid,
            found.port,
            found.console_type,
        ):
            raise exception.ConsoleTokenRefused
        return found
