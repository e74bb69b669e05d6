# SPDX-License-Identifier: Apache-2.0
"""What nova-lite-all runs: settings, generated files, the children.

Called by cmd/all.py in the nova-lite-all process. It reads the few options
that it needs by itself: registering all of them would import more than a
supervisor should hold in memory for ever.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from oslo_config import cfg

from nova_lite import exception, version
from nova_lite.conf import api as api_options
from nova_lite.conf import base as base_options
from nova_lite.conf import database as database_options
from nova_lite.conf import metadata as metadata_options
from nova_lite.conf import neutron as neutron_options
from nova_lite.conf import serial_console as serial_console_options
from nova_lite.conf import service_user as service_user_options
from nova_lite.conf import virt as virt_options
from nova_lite.conf import vnc as vnc_options
from nova_lite.supervisor import system
from nova_lite.supervisor.output import Output
from nova_lite.supervisor.processes import ChildSpec

# Ranks of stopping: those who ask stop before those who answer.
_EDGE, _SCHEDULER, _CONDUCTOR = 0, 1, 2


# glibc raises this threshold by itself, and then keeps what each of a
# daemon's native threads has freed: 19 MiB for one password hash.
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20), "MALLOC_ARENA_MAX": "2"}


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says, as far as the supervisor cares."""

    state: Path
    host: str
    instances_path: Path
    config_args: tuple[str, ...]
    own_broker: bool
    own_identity: bool
    own_service_user: bool
    computes: int
    proxies: tuple[str, ...]
    # Guests' networks are made on this host, by nova-lite-netd.
    own_network: bool
    own_metadata_secret: bool
    metadata_address: str
    metadata_port: int
    api_address: str
    api_port: int
    stop_timeout_s: float

    @property
    def api_url(self) -> str:
        """Where a client on this machine finds the API."""
        host = _reached(self.api_address)
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.api_port}"


def _reached(address: str) -> str:
    """Where on this machine one finds who listens there."""
    wild = address in ("0.0.0.0", "::", "")  # noqa: S104
    return "127.0.0.1" if wild else address


def load_settings(argv: Sequence[str]) -> Settings:
    """Read the command line and the configuration files.

    Raises: ConfigurationError with the parser's sentence.
    """
    conf = cfg.ConfigOpts()
    conf.register_cli_opts(
        [
            cfg.IntOpt(
                "computes",
                default=1,
                min=0,
                max=1000,
                help="Number of compute daemons. Above 1 each gets a host "
                "name and an instances directory of its own; that is for "
                "the fake driver, since they share one hypervisor.",
            )
        ]
    )
    conf.register_opts([*base_options.OPTS, *virt_options.OPTS])
    conf.register_opts(
        # oslo.messaging's and oslo.service's own, which are not imported.
        [
            cfg.StrOpt("transport_url", secret=True),
            cfg.IntOpt("graceful_shutdown_timeout", default=60, min=0),
        ]
    )
    for module in (
        database_options,
        api_options,
        service_user_options,
        vnc_options,
        serial_console_options,
        neutron_options,
        metadata_options,
    ):
        conf.register_opts(module.OPTS, group=module.GROUP)
    try:
        conf(
            list(argv),
            project="nova_lite",
            prog="nova-lite-all",
            version=version.string(),
        )
        return _settings(conf)
    except cfg.Error as error:
        raise exception.ConfigurationError(reason=str(error)) from error


def _settings(conf: Any) -> Settings:
    # Children must not search the default places again: they get the
    # generated file by option, which ends that search.
    args: list[str] = []
    for name in conf.config_file or []:
        args += ["--config-file", os.path.abspath(name)]
    for name in conf.config_dir or []:
        args += ["--config-dir", os.path.abspath(name)]
    drain = conf.graceful_shutdown_timeout
    return Settings(
        state=Path(os.path.abspath(conf.state_path)),
        host=conf.host,
        instances_path=Path(os.path.abspath(conf.instances_path)),
        config_args=tuple(args),
        own_broker=not conf.transport_url,
        own_identity=conf.api.auth_strategy == "embedded",
        own_service_user=not conf.service_user.auth_url,
        computes=conf.computes,
        proxies=_proxies(conf),
        own_network=_has_network(conf),
        own_metadata_secret=not conf.neutron.metadata_proxy_shared_secret,
        metadata_address=conf.api.metadata_listen,
        metadata_port=conf.api.metadata_port,
        api_address=conf.api.listen,
        api_port=conf.api.port,
        # A daemon ends itself somewhat after its time to drain; 0 is for ever.
        stop_timeout_s=drain + 15 if drain else float("inf"),
    )


