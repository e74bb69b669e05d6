# SPDX-License-Identifier: Apache-2.0
"""Screens and serial ports of guests, and the TCP ports they are reached by.

libvirt chooses the ports of screens by itself; those of serial ports are
chosen here. What a port is used for is read from libvirt each time: memory
only holds what was chosen and is not yet defined.
"""

from __future__ import annotations

import socket
import threading

from oslo_config import cfg

from nova_lite import exception
from nova_lite.virt import driver
from nova_lite.virt.libvirt import guest as guests
from nova_lite.virt.libvirt import host as hosts
from nova_lite.virt.libvirt.xml import console, graphics


class Consoles:
    """Of all guests of a host; options are read once."""

    def __init__(
        self,
        host: hosts.Host,
        vnc: cfg.ConfigOpts.GroupAttr,
        serial_console: cfg.ConfigOpts.GroupAttr,
    ) -> None:
        """Raises: ConfigurationError for a range without ports."""
        self._host = host
        self.screen = (
            graphics.Vnc(vnc.server_listen, vnc.keymap)
            if vnc.enabled
            else None
        )
        self._vnc_address: str = vnc.server_proxyclient_address
        self._serial_address: str = serial_console.proxyclient_address
        self._listen: str = serial_console.listen
        self._serial_enabled: bool = serial_console.enabled
        self._range: str = serial_console.port_range
        first, last = (int(one) for one in self._range.split(":"))
        if not 0 < first <= last < 65536:
            raise exception.ConfigurationError(
                reason=f"[serial_console] port_range {self._range} has no "
                "ports"
            )
        self._ports = range(first, last + 1)
        self._chosen: dict[str, int] = {}
        self._lock = threading.Lock()

    def vnc(self, uuid: str) -> driver.ConsoleAddress:
        """Where a guest's screen is.

        Raises: GuestNotFound for one that is off; ConsoleTypeUnavailable.
        """
        port = graphics.vnc_port(self._running(uuid))
        if port is None:
            raise exception.ConsoleTypeUnavailable(console_type="vnc")
        return driver.ConsoleAddress(self._vnc_address, port)

    def serial(self, uuid: str) -> driver.ConsoleAddress:
        """Where a guest's serial port is. Raises: as vnc."""
        port = console.tcp_port(self._running(uuid))
        if port is None:
            raise exception.ConsoleTypeUnavailable(console_type="serial")
        return driver.ConsoleAddress(self._serial_address, port)

    def choose_serial(self, uuid: str) -> console.TcpPort | None:
        """The TCP port that a guest's serial port is to have, if any.

        The guest's own stays its own. Raises: SerialPortsExhausted.
        """
        if not self._serial_enabled:
            return None
        with self._lock:
            used = self._used()
            own = used.pop(uuid, None)
            taken = set(used.values())
            if own is None or own in taken or own not in self._ports:
                own = self._free(taken)
            self._chosen[uuid] = own
        return console.TcpPort(self._listen, own)

    def forget(self, uuid: str) -> None:
        """The guest is gone: others may have its port."""
        with self._lock:
            self._chosen.pop(uuid, None)

    def _used(self) -> dict[str, int]:
        found = dict(self._chosen)
        for uuid, xml in guests.descriptions(self._host):
            port = console.tcp_port(xml)
            if port is not None:
                found[uuid] = port
        return found

    def _free(self, taken: set[int]) -> int:
        for port in self._ports:
            if port not in taken and _can_bind(self._listen, port):
                return port
        raise exception.SerialPortsExhausted(port_range=self._range)

    def _running(self, uuid: str) -> str:
        guest = guests.get(self._host, uuid)
        if not driver.is_running(guest.state()):
            raise exception.GuestNotFound(uuid=uuid)
        return guest.xml()


def _can_bind(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address, port))
        except OSError:
            return False
    return True
