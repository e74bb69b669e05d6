# SPDX-License-Identifier: Apache-2.0
"""Neutron's ports in a real Open vSwitch, with its userspace datapath.

All of it is in a network namespace of its own.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.daemon import REPOSITORY
from tests.fixtures.netlab import Enclosure

# Where os-vif looks by itself, as Neutron's agent opens it.
_DATABASE = "tcp:127.0.0.1:6640"
_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class Switch(Enclosure):
    """Open vSwitch, in a namespace."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"nlt-{os.getpid()}-ovs")
        self._directory = directory
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Return when it has its bridge."""
        self.command("ip", "link", "set", "lo", "up")
        database = str(self._directory / "conf.db")
        self.command("ovsdb-tool", "create", database, _SCHEMA)
        self._start("ovsdb-server", database, "--remote=ptcp:6640:127.0.0.1")
        # It waits until the database is there, then for the bridge.
        self.ask("--retry", "--no-wait", "init")
        self._start("ovs-vswitchd", _DATABASE, "--disable-system")
        self.ask(
            *("add-br", "br-int", "--", "set", "bridge", "br-int"),
            "datapath_type=netdev",
        )

    def _start(self, name: str, *arguments: str) -> None:
        words = [
            *("ip", "netns", "exec", self.name, name, *arguments),
            f"--unixctl={self._directory / name}.ctl",
            f"--log-file={self._directory / name}.log",
            "-vconsole:off",
        ]
        environment = {**os.environ, "OVS_RUNDIR": str(self._directory)}
        self._daemons.append(subprocess.Popen(words, env=environment))

    def ask(self, *words: str) -> str:
        """What ovs-vsctl says."""
        return self.command(
            "ovs-vsctl", "--timeout=60", f"--db={_DATABASE}", *words
        )

    def ports(self) -> set[str]:
        """Names of the ports of the bridge."""
        return set(self.ask("list-ports", "br-int").split())

    def devices(self) -> dict[str, Any]:
        """What os-vif has made, by name."""
        there = json.loads(self.command("ip", "-json", "link"))
        return {
            one["ifname"]: one
            for one in there
            if one["ifname"].startswith(("q", "tap"))
        }

    def close(self) -> None:
        for daemon in reversed(self._daemons):
            daemon.terminate()
            daemon.wait(30)
        super().close()


class Plugger:
    """The process that plugs, as nova-lite-compute would."""

    def __init__(self, switch: Switch, mode: str) -> None:
        words = ["ip", "netns", "exec", switch.name, sys.executable]
        self._process = subprocess.Popen(
            [*words, "-m", "tests.fixtures.plugger", mode],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def do(
        self,
        action: str,
        *ports: str,
        hybrid: bool = True,
        last: int = 0,
    ) -> int:
        """Have it done to ports, up to a change; returns the changes."""
        assert self._process.stdin
        assert self._process.stdout
        order = [action, ports, hybrid, last]
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "it has ended"
        return int(answer)

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    with closing(Switch(tmp_path_factory.mktemp("ovs"))) as made:
        made.start()
        yield made


@pytest.fixture(params=["eventlet", "threading"], scope="module")
def compute(
    switch: Switch, request: pytest.FixtureRequest
) -> Iterator[Plugger]:
    with closing(Plugger(switch, request.param)) as made:
        yield made


def make_ports(number: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(number)]


def is_plugged(switch: Switch, ports: Sequence[str]) -> bool:
    """Whether these, and no others, are in the switch by their bridges."""
    ends = [one[:11] for one in ports]
    assert switch.ports() == {f"qvo{one}" for one in ends}
    there = switch.devices()
    assert set(there) == {
        f"{kind}{one}" for kind in ("qbr", "qvb", "qvo") for one in ends
    }
    assert all("UP" in one["flags"] for one in there.values())
    assert all(
        there[f"qvb{one}"]["master"] == f"qbr{one}"
        and there[f"qvo{one}"]["mtu"] == 1450
        for one in ends
    )
    return True


def is_empty(switch: Switch) -> bool:
    return not switch.ports() and not switch.devices()


def test_hybrid_ports(switch: Switch, compute: Plugger) -> None:
    """Several at once, each step twice."""
    ports = make_ports(2)
    for _ in range(2):
        compute.do("plug", *ports)
        assert is_plugged(switch, ports)
    said = switch.ask(
        *("get", "interface", f"qvo{ports[0][:11]}", "external_ids")
    )
    assert f'iface-id="{ports[0]}"' in said
    for _ in range(2):
        compute.do("unplug", *ports)
        assert is_empty(switch)


def test_ports_that_libvirt_makes(switch: Switch, compute: Plugger) -> None:
    (port,) = make_ports(1)
    compute.do("plug", port, hybrid=False)
    # As libvirt would, and as it would leave it when it was killed.
    tap = f"tap{port[:11]}"
    switch.command("ip", "tuntap", "add", tap, "mode", "tap")
    switch.ask("add-port", "br-int", tap)
    assert switch.ports() == {tap}
    for _ in range(2):
        compute.do("unplug", port, hybrid=False)
        assert is_empty(switch)


@pytest.mark.parametrize("compute", ["threading"], indirect=True)
@pytest.mark.parametrize("action", ["plug", "unplug"])
def test_a_crash_anywhere_is_made_up_for(
    switch: Switch, compute: Plugger, action: str
) -> None:
    """Ended at every other change; the next try does it all."""
    (port,) = make_ports(1)
    for last in itertools.count(1, 2):
        if action == "unplug":
            compute.do("plug", port)
        if compute.do(action, port, last=last) < last:
            break
        compute.do(action, port)
        if action == "plug":
            assert is_plugged(switch, [port])
            compute.do("unplug", port)
        assert is_empty(switch)
    assert last > 3
    compute.do("unplug", port)


def test_a_guest_that_runs_keeps_its_wire(
    switch: Switch, compute: Plugger
) -> None:
    (port,) = make_ports(1)
    compute.do("plug", port)
    before = switch.devices()
    tap = f"tap{port[:11]}"
    switch.command("ip", "tuntap", "add", tap, "mode", "tap")
    compute.do("plug", port)
    switch.command("ip", "link", "del", tap)
    there = switch.devices()
    assert {name: one["ifindex"] for name, one in there.items()} == {
        name: one["ifindex"] for name, one in before.items()
    }
    compute.do("unplug", port)
    assert is_empty(switch)
