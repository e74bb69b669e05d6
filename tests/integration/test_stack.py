# SPDX-License-Identifier: Apache-2.0
"""The two commands, stack.sh and unstack.sh, as a user runs them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from openstack.config import OpenStackConfig
from openstack.connection import Connection

from nova_lite.supervisor import system

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

_REPO = Path(__file__).parents[2]
_DEVSTACK = _REPO / "devstack"


class Stack:
    """One stack with a state directory and a port of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = system.free_port()
        self.bridge = f"nl{state.name[-8:]}"
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("OS_")
        } | {
            "NOVA_LITE_STATE": str(state),
            "NOVA_LITE_METADATA_PORT": str(system.free_port()),
            "NOVA_LITE_PUBLIC_BRIDGE": self.bridge,
        }

    def run(self, script: str, *options: str) -> tuple[int, str]:
        """Run one of the scripts; its exit status and what it said."""
        done = subprocess.run(
            [_DEVSTACK / script, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment,
            timeout=600,
        )
        return done.returncode, done.stdout

    def up(self, *options: str) -> str:
        """stack.sh, which must succeed."""
        status, text = self.run(
            "stack.sh", "--api-port", str(self.port), *options
        )
        assert status == 0, text
        return text

    def client(self, *words: str) -> str:
        """The stock client, by openrc alone."""
        done = subprocess.run(
            [
                "bash",
                "-c",
                '. "$0" && openstack "$@"',
                _DEVSTACK / "openrc",
                *words,
            ],
            capture_output=True,
            text=True,
            env=self._environment,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def cloud(self) -> Connection:
        """The same cloud, without a process for each command."""
        clouds = OpenStackConfig(
            config_files=[str(self.state / "clouds.yaml")]
        )
        return Connection(config=clouds.get_one("nova-lite"))

    def ssh(self, address: str, command: str) -> bool:
        """Whether a command in a guest works, by a connection of its own."""
        options = (
            *("BatchMode=yes", "StrictHostKeyChecking=no"),
            *("UserKnownHostsFile=/dev/null", "ConnectTimeout=5"),
        )
        words = [
            *("ssh", "-i", str(self.state / "demo.pem")),
            *(part for one in options for part in ("-o", one)),
            *(f"root@{address}", command),
        ]
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=30,
            )
        except subprocess.TimeoutExpired:
            return False  # a rule has cut it off in the middle
        return done.returncode == 0

    def supervisor(self) -> psutil.Process:
        """nova-lite-all."""
        pid_file = self.state / "nova-lite-all.pid"
        return psutil.Process(int(pid_file.read_text().split()[0]))

    def daemon(self, name: str) -> psutil.Process | None:
        """A daemon that runs under it."""
        for child in self.supervisor().children():
            # One that was killed is a zombie until its parent has seen it.
            with contextlib.suppress(psutil.NoSuchProcess):
                if f"nova_lite.cmd.{name}" in child.cmdline():
                    return child
        return None

    def processes(self) -> list[str]:
        """Whatever still runs and names the state directory."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            line = " ".join(process.info["cmdline"] or [])
            if str(self.state) in line:
                found.append(line)
        return found


@pytest.fixture
def stack() -> Iterator[Stack]:
    # Not below pytest's own directory: QEMU's user cannot enter that.
    made = Stack(Path(f"/tmp/nova-lite-stack-{uuid.uuid4().hex[:8]}"))
    yield made
    status, text = made.run("unstack.sh", "--purge")
    assert status == 0, text
    assert not made.state.exists()
    assert made.processes() == []


def test_from_nothing_to_a_server_that_talks(
    stack: Stack, libvirtd: object
) -> None:
    text = stack.up()
    assert "[10/11] console of demo" in text
    assert "nova-lite-guest: eth0 address=198.51.100." in text
    assert "nova-lite-guest: ready hostname=demo" in text
    assert "metadata=http" in text
    # What the guest itself has answered.
    assert "[11/11] ssh to demo" in text
    assert re.search(r"\n +demo\S*\n.* up ", text), text
    secret = (stack.state / "metadata-secret").read_text().strip()
    assert secret not in " ".join(stack.processes())
    assert (stack.state / "metadata-secret").stat().st_mode & 0o077 == 0
    status = stack.client(
        "server", "show", "demo", "-f", "value", "-c", "OS-EXT-STS:vm_state"
    )
    assert status.strip() == "active"
    domain = stack.client(
        "server", "show", "demo", "-f", "value", "-c", "id"
    ).strip()

    made = stack.client(
        *("network", "list", "-f", "value", "-c", "ID")
    ).split()
    made += stack.client(
        *("router", "list", "-f", "value", "-c", "ID")
    ).split()

    def names() -> set[str]:
        devices = {name for _, name in socket.if_nameindex()}
        return devices | {path.name for path in Path("/run/netns").glob("q*")}

    assert {f"qdhcp-{made[0]}", f"qdhcp-{made[1]}"} & names()
    assert f"qrouter-{made[2]}" in names()

    _use_networks(stack, re.findall(r"root@(\S+) ", text)[0])

    # A second run takes up what is there.
    text = stack.up()
    assert "nova-lite-all runs already" in text
    assert "image nova-lite-linux is there" in text

    # Stopping leaves the guest alone; starting finds it again.
    status, text = stack.run("unstack.sh")
    assert status == 0, text
    assert "1 guests stay as they are" in text
    assert _domains().count(domain) == 1
    stack.up("--no-demo")
    assert "ACTIVE" in stack.client("server", "list")
    status, text = stack.run("unstack.sh", "--purge")
    assert status == 0, text
    assert domain not in _domains()
    assert stack.bridge not in names()
    assert not any(ident in name for ident in made for name in names())
    tables = subprocess.run(
        ["nft", "list", "tables"], capture_output=True, text=True, check=True
    )
    assert "nova-lite" not in tables.stdout


def _use_networks(stack: Stack, address: str) -> None:
    """A rule less, a rule more, for a guest that runs.

    What else guests do on networks stands in test_networks.py.
    """
    cloud = stack.cloud()
    net = cloud.network

    def reached(wanted: bool) -> bool:
        return system.wait_until(
            lambda: stack.ssh(address, "true") is wanted, 90
        )

    (group,) = net.security_groups(
        project_id=cloud.current_project_id, name="default"
    )
    (rule,) = net.security_group_rules(
        security_group_id=group.id, protocol="tcp"
    )
    net.delete_security_group_rule(rule)
    assert reached(False)
    net.create_security_group_rule(
        security_group_id=group.id,
        direction="ingress",
        protocol="tcp",
        port_range_min=22,
        port_range_max=22,
    )
    assert reached(True)


def _domains() -> list[str]:
    return subprocess.run(
        ["virsh", "-q", "-c", "qemu:///system", "list", "--all", "--uuid"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()


def test_fake_computes_and_a_daemon_that_dies(stack: Stack) -> None:
    stack.up("--driver", "fake", "--computes", "2")
    hosts = stack.client("hypervisor", "list", "-f", "value", "-c", "State")
    assert hosts.split() == ["up", "up"]
    for name in ("nova_lite.conf", "admin-openrc", "nova-lite.sqlite"):
        assert (stack.state / name).stat().st_mode & 0o077 == 0

    # No secret is in a command line, which every user can read.
    password = (stack.state / "admin-password").read_text().strip()
    lines = " ".join(stack.processes())
    assert password not in lines
    assert "rabbit://" not in lines

    api = stack.daemon("api")
    assert api is not None
    api.send_signal(signal.SIGKILL)
    assert system.wait_until(
        lambda: (stack.daemon("api") or api).pid != api.pid, 60
    )
    log = stack.state / "logs" / "nova-lite-all.log"
    assert "api ended (by SIGKILL)" in log.read_text()
    stack.up("--driver", "fake", "--computes", "2", "--no-demo")
    assert "ACTIVE" in stack.client("server", "list")


def test_a_killed_supervisor_leaves_no_daemon(stack: Stack) -> None:
    stack.up("--driver", "fake", "--no-demo")
    supervisor = stack.supervisor()
    daemons = [
        child
        for child in supervisor.children()
        if "nova_lite.cmd" in " ".join(child.cmdline())
    ]
    assert len(daemons) == 4
    supervisor.kill()
    _gone, alive = psutil.wait_procs(daemons, timeout=60)
    assert alive == []

    # The broker outlives it, and the next run takes it up.
    pid = (stack.state / "rabbitmq" / "rabbitmq.pid").read_text()
    stack.up("--driver", "fake", "--no-demo")
    assert (stack.state / "rabbitmq" / "rabbitmq.pid").read_text() == pid


def test_a_failing_step_says_which_and_why(stack: Stack) -> None:
    stack.state.mkdir()
    (stack.state / "logs").mkdir()
    # The state directory of the broker cannot be made.
    (stack.state / "rabbitmq").write_text("a file is in the way")
    status, text = stack.run(
        "stack.sh", "--driver", "fake", "--api-port", str(stack.port)
    )
    assert status != 0
    assert 'stack.sh failed in step "daemons"' in text
    assert "nova-lite-all ended while it started" in text
    assert "rabbitmq" in text
    (stack.state / "rabbitmq").unlink()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--driver", "xen"], "--driver is libvirt or fake"),
        (["--computes", "0"], "--computes is 1 to 999"),
        (["--computes", "2"], "one libvirt makes one compute host"),
        (["--db", "oracle"], "--db is sqlite, mariadb or postgresql"),
        (["--state"], "--state needs a value"),
        (["--what"], "unknown option --what"),
    ],
)
def test_wrong_options_are_refused(
    tmp_path: Path, options: list[str], sentence: str
) -> None:
    status, text = Stack(tmp_path / "state").run("stack.sh", *options)
    assert status == 1
    assert re.search(re.escape(sentence), text), text
    assert not (tmp_path / "state").exists()
