# SPDX-License-Identifier: Apache-2.0
"""The cloud that is measured: the daemons as nova-lite-all starts them.

Commands, settings and environment are the supervisor's own, with the fake
driver, on a RabbitMQ and a MariaDB that the caller runs. Every interval is
the default one.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

from bench.http import Clients
from nova_lite.supervisor import stack, system
from nova_lite.supervisor.output import Output
from tests.fixtures.api_client import Client

_SETTINGS = """\
[DEFAULT]
state_path = {directory}
transport_url = {transport_url}
compute_driver = {driver}
host = bench
[api]
port = {port}
[database]
connection = {database_url}
[libvirt]
virt_type = qemu
[fake]
vcpus = 4000
memory_mb = 4194304
[quota]
instances = -1
cores = -1
ram = -1
"""
_HOST = "127.0.0.1"


class Cloud:
    """Daemons by name, and a client of their API."""

    def __init__(
        self,
        directory: Path,
        transport_url: str,
        database_url: str,
        computes: int,
        driver: str = "fake",
        disk: bytes = b"\0" * 4096,
    ) -> None:
        """Make schema and users; ``disk`` is the image's. Starts nothing."""
        self._directory = directory
        directory.mkdir()
        self._port = system.free_port()
        conf = directory / "nova_lite.conf"
        conf.write_text(
            _SETTINGS.format(
                directory=directory,
                transport_url=transport_url,
                database_url=database_url,
                port=self._port,
                driver=driver,
            )
        )
        self._stack = stack.load_settings(
            ["--config-file", str(conf), "--computes", str(computes)]
        )
        self._computes = computes
        self._disk = disk
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.clients: Clients
        self.image = ""
        self.flavor = ""
        self._prepare()

    def _prepare(self) -> None:
        output = Output(io.StringIO())
        stack.prepare_state(self._stack)
        stack.write_generated(self._stack, None)
        stack.manage(self._stack, output, "db", "sync")
        stack.bootstrap(self._stack, output)

    def pids(self) -> list[int]:
        """Of every daemon."""
        return [process.pid for process in self._processes.values()]

    def pid(self, name: str) -> int:
        """Of one daemon: api, conductor, scheduler, compute."""
        return self._processes[name].pid

    def launch(self) -> None:
        """Start the daemons, and wait for nothing."""
        for spec in stack.child_specs(self._stack):
            with (self._directory / f"{spec.name}.log").open("ab") as log:
                self._processes[spec.name] = subprocess.Popen(
                    spec.command,
                    cwd=Path(__file__).parents[1],
                    env={**os.environ, **spec.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def start(self) -> None:
        """Start the daemons; log in; wait until every host is known."""
        self.launch()
        api = self._processes["api"]
        system.wait_until(
            lambda: stack.api_answers(self._stack) or api.poll() is not None,
            120,
        )
        if not stack.api_answers(self._stack):
            self._kill()
            log = (self._directory / "api.log").read_text(errors="replace")
            sys.exit(f"the API did not start: {log[-500:]}")
        admin = self.log_in()
        if not self.image:
            self.image = admin.upload_image("tiny", self._disk)
            flavor = {"name": "tiny", "ram": 64, "vcpus": 1, "disk": 0}
            made = admin.post("/flavors", {"flavor": flavor})
            self.flavor = made["flavor"]["id"]
        self.wait_hosts()

    def log_in(self) -> Client:
        """Take a token for ``clients``; the administrator's client."""
        admin = Client(f"http://{_HOST}:{self._port}")
        password = (self._directory / "admin-password").read_text().strip()
        admin.login("admin", password, "admin")
        assert admin.token is not None
        self.clients = Clients(_HOST, self._port, admin.token)
        return admin

    def wait_hosts(self) -> None:
        """Wait until every compute host is known."""
        found = system.wait_until(
            lambda: (
                len(self.clients.get("/os-hypervisors")["hypervisors"])
                >= self._computes
            ),
            120,
        )
        assert found, f"not every host came up; see {self._directory}"

    def answers(self) -> bool:
        """Whether the API takes connections."""
        return not system.port_is_free(self._port, _HOST)

    def stop(self) -> None:
        """End the daemons; those who ask before those who answer."""
        if hasattr(self, "clients"):
            self.clients.close()
        for rank in sorted(
            {s.stop_rank for s in stack.child_specs(self._stack)}
        ):
            names = [
                s.name
                for s in stack.child_specs(self._stack)
                if s.stop_rank == rank
            ]
            for name in names:
                self._processes[name].terminate()
            for name in names:
                self._processes[name].wait(90)

    def _kill(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def server(self, name: str, count: int = 1) -> dict[str, object]:
        """The body of a request for servers."""
        body: dict[str, object] = {
            "name": name,
            "imageRef": self.image,
            "flavorRef": self.flavor,
            "networks": "none",
        }
        if count > 1:
            body.update(min_count=count, max_count=count)
        return {"server": body}