def _proxies(conf: Any) -> tuple[str, ...]:
    """The console proxies that the guests of this host have a use for."""
    if conf.compute_driver == "fake":
        return ()
    wanted = {
        "novncproxy": conf.vnc.enabled,
        "serialproxy": conf.serial_console.enabled,
    }
    return tuple(name for name, enabled in wanted.items() if enabled)


def _has_network(conf: Any) -> bool:
    """Whether guests of this host get real interfaces from us."""
    return (
        "network" in conf.api.embedded_services
        and conf.compute_driver != "fake"
        and conf.computes == 1
        # Devices and rules of the kernel are root's alone.
        and os.geteuid() == 0
    )


def prepare_state(settings: Settings) -> None:
    """Make the state directory; guests' disks below it are read by QEMU.

    Raises: ConfigurationError when it cannot be written.
    """
    try:
        settings.state.mkdir(mode=0o755, parents=True, exist_ok=True)
        (settings.state / "generated").mkdir(mode=0o700, exist_ok=True)
        pid_directory(settings).mkdir(exist_ok=True)
    except OSError as error:
        raise exception.ConfigurationError(
            reason=f"state_path {settings.state} cannot be used "
            f"({error.strerror}); set state_path in [DEFAULT] to a directory "
            "that this user may write, or run as its owner."
        ) from error


def pid_directory(settings: Settings) -> Path:
    """Where ``<daemon>.pid`` of each daemon is, for tools that measure."""
    return settings.state / "pids"


def write_generated(settings: Settings, transport_url: str | None) -> None:
    """Write the configuration that the children get beside the user's.

    It holds what the user's leaves open, secrets among them, so it is for
    its owner only.
    """
    common: dict[str, dict[str, Any]] = {"DEFAULT": {}}
    if transport_url is not None:
        common["DEFAULT"]["transport_url"] = transport_url
    if settings.own_identity and settings.own_service_user:
        common["service_user"] = {
            "auth_url": _auth_url(settings),
            "username": "nova-lite",
            "password": _password(settings, "service-password"),
        }
    if settings.own_network:
        common |= _metadata(settings)
    _write(_common_file(settings), common)
    for number in _compute_numbers(settings):
        host = f"{settings.host}-{number}"
        own = {"host": host, "instances_path": settings.instances_path / host}
        # Several of one kind on one machine: with use_queue_manager their
        # reply queues would have one name.
        bus = {"hostname": host}
        _write(
            _compute_file(settings, number),
            {"DEFAULT": own, "oslo_messaging_rabbit": bus},
        )


def _metadata(settings: Settings) -> dict[str, dict[str, Any]]:
    """Metadata for guests, by netd's proxy and a secret that both know."""
    neutron: dict[str, Any] = {"service_metadata_proxy": True}
    if settings.own_metadata_secret:
        neutron["metadata_proxy_shared_secret"] = _password(
            settings, "metadata-secret"
        )
    netd = {
        "nova_metadata_host": _reached(settings.metadata_address),
        "nova_metadata_port": settings.metadata_port,
    }
    return {"api": {"metadata": True}, "neutron": neutron, "netd": netd}


def _write(path: Path, groups: Mapping[str, Mapping[str, Any]]) -> None:
    lines = ["# Written by nova-lite-all at each start: changes are lost."]
    for group, values in groups.items():
        lines.append(f"[{group}]")
        # A $ would begin a reference to another option.
        lines += [
            f"{name} = {str(value).replace('$', '$$')}"
            for name, value in values.items()
        ]
    system.write_private(path, "\n".join(lines) + "\n")


def _password(settings: Settings, name: str) -> str:
    """A password that is drawn once and kept in the state."""
    path = settings.state / name
    if not path.exists():
        system.write_private(path, secrets.token_urlsafe(18) + "\n")
    return path.read_text().strip()


