# SPDX-License-Identifier: Apache-2.0
"""nova-lite-status: may this be upgraded, and what is wrong here.

``upgrade check`` and ``doctor`` look and change nothing. Exit status: 0 all
is well, 1 warnings, 2 faults, 255 the check itself failed.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import exception
from nova_lite.cmd import arguments
from nova_lite.doctor import accounts, host, networks, services
from nova_lite.doctor.finding import Finding, Level, fault, ok

CONF = cfg.CONF

_WORDS = {Level.OK: "ok", Level.WARNING: "warning", Level.FAULT: "FAULT"}
_UPSTREAM = {
    Level.OK: "Success",
    Level.WARNING: "Warning",
    Level.FAULT: "Failure",
}
_WIDTH = 60


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    args = _parser().parse_args(argv)
    try:
        arguments.configure(args)
        # What a driver says while it connects is no finding.
        logging.getLogger("nova_lite").logger.setLevel(logging.WARNING)
        run: Callable[[argparse.Namespace], int] = args.run
        return run(args)
    except (exception.NovaLiteException, cfg.Error) as error:
        print(f"nova-lite-status: {error}", file=sys.stderr)
        return 255


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser(
        "nova-lite-status", "Looks at this host and at this cloud."
    )
    groups = parser.add_subparsers(metavar="COMMAND", required=True)
    upgrade = arguments.group(groups, "upgrade", "before an upgrade")
    arguments.command(
        upgrade, "check", _upgrade_check, "tell what an upgrade would meet"
    )
    arguments.command(
        groups,
        "doctor",
        _doctor,
        "look for faults here, and tell how to mend each",
    )
    return parser


def _worst(findings: Sequence[Finding]) -> int:
    return int(max((f.level for f in findings), default=Level.OK))


# --- upgrade check -----------------------------------------------------------


def _upgrade_check(_args: argparse.Namespace) -> int:
    checks: list[tuple[str, list[Finding]]] = [
        ("Database", _database()),
        ("Service versions", services.check_daemons(CONF.service_down_time)),
        ("Message broker", _broker()),
    ]
    print(_upgrade_table(checks))
    return max(_worst(findings) for _, findings in checks)


def _upgrade_table(checks: Sequence[tuple[str, list[Finding]]]) -> str:
    """The table that upstream's tools print, one box a check."""
    line = f"+{'-' * (_WIDTH + 2)}+"
    lines = [line, f"| {'Upgrade Check Results':<{_WIDTH}} |", line]
    for name, findings in checks:
        level = Level(_worst(findings))
        text = [f"Check: {name}", f"Result: {_UPSTREAM[level]}"]
        worst = [f for f in findings if f.level == level]
        if level is Level.OK:
            text.append("Details: None")
        else:
            text += [f"Details: {f.text}. {f.fix}" for f in worst]
        for part in text:
            for row in textwrap.wrap(part, _WIDTH, subsequent_indent="  "):
                lines.append(f"| {row:<{_WIDTH}} |")
        lines.append(line)
    return "\n".join(lines)


# --- doctor ------------------------------------------------------------------


def _doctor(_args: argparse.Namespace) -> int:
    findings = []
    for check in _doctor_checks():
        for finding in check():
            findings.append(finding)
            # Each as it comes: a dead broker takes seconds to be sure of.
            print(_line(finding), flush=True)
    worst = _worst(findings)
    counts = [sum(f.level == level for f in findings) for level in Level]
    print(f"{counts[0]} ok, {counts[1]} warnings, {counts[2]} faults")
    return worst


def _line(finding: Finding) -> str:
    text = f"{_WORDS[finding.level]:<8} {finding.check}: {finding.text}"
    return f"{text}\n         fix: {finding.fix}" if finding.fix else text


def _doctor_checks() -> list[Callable[[], list[Finding]]]:
    state, instances = Path(CONF.state_path), Path(CONF.instances_path)
    checks: list[Callable[[], list[Finding]]] = [
        lambda: host.check_files(_files()),
        lambda: [host.check_disk("state_path", state)],
        lambda: [host.check_memory()],
        lambda: [host.check_clock_daemon()],
        lambda: [
            host.check_port("nova-lite-api", CONF.api.listen, CONF.api.port)
        ],
        _broker,
        _database,
        lambda: services.check_daemons(CONF.service_down_time),
    ]
    if CONF.api.auth_strategy == "keystone":
        checks += [
            lambda: accounts.check_token_account(
                lambda: accounts.token_account(CONF.config_file or [])
            ),
            lambda: accounts.check_service_user(accounts.service_user),
        ]
    if CONF.compute_driver == "libvirt":
        virt_type = CONF.libvirt.virt_type
        checks += [
            lambda: [host.check_disk("instances_path", instances)],
            lambda: host.check_kvm(virt_type),
            lambda: services.check_libvirt(
                CONF.libvirt.connection_uri, virt_type
            ),
        ]
        if "network" in CONF.api.embedded_services:
            checks.append(
                lambda: networks.check_netd(
                    CONF.netd.tunnel_ip, CONF.netd.bridge_mappings
                )
            )
    return checks


def _files() -> list[Path]:
    return [Path(name) for name in CONF.config_file or []]


def _database() -> list[Finding]:
    return services.check_database()


def _broker() -> list[Finding]:
    transport_url, quorum = _messaging()
    if transport_url is None:
        transport_url = services.private_broker(Path(CONF.state_path))
    if transport_url is None:
        return [
            fault(
                "broker",
                "no transport_url is configured, and nova-lite-all made no "
                f"broker in {CONF.state_path}",
                "start nova-lite-all, or set transport_url in [DEFAULT]",
            )
        ]
    if transport_url.partition("://")[0] not in ("rabbit", "amqp"):
        return [ok("broker", "not RabbitMQ: not looked at")]
    return services.check_broker(transport_url, quorum)


def _messaging() -> tuple[str | None, bool]:
    """transport_url, and whether quorum queues are asked for.

    Read by a parser of our own: the options are oslo.messaging's, which
    this command has no other use for.
    """
    conf = cfg.ConfigOpts()
    conf.register_opts([cfg.StrOpt("transport_url", secret=True)])
    conf.register_opts(
        [cfg.BoolOpt("rabbit_quorum_queue", default=False)],
        group="oslo_messaging_rabbit",
    )
    args = []
    for name in CONF.config_file or []:
        args += ["--config-file", name]
    for name in CONF.config_dir or []:
        args += ["--config-dir", name]
    conf(args, project="nova_lite", prog="nova-lite-status")
    quorum = conf.oslo_messaging_rabbit.rabbit_quorum_queue
    return conf.transport_url or None, quorum


if __name__ == "__main__":
    sys.exit(main())
