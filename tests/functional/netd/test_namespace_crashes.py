# SPDX-License-Identifier: Apache-2.0
"""A netd killed while it makes or removes DHCP servers and routers."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nova_lite.netd import floating, legs, nft
from nova_lite.netd.dnsmasq import Dnsmasq
from nova_lite.netd.namespaces import Namespaces
from nova_lite.network.wanted import (
    HostState,
    WantedFloatingIP,
    WantedRouter,
    WantedRouterPort,
)
from tests.fixtures.netlab_routing import (
    OUTSIDE,
    Lab,
    RoutingHost,
    external,
    network,
    port,
    state,
    subnet,
)

# All of them take a minute or two (1); these are a sample.
EVERY = int(os.environ.get("NETD_CRASH_EVERY", "13"))

_STEPS: list[tuple[Any, str]] = [
    *((Namespaces, name) for name in ("ensure", "remove", "run")),
    *((Dnsmasq, name) for name in ("prepare", "_start", "_signal", "_write")),
    *((legs, "_make_veth"), (legs, "_set_link"), (legs, "_add_route")),
    *((legs, "_set_addresses"), (legs, "write_sysctls")),
    *((nft, "apply"), (floating, "announce")),
    *((Path, "unlink"), (Path, "rmdir"), (Path, "replace")),
]


class Crash(BaseException):
    """The end of a netd, wherever it is."""


class Countdown:
    """Calls until the one that is never made."""

    left = 0

    def over(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise Crash
            return function(*args, **kwargs)

        return call


def everything() -> HostState:
    """A network with a server, and a router with a floating ip."""
    net = network(
        subnet("198.51.100.0/24"),
        subnet("fd00:6::/64", ra_mode="slaac", address_mode="slaac"),
    )
    outer = external()
    router = WantedRouter(
        id=str(uuid.uuid4()),
        admin_state_up=True,
        legs=[
            WantedRouterPort(
                str(uuid.uuid4()),
                net.id,
                "fa:16:3e:bb:00:01",
                ["198.51.100.1/24", "fd00:6::1/64"],
            )
        ],
        gateway=WantedRouterPort(
            str(uuid.uuid4()),
            outer.id,
            "fa:16:3e:cc:00:01",
            ["203.0.113.9/24"],
        ),
        next_hops=[OUTSIDE],
        floating_ips=[WantedFloatingIP("f", "203.0.113.10", "198.51.100.11")],
    )
    return state([net, outer], [port(net, 11)], routers=[router])


def test_a_crash_anywhere_is_made_up_for(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was begun is brought to its end by the next; nothing is left."""
    host = lab.host()
    wanted = everything()
    countdown = Countdown()
    for owner, name in _STEPS:
        function = countdown.over(getattr(owner, name))
        monkeypatch.setattr(owner, name, function)
    for making in (True, False):
        for number in itertools.count(2, EVERY):
            if not _crashes(host, countdown, number, wanted, making):
                break
            host.restart()
            assert not host.converge(wanted).failed
            assert len(host.names()) == 2
            _works(host, wanted)
            host.restart()
            assert not host.converge(HostState()).failed
            _is_empty(host)
        assert number > EVERY


def _crashes(
    host: RoutingHost,
    countdown: Countdown,
    number: int,
    wanted: HostState,
    making: bool,
) -> bool:
    """Whether that many calls are made; then it has crashed there."""
    if not making:
        assert not host.converge(wanted).failed
    host.restart()
    countdown.left = number
    try:
        host.converge(wanted if making else HostState())
    except Crash:
        return True
    finally:
        countdown.left = 0
    return False


def _works(host: RoutingHost, wanted: HostState) -> None:
    net, router = wanted.networks[0], wanted.routers[0]
    for kind, thing_id in (("dhcp", net.id), ("routers", router.id)):
        pid = host.dnsmasq(kind, thing_id)
        assert b"dnsmasq" in Path(f"/proc/{pid}/cmdline").read_bytes()
    rules = host.inside(
        f"qrouter-{router.id}", nft.list_table, "ip", floating.TABLE
    )
    assert "203.0.113.10" in str(rules)


def _is_empty(host: RoutingHost) -> None:
    assert host.names() == []
    for kind in ("dhcp", "routers"):
        assert os.listdir(host.directory / "state" / kind) == []
    links = host.command("ip", "-o", "link", "show", "type", "veth")
    assert links == ""
    ours = f"--conf-file={host.directory}".encode()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            assert ours not in _command(process)


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