def _auth_url(settings: Settings) -> str:
    return f"{settings.api_url}/identity/v3"


def _common_file(settings: Settings) -> Path:
    return settings.state / "generated" / "common.conf"


def _compute_file(settings: Settings, number: int) -> Path:
    return settings.state / "generated" / f"compute-{number}.conf"


def _compute_numbers(settings: Settings) -> range:
    """The computes with files of their own; a lone one needs none."""
    count = settings.computes
    return range(1, count + 1) if count > 1 else range(0)


def config_args(settings: Settings) -> list[str]:
    """The configuration options of every child."""
    common = str(_common_file(settings))
    return [*settings.config_args, "--config-file", common]


def child_specs(settings: Settings) -> list[ChildSpec]:
    """The daemons, in the order in which they are started."""
    shared = config_args(settings)

    def spec(name: str, rank: int, label: str, *extra: str) -> ChildSpec:
        module = f"nova_lite.cmd.{name}"
        command = (sys.executable, "-m", module, *shared, *extra)
        return ChildSpec(label, command, rank, _MALLOC)

    specs = [
        spec("conductor", _CONDUCTOR, "conductor"),
        spec("scheduler", _SCHEDULER, "scheduler"),
        spec("api", _EDGE, "api"),
        *(spec(name, _EDGE, name) for name in settings.proxies),
    ]
    if settings.own_network:
        specs.append(spec("netd", _EDGE, "netd"))
    if settings.computes == 1:
        specs.append(spec("compute", _EDGE, "compute"))
    for number in _compute_numbers(settings):
        own = ("--config-file", str(_compute_file(settings, number)))
        specs.append(spec("compute", _EDGE, f"compute-{number}", *own))
    return specs


def manage(
    settings: Settings,
    output: Output,
    *command: str,
    environment: dict[str, str] | None = None,
) -> None:
    """Run one nova-lite-manage command, in a process of its own.

    Raises: ConfigurationError when it fails; it has said why.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "nova_lite.cmd.manage",
            *config_args(settings),
            *command,
        ],
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    for line in done.stdout.decode(errors="replace").splitlines():
        output.line("manage", line)
    if done.returncode:
        raise exception.ConfigurationError(
            reason=f"nova-lite-manage {' '.join(command)} failed with exit "
            f"status {done.returncode}"
        )


def bootstrap(settings: Settings, output: Output) -> None:
    """Make the first administrator; keep the credentials in the state.

    ``admin-openrc`` (for a shell) and ``clouds.yaml`` (for the client's
    --os-cloud nova-lite) hold the password, so only their owner reads them.
    """
    password = _password(settings, "admin-password")
    manage(
        settings,
        output,
        "bootstrap",
        "--keep-password",
        environment={
            "OS_BOOTSTRAP_PASSWORD": password,
            "OS_BOOTSTRAP_SERVICE_PASSWORD": _password(
                settings, "service-password"
            ),
        },
    )
    auth_url = _auth_url(settings)
    system.write_private(
        settings.state / "admin-openrc",
        _OPENRC.format(auth_url=auth_url, password=password),
    )
    system.write_private(
        settings.state / "clouds.yaml",
        _CLOUDS.format(auth_url=auth_url, password=password),
    )


_OPENRC = """\
export OS_AUTH_TYPE=password
export OS_AUTH_URL={auth_url}
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME=admin
export OS_PASSWORD={password}
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_NAME=admin
export OS_PROJECT_DOMAIN_NAME=Default
export OS_REGION_NAME=RegionOne
"""

_CLOUDS = """\
clouds:
  nova-lite:
    auth:
      auth_url: {auth_url}
      username: admin
      password: {password}
      user_domain_name: Default
      project_name: admin
      project_domain_name: Default
    identity_api_version: 3
    region_name: RegionOne
"""


def api_answers(settings: Settings) -> bool:
    """Whether the API says that it is well."""
    host = _reached(settings.api_address)
    request = f"GET /healthz HTTP/1.0\r\nHost: {host}\r\n\r\n"
    try:
        # A plain socket: the library's HTTP client would bring TLS along.
        with socket.create_connection((host, settings.api_port), 2) as sock:
            sock.sendall(request.encode())
            return sock.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False
