# SPDX-License-Identifier: Apache-2.0
"""Consoles of guests on this host; called by the compute manager."""

from __future__ import annotations

from collections.abc import Callable

from oslo_config import cfg

from nova_lite import exception
from nova_lite.objects.console_auth_token import ConsoleConnection
from nova_lite.virt.driver import ComputeDriver, ConsoleAddress

CONF = cfg.CONF

NOVNC = "novnc"
SERIAL = "serial"

# What vnc and serial answer instead of an address.
REFUSALS = (
    exception.ConsoleTypeUnavailable,
    exception.InstanceNotReady,
    exception.NotSupported,
)


def vnc(driver: ComputeDriver, uuid: str) -> ConsoleConnection:
    """Where a guest's screen is, and the page that shows it.

    Raises: ConsoleTypeUnavailable where the host has none; InstanceNotReady
    for a guest that is off; NotSupported.
    """
    if not CONF.vnc.enabled:
        raise exception.ConsoleTypeUnavailable(console_type=NOVNC)
    return _connection(
        driver.get_vnc_console, uuid, CONF.vnc.novncproxy_base_url
    )


def serial(driver: ComputeDriver, uuid: str) -> ConsoleConnection:
    """Where a guest's serial port is, and the proxy to it. Raises: as vnc."""
    if not CONF.serial_console.enabled:
        raise exception.ConsoleTypeUnavailable(console_type=SERIAL)
    return _connection(
        driver.get_serial_console, uuid, CONF.serial_console.base_url
    )


def is_at(
    driver: ComputeDriver, uuid: str, port: int, console_type: str
) -> bool:
    """Whether a guest's console is still at this port of the host.

    Ports go from guest to guest: a token must not open another's.
    """
    find = {NOVNC: vnc, SERIAL: serial}.get(console_type)
    try:
        return find is not None and find(driver, uuid).port == port
    except REFUSALS:
        return False


def _connection(
    find: Callable[[str], ConsoleAddress], uuid: str, access_url_base: str
) -> ConsoleConnection:
    try:
        address = find(uuid)
    except exception.GuestNotFound:
        raise exception.InstanceNotReady(instance_id=uuid) from None
    return ConsoleConnection(
        host=address.host,
        port=address.port,
        internal_access_path=address.internal_access_path,
        access_url_base=access_url_base,
    )
