# SPDX-License-Identifier: Apache-2.0
"""Checks of what the daemons talk to: broker, database, libvirt."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from kombu.connection import Connection

from nova_lite import exception
from nova_lite.doctor import host
from nova_lite.doctor.finding import Finding, fault, ok, warning

_TIMEOUT_S = 5
# From this version on RabbitMQ refuses the queues that oslo.messaging makes
# unless it is told to make quorum queues.
_STRICT_BROKER = (4, 3)


def broker_urls(transport_url: str) -> list[str]:
    """One AMQP URL for each host of an oslo.messaging transport URL."""
    scheme, _, rest = transport_url.partition("://")
    rest, _, query = rest.partition("?")
    hosts, slash, vhost = rest.partition("/")
    secure = "s" if "ssl=1" in query or "ssl=true" in query.lower() else ""
    kind = {"rabbit": f"amqp{secure}"}.get(scheme, scheme)
    return [f"{kind}://{one}{slash}{vhost}" for one in hosts.split(",")]


def private_broker(state: Path) -> str | None:
    """The URL of the broker that nova-lite-all owns, if it made one."""
    from nova_lite.supervisor.rabbitmq import RabbitNode

    node = RabbitNode(state / "rabbitmq")
    try:
        return node.transport_url()
    except OSError:
        return None


def check_broker(transport_url: str, quorum: bool) -> list[Finding]:
    """Connect and log in to each broker."""
    return [
        _check_one_broker(url, quorum) for url in broker_urls(transport_url)
    ]


def _check_one_broker(url: str, quorum: bool) -> Finding:
    place = url.rpartition("@")[2]
    connection: Any = Connection(  # type: ignore[no-untyped-call]
        url, connect_timeout=_TIMEOUT_S
    )
    try:
        connection.ensure_connection(max_retries=1, timeout=_TIMEOUT_S)
        properties = connection.connection.server_properties
    # amqp's errors have no common base, and any of them is the finding.
    except Exception as error:
        text = f"{place}: {str(error) or type(error).__name__}"
        address = place.partition("/")[0].replace(":", " ")
        fix = f"is RabbitMQ up and reachable? nc -vz {address}"
        if "ACCESS_REFUSED" in text or "403" in text:
            fix = "correct user, password and vhost in transport_url"
        return fault("broker", text, fix)
    finally:
        connection.release()
    version = _text(properties.get("version"))
    parts = tuple(int(p) for p in version.split(".")[:2] if p.isdigit())
    if parts >= _STRICT_BROKER and not quorum:
        return fault(
            "broker",
            f"{place} is RabbitMQ {version}, which refuses classic queues "
            "that do not last",
            "set rabbit_quorum_queue, rabbit_transient_quorum_queue and "
            "use_queue_manager in [oslo_messaging_rabbit]",
        )
    return ok("broker", f"RabbitMQ {version} at {place}, logged in")


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def check_database() -> list[Finding]:
    """Connect, and look at the schema and the clock."""
    from nova_lite.db.repositories import health

    try:
        found = [ok("database", f"connected, {health.server_version()}")]
        moment = health.server_time()
    # Every driver has errors of its own, and any of them is the finding.
    except Exception as error:
        text = str(error).partition("\n")[0]
        return [
            fault(
                "database",
                text,
                "is the server up, and is connection in [database] right?",
            )
        ]
    if moment is not None:
        skew = (moment - datetime.datetime.now(datetime.UTC)).total_seconds()
        found.append(host.check_skew("the database", skew))
    found.append(check_schema())
    return found


def check_schema() -> Finding:
    """Whether the schema is the one that this release knows."""
    from nova_lite.db import migrations

    version, head = migrations.version(), migrations.head()
    if version == head and head is not None:
        return ok("schema", f"at {version}, the newest")
    return fault(
        "schema",
        f"at {version or 'no version'}, this release needs {head}",
        "nova-lite-manage db sync",
    )


def check_daemons(down_time_s: int) -> list[Finding]:
    """Daemons that do not report, or are older than this release."""
    from nova_lite import version
    from nova_lite.db import session
    from nova_lite.db.repositories import service_query as query

    # With no schema there is nothing to look at, and check_schema said so.
    try:
        with session.reader() as reader:
            rows = query.services(reader)
    except Exception:
        return []
    found = []
    for row in rows:
        name = f"{row['binary']} on {row['host']}"
        if row["forced_down"] or not query.is_up(row, down_time_s):
            found.append(
                warning(
                    "daemons",
                    f"{name} is down, last seen {row['last_seen_at']}",
                    f"start it, or: nova-lite-manage service delete "
                    f"{row['id']}",
                )
            )
        elif row["version"] < version.SERVICE_VERSION:
            found.append(
                warning(
                    "daemons",
                    f"{name} is of an older release",
                    "update it and start it again",
                )
            )
    return found or [ok("daemons", f"{len(rows)} known, all up")]


def check_libvirt(uri: str, virt_type: str) -> list[Finding]:
    """Connect to libvirtd and ask what it can run."""
    try:
        # A package of its own, which only computes have.
        from nova_lite.virt.libvirt.host import Host
    except ImportError as error:
        return [
            fault(
                "libvirt",
                f"libvirt's Python binding is missing ({error})",
                "pip install 'nova-lite[libvirt]'",
            )
        ]
    connection = Host(uri, _ignore_event)
    try:
        connection.start()
        kind, number, _name = connection.identity()
        able = connection.capabilities().can_run(virt_type)
    except exception.VirtError as error:
        fix = "systemctl start libvirtd (without systemd: virtlogd -d; "
        fix += "libvirtd -d), and join the group libvirt"
        return [fault("libvirt", error.format_message(), fix)]
    finally:
        connection.stop()
    version = f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
    if not able:
        return [
            fault(
                "libvirt",
                f"{kind} {version} at {uri} cannot run {virt_type} guests",
                "apt-get install qemu-system-x86, or set virt_type in "
                "[libvirt]",
            )
        ]
    return [ok("libvirt", f"{kind} {version} at {uri} runs {virt_type}")]


def _ignore_event(*_args: object) -> None:
    return None
