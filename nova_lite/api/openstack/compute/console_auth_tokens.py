# SPDX-License-Identifier: Apache-2.0
"""Where the console is that a token opens; for proxies of others."""

from __future__ import annotations

from typing import Any, NoReturn

from nova_lite import exception, policy
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.views import console_auth_tokens as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.wsgi import operation
from nova_lite.policies import console_auth_tokens as policies


class ConsoleAuthTokensController(common.Controller):
    """/os-console-auth-tokens/{console_token}."""

    @operation(until="2.30", errors=(400,))
    def show_rdp(self, request: Request, console_token: str) -> NoReturn:
        """Refuse: these versions show RDP consoles, and there are none."""
        policy.authorize(request.context, policies.SHOW)
        raise exception.ConsoleTypeUnavailable(console_type="rdp-html5")

    @operation(since="2.31")
    def show(self, request: Request, console_token: str) -> dict[str, Any]:
        """Show where a token leads; that does not use it up."""
        policy.authorize(request.context, policies.SHOW)
        row = self.compute_api.consoles.show(console_token)
        return {"console": views.CONSOLE.show(request.version, row, None)}
