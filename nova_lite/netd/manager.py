# SPDX-License-Identifier: Apache-2.0
"""nova-lite-netd: makes its host's networks what they are to be.

One thread converges. A hint wakes it, and any number of hints while it works
mean one more pass. What is wanted comes from conductor; the ports that work
are told there, and to the compute of this host, which waits for them.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from pathlib import Path

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import concurrency, exception, manager, rpc
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.conductor import api as conductor_api
from nova_lite.context import RequestContext, get_admin_context
from nova_lite.netd import probe
from nova_lite.netd.converge import Host, Outcome, Part
from nova_lite.netd.dhcp import Dhcp
from nova_lite.netd.dhcp_tables import Settings
from nova_lite.netd.firewall import BR_NETFILTER, Firewall
from nova_lite.netd.legs import Hosting
from nova_lite.netd.links import Links
from nova_lite.netd.metadata_proxy import MetadataProxy
from nova_lite.netd.metadata_request import Service
from nova_lite.netd.namespaces import Namespaces
from nova_lite.netd.routers import Routers
from nova_lite.netd.switch import Switch
from nova_lite.network.wanted import HostState, WantedPort
from nova_lite.objects.external_event import InstanceExternalEvent
from nova_lite.objects.network_state import NetworkState

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

_PLUGGED = "network-vif-plugged"
_ACTIVE, _DOWN = "ACTIVE", "DOWN"
# After a pass that failed, then twice of it and so on: a port that cannot be
# wired is tried again long before who waits for it gives up.
_AGAIN_S = 2.0


class NetdManager(manager.Manager):
    """What nova-lite-netd does when told, and by itself."""

    target = rpc.Target(version="1.0")
    service_name = "netd"

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self._hint = threading.Event()
        self._stop = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._converged: Host
        self._computes: ComputeAPI

    def init_host(self) -> None:
        """Raises: ConfigurationError where netd cannot work."""
        if os.geteuid() != 0:
            raise exception.ConfigurationError(
                reason="nova-lite-netd has to run as root."
            )
        conductor_api.use_conductor()
        self._computes = ComputeAPI()
        self._converged = make_host(Links())

    def post_start_hook(self) -> None:
        """Converge for ever, now that hints arrive."""
        concurrency.spawn(self._run, name="converge")

    def refresh(self, context: RequestContext) -> None:
        """Something changed for this host."""
        self._hint.set()

    def drain(self, timeout_s: float) -> None:
        """Let the pass that runs come to its end."""
        self._stop.set()
        self._hint.set()
        if not self._idle.wait(timeout_s):
            LOG.warning("Stopping in the middle of a pass")

    def _run(self) -> None:
        context = get_admin_context()
        next_full = 0.0
        again_s = _AGAIN_S
        while not self._stop.is_set():
            self._idle.clear()
            self._hint.clear()
            full = time.monotonic() >= next_full
            if full:
                next_full = time.monotonic() + CONF.netd.converge_interval
            well = self._pass(context, full)
            self._idle.set()
            left = max(next_full - time.monotonic(), 0.0)
            self._hint.wait(left if well else min(left, again_s))
            again_s = _AGAIN_S if well else again_s * 2

    def _pass(self, context: RequestContext, full: bool) -> bool:
        """One round; whether all went well."""
        try:
            if full:
                self._register(context)
            wire = NetworkState.host_state(context, self.host)
            state = HostState.from_dict(wire)
            begun = time.monotonic()
            outcome = self._converged.converge(state, full)
            LOG.debug(
                "Converged %d ports in %.3f s",
                len(state.ports),
                time.monotonic() - begun,
            )
            self._tell(context, state, outcome)
        except Exception:
            # Whatever it was: guests go on, and the next pass tries again.
            LOG.exception("This pass has failed")
            return False
        return not outcome.failed and not outcome.held

    def _register(self, context: RequestContext) -> None:
        mappings = CONF.netd.bridge_mappings
        NetworkState.register_agent(
            context,
            self.host,
            {
                "tunnel_ip": CONF.netd.tunnel_ip,
                "configurations": {
                    "physical_networks": sorted(mappings),
                    "bridge_mappings": mappings,
                    "l3": True,
                },
            },
        )

    def _tell(
        self, context: RequestContext, state: HostState, outcome: Outcome
    ) -> None:
        """Say which ports work that did not, and the other way round."""
        changed = {
            port.id: status
            for port in state.ports
            if (status := _status(port, outcome)) != port.status
        }
        if not changed:
            return
        NetworkState.report_ports(context, self.host, changed)
        events = [
            InstanceExternalEvent(
                instance_uuid=port.device_id,
                name=_PLUGGED,
                status="completed",
                tag=port.id,
            )
            for port in state.ports
            if changed.get(port.id) == _ACTIVE
            and port.device_owner.startswith("compute:")
        ]
        if events:
            self._computes.external_instance_event(context, self.host, events)


# Of the namespace of the network, not of files: it goes with the process.
_LOCK = "\0nova-lite-netd"
_locks: list[socket.socket] = []


def _lock_network() -> None:
    """Two with different states would take each other's things away."""
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        lock.bind(_LOCK)
    except OSError as error:
        lock.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise exception.ConfigurationError(
            reason="another nova-lite-netd makes networks here: stop it."
        ) from None
    _locks.append(lock)


def make_host(links: Links) -> Host:
    """This host, by the options. Raises: ConfigurationError."""
    _lock_network()
    tracking = probe.tracking()
    LOG.info("Connections of guests are tracked by %s", tracking)
    mappings = CONF.netd.bridge_mappings
    switch = Switch(
        links,
        CONF.netd.tunnel_ip,
        mappings,
        filtered=tracking == BR_NETFILTER,
    )
    return Host(switch, Firewall(tracking, mappings), _parts(switch))


def _parts(switch: Switch) -> list[Part]:
    """DHCP servers and routers of this host."""
    directory = Path(CONF.netd.state_directory)
    directory.mkdir(parents=True, exist_ok=True)
    # dnsmasq comes to its own files, which are behind it, as an account of
    # its own.
    directory.chmod(0o711)
    namespaces = Namespaces()
    hosting = Hosting(namespaces, directory, switch.bridge_of)
    return [
        Dhcp(hosting, _dhcp_settings()),
        Routers(hosting),
        MetadataProxy(namespaces, _metadata_service()),
    ]


def _status(port: WantedPort, outcome: Outcome) -> str:
    return _ACTIVE if port.id in outcome.wired else _DOWN


def _dhcp_settings() -> Settings:
    return Settings(
        lease_s=CONF.netd.dhcp_lease_duration,
        domain=CONF.netd.dns_domain,
        dns_servers=CONF.netd.dnsmasq_dns_servers,
    )


def _metadata_service() -> Service:
    return Service(
        host=CONF.netd.nova_metadata_host,
        port=CONF.netd.nova_metadata_port,
        shared_secret=CONF.neutron.metadata_proxy_shared_secret,
        protocol=CONF.netd.nova_metadata_protocol,
        ca_file=CONF.netd.auth_ca_cert,
        insecure=CONF.netd.nova_metadata_insecure,
    )
