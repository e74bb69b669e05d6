# SPDX-License-Identifier: Apache-2.0
"""The openstack client's commands that do something with a server.

Rows as in commands.py; each story has a server of its own and runs at the
version that the client asks for by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.integration.clients.commands import Row


def _server(name: str) -> Row:
    return Row(
        f"server create {name}-{{n}} --image tiny --flavor tiny --nic none",
        has={"name": f"{name}-{{n}}"},
        user="member",
        keep={"server": "id"},
    )


def _act(words: str, status: str = "ACTIVE") -> Row:
    """A command for a server that must have a status before."""
    return Row(words, user="member", wait="server", status=status)


_POWER = (
    _server("power"),
    _act("server stop power-{n}"),
    _act("server start power-{n}", "SHUTOFF"),
    _act("server reboot power-{n} --wait"),
    _act("server reboot power-{n} --hard --wait"),
    _act("server pause power-{n}"),
    _act("server unpause power-{n}", "PAUSED"),
    _act("server suspend power-{n}"),
    _act("server resume power-{n}", "SUSPENDED"),
    _act("server dump create power-{n}"),
    _act("server set power-{n} --password s3cret"),
    Row("server lock {server} --reason repair", wait="server"),
    Row(
        "server list --locked --all-projects",
        has={"Name": "power-{n}"},
    ),
    Row(
        "server stop power-{n}",
        fails=True,
        says="is locked",
        user="member",
    ),
    Row(
        "server unlock power-{n}",
        fails=True,
        says="unlock_override",
        user="member",
    ),
    Row("server unlock {server}"),
    Row(
        "server set power-{n} --state error --auto-approve",
        fails=True,
        says="Policy doesn't allow",
        user="member",
    ),
    Row("server set {server} --state error --auto-approve"),
    Row("server show power-{n}", has={"status": "ERROR"}, user="member"),
    Row("server set {server} --state active --auto-approve"),
    Row("server delete power-{n}", user="member", wait="server"),
)

_SHELF = (
    _server("shelf"),
    _act("server shelve shelf-{n}"),
    _act("server unshelve shelf-{n}", "SHELVED_OFFLOADED"),
    Row("server delete shelf-{n}", user="member", wait="server"),
)

_SIZE = (
    Row("flavor create larger-{n} --ram 128 --vcpus 1 --disk 1"),
    _server("size"),
    _act("server resize size-{n} --flavor larger-{n}"),
    _act("server resize revert size-{n}", "VERIFY_RESIZE"),
    _act("server resize size-{n} --flavor larger-{n} --wait"),
    _act("server resize confirm size-{n}", "VERIFY_RESIZE"),
    Row("server migrate {server}", wait="server"),
    _act("server migration revert size-{n}", "VERIFY_RESIZE"),
    Row("server migrate {server}", wait="server"),
    _act("server migration confirm size-{n}", "VERIFY_RESIZE"),
    Row("server migrate {server}", wait="server"),
    _act("server migrate revert size-{n}", "VERIFY_RESIZE"),
    Row("server migrate {server}", wait="server"),
    _act("server migrate confirm size-{n}", "VERIFY_RESIZE"),
    Row("server delete size-{n}", user="member", wait="server"),
)

_REPAIR = (
    _server("repair"),
    _act("server rebuild repair-{n} --image tiny --name fixed-{n} --wait"),
    _act("server set fixed-{n} --name repair-{n}"),
    _act("server rescue repair-{n} --image tiny --password s3cret"),
    _act("server unrescue repair-{n}", "RESCUE"),
    # Only a cloud that keeps deleted servers has what to restore.
    Row(
        "server restore repair-{n}",
        fails=True,
        says="while it is in vm_state active",
        user="member",
        wait="server",
    ),
    Row("server delete repair-{n} --force", user="member", wait="server"),
)

_CONSOLE = (
    _server("screen"),
    Row(
        "console url show screen-{n} --novnc",
        has={"type": "novnc", "protocol": "vnc"},
        says="vnc_lite.html?path=%3Ftoken%3D",
        user="member",
        wait="server",
    ),
    Row(
        "console url show screen-{n} --spice",
        fails=True,
        says="Unavailable console type spice-html5.",
        user="member",
    ),
    Row(
        "console connection show 00000000-0000-4000-8000-000000000000",
        fails=True,
        says="Token not found",
    ),
    Row("server delete screen-{n} --wait", user="member"),
)

ACTIONS: Mapping[str, Sequence[Row]] = {
    "console": _CONSOLE,
    "power": _POWER,
    "repair": _REPAIR,
    "shelf": _SHELF,
    "size": _SIZE,
}
