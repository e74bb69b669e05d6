# SPDX-License-Identifier: Apache-2.0
"""A private RabbitMQ node: own directory, own name, loopback only.

Called by nova-lite-all and by the test fixtures. The node outlives a
supervisor that was killed, and the next one takes it up: a broker that
goes away for no reason would cost every daemon a reconnect.

The node has its own epmd (the port mapper of Erlang) on its own port, so
that it neither meets nor leaves behind one that is shared with others.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

from nova_lite import exception
from nova_lite.supervisor import system

_VHOST = "nova-lite"
_USER = "nova-lite"
# The plain scripts: those in /usr/sbin switch to the rabbitmq user.
_SERVER_PATHS = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/rabbitmq/sbin/rabbitmq-server",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """What a node keeps over restarts; the file holds its password."""

    node: str
    password: str
    amqp_port: int
    dist_port: int
    epmd_port: int

    @classmethod
    def draw(cls, directory: Path) -> Identity:
        """A new identity; the name follows from the directory."""
        ports: set[int] = set()
        while len(ports) < 3:
            ports.add(system.free_port())
        amqp, dist, epmd = ports
        digest = hashlib.sha256(str(directory).encode()).hexdigest()[:10]
        return cls(
            node=f"nova-lite-{digest}@localhost",
            password=secrets.token_urlsafe(24),
            amqp_port=amqp,
            dist_port=dist,
            epmd_port=epmd,
        )


class RabbitNode:
    """One broker below ``directory``; see start, stop and transport_url."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self._identity_file = self.directory / "identity.json"
        self._pid_file = self.directory / "rabbitmq.pid"
        self._epmd_pid_file = self.directory / "epmd.pid"
        self._children: list[subprocess.Popen[bytes]] = []
        self._identity: Identity | None = None

    @property
    def identity(self) -> Identity:
        """Name, password and ports, drawn at the first start."""
        if self._identity is None:
            values = json.loads(self._identity_file.read_text())
            self._identity = Identity(**values)
        return self._identity

    @property
    def log_file(self) -> Path:
        """Where the node tells what happens to it."""
        return self.directory / "rabbitmq.log"

    def transport_url(self, vhost: str = _VHOST) -> str:
        """The oslo.messaging URL; it holds the password."""
        return (
            f"rabbit://{_USER}:{self.identity.password}@127.0.0.1:"
            f"{self.identity.amqp_port}/{vhost}"
        )

    def is_running(self) -> bool:
        """Whether the node's process lives; see also is_healthy."""
        self._reap()
        return system.is_running(self._pid(), self._mark)

    def is_healthy(self) -> bool:
        """Whether the node answers the first words of AMQP."""
        try:
            with socket.create_connection(
                ("127.0.0.1", self.identity.amqp_port), timeout=2
            ) as sock:
                sock.sendall(b"AMQP\x00\x00\x09\x01")
                # A method frame (1) is Connection.Start: it is serving.
                return sock.recv(1) == b"\x01"
        except OSError:
            return False

    def start(self, timeout_s: float = 90) -> None:
        """Start the node, or take up the one that runs already.

        Raises: ConfigurationError when RabbitMQ is not installed or the
        node does not serve within ``timeout_s``.
        """
        deadline = time.monotonic() + timeout_s
        self._prepare()
        if not self.is_running():
            self._renew_taken_ports()
            self._write_settings()
            (self.directory / "output.log").unlink(missing_ok=True)
            self._start_epmd()
            self._start_server()
        while not self.is_healthy():
            if not self.is_running():
                raise exception.ConfigurationError(
                    reason="the private RabbitMQ node ended while it "
                    f"started; its log is {self.log_file}: {self._tail()}"
                )
            if time.monotonic() > deadline:
                raise exception.ConfigurationError(
                    reason="the private RabbitMQ node did not serve within "
                    f"{timeout_s:.0f} s; its log is {self.log_file}"
                )
            time.sleep(0.1)

    def stop(self, timeout_s: float = 30) -> None:
        """Stop the node and its epmd; durable queues stay on disk."""
        pid = self._pid()
        if pid is not None:
            # A clean end closes the message store; else the next start
            # rebuilds its index.
            system.end_process(pid, self._mark, timeout_s)
        epmd = system.read_pid(self._epmd_pid_file)
        if epmd is not None:
            system.end_process(epmd, "epmd", 5)
        for child in self._children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(5)
        self._reap()
        self._pid_file.unlink(missing_ok=True)
        self._epmd_pid_file.unlink(missing_ok=True)

    def add_vhost(self, name: str) -> str:
        """Make a virtual host; return the transport URL of it."""
        self._call(f"rabbit_vhost:add(<<{json.dumps(name)}>>, <<>>)")
        self._call(
            f'rabbit_auth_backend_internal:set_permissions(<<"{_USER}">>, '
            f'<<{json.dumps(name)}>>, <<".*">>, <<".*">>, <<".*">>, <<>>)'
        )
        return self.transport_url(name)

    def _call(self, expression: str) -> None:
        """Raises: ConfigurationError when the node refuses."""
        # It serves AMQP a moment before its name can be looked up.
        deadline = time.monotonic() + 10
        while (said := self._evaluate(expression)) and (
            b"failed to connect" in said and time.monotonic() < deadline
        ):
            time.sleep(0.2)
        if said:
            raise exception.ConfigurationError(
                reason=f"RabbitMQ refused: {said.decode()[-300:]}"
            )

    def _evaluate(self, expression: str) -> bytes:
        """Run Erlang in the node; what it said against it, if anything."""
        done = subprocess.run(
            ["erl_call", "-sname", self.identity.node, "-e"],
            input=f"{expression}.\n".encode(),
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        if done.returncode or b"error" in done.stdout:
            return done.stdout or b"no reason was given"
        return b""

    @property
    def _mark(self) -> str:
        return str(self.directory)

    def _pid(self) -> int | None:
        return system.read_pid(self._pid_file)

    def _reap(self) -> None:
        self._children = [c for c in self._children if c.poll() is None]

    def _prepare(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        if not self._identity_file.exists():
            self._save(Identity.draw(self.directory))
        cookie = self.directory / ".erlang.cookie"
        if not cookie.exists():
            system.write_private(cookie, secrets.token_hex(20))
            cookie.chmod(0o400)

    def _save(self, identity: Identity) -> None:
        values = dataclasses.asdict(identity)
        system.write_private(self._identity_file, json.dumps(values))
        self._identity = identity

    def _renew_taken_ports(self) -> None:
        """Another program may have taken a port while the node was down."""
        current = self.identity
        ports = (current.amqp_port, current.dist_port)
        if all(system.port_is_free(port) for port in ports):
            return
        fresh = Identity.draw(self.directory)
        self._save(dataclasses.replace(fresh, password=current.password))

    def _write_settings(self) -> None:
        identity = self.identity
        settings = {
            "listeners.tcp.1": f"127.0.0.1:{identity.amqp_port}",
            "default_user": _USER,
            "default_pass": identity.password,
            "default_vhost": _VHOST,
            "log.file": self.log_file,
            "log.file.level": "warning",
            "log.file.rotation.size": 10_485_760,
            "log.file.rotation.count": 2,
            "log.console": "false",
            "disk_free_limit.absolute": "50MB",
            # Its default counts per run of a timer and costs idle CPU.
            "collect_statistics": "none",
        }
        text = "".join(f"{key} = {val}\n" for key, val in settings.items())
        system.write_private(self.directory / "rabbitmq.conf", text)
        (self.directory / "plugins").write_text("[].\n")

    def _environment(self) -> dict[str, str]:
        identity, here = self.identity, str(self.directory)
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG")}
        return {
            **kept,
            "HOME": here,
            "ERL_EPMD_PORT": str(identity.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RABBITMQ_ALLOW_INPUT": "1",  # the script becomes the server
            "RABBITMQ_CONF_ENV_FILE": f"{here}/none",
            "RABBITMQ_CONFIG_FILE": f"{here}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{here}/plugins",
            "RABBITMQ_LOG_BASE": here,
            "RABBITMQ_MNESIA_BASE": f"{here}/data",
            "RABBITMQ_NODENAME": identity.node,
            "RABBITMQ_DIST_PORT": str(identity.dist_port),
            "RABBITMQ_PID_FILE": f"{here}/server.pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                # No busy waiting and few threads: it shares its cores
                # with the guests. The last pair marks the process as ours.
                "-noinput +sbwt none +sbwtdcpu none +sbwtdio none +A 16 "
                "-kernel inet_dist_use_interface {127,0,0,1} "
                f"-nova_lite_directory {here}"
            ),
        }

    def _start_epmd(self) -> None:
        identity = self.identity
        if not system.port_is_free(identity.epmd_port):
            return  # one that a killed start left
        command = [_find("epmd"), "-port", str(identity.epmd_port)]
        command += ["-address", "127.0.0.1"]
        pid = self._spawn(command)
        system.write_private(self._epmd_pid_file, str(pid))

    def _start_server(self) -> None:
        for path in _SERVER_PATHS:
            if os.access(path, os.X_OK):
                break
        else:
            path = _find("rabbitmq-server")
        system.write_private(self._pid_file, str(self._spawn([path])))

        # The script is the shell for a moment, without our mark.
        def marked() -> bool:
            self._reap()
            return not self._children or self.is_running()

        system.wait_until(marked, 10)

    def _spawn(self, command: list[str]) -> int:
        with (self.directory / "output.log").open("ab") as output:
            child = subprocess.Popen(
                command,
                cwd=self.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._children.append(child)
        return child.pid

    def _tail(self) -> str:
        for path in (self.log_file, self.directory / "output.log"):
            if path.exists() and (text := path.read_text(errors="replace")):
                return text[-500:].strip()
        return "nothing was logged"


def _find(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise exception.ConfigurationError(
            reason=f"no transport_url is configured and {name} is not "
            "installed; install it (apt-get install rabbitmq-server) or "
            "set transport_url in [DEFAULT]."
        )
    return path
