# SPDX-License-Identifier: Apache-2.0
"""One change of 50 networks and 200 ports, until the kernel has it.

python -m bench.networks: in a network namespace that is this process's own.
"""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
import uuid

from nova_lite import concurrency

_NETWORKS = 50
_PORTS = 200
_ROUNDS = 20


def measure() -> dict[str, float]:
    """Median milliseconds, by what changes."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.networks"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _main() -> None:
    concurrency.setup(concurrency.THREADING)
    from nova_lite.netd import probe
    from nova_lite.netd.converge import Host
    from nova_lite.netd.firewall import BR_NETFILTER, Firewall
    from nova_lite.netd.links import Links
    from nova_lite.netd.switch import Switch
    from nova_lite.network.wanted import (
        HostState,
        WantedGroup,
        WantedNetwork,
        WantedPort,
        WantedRule,
        WantedSubnet,
    )

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000):
        raise OSError(ctypes.get_errno(), "unshare")
    networks = [
        WantedNetwork(
            id=str(uuid.uuid4()),
            network_type="vxlan",
            mtu=1450,
            subnets=[WantedSubnet("s", "198.51.100.0/24", 4, None, False)],
            segmentation_id=number + 1,
        )
        for number in range(_NETWORKS)
    ]
    groups = [str(uuid.uuid4()) for _ in range(10)]
    ports = [
        WantedPort(
            id=str(uuid.uuid4()),
            network_id=networks[number % _NETWORKS].id,
            mac=f"fa:16:3e:00:00:{number:02x}",
            fixed_ips=[["s", f"198.51.100.{number + 2}"]],
            project_id="p",
            device_id=str(uuid.uuid4()),
            device_owner="compute:nova",
            groups=[groups[number % 10]],
        )
        for number in range(_PORTS)
    ]

    def state(first_port: int, wanted: list[WantedPort]) -> HostState:
        made = []
        for number, group in enumerate(groups):
            low = first_port if number == 0 else 22
            made.append(
                WantedGroup(
                    group,
                    True,
                    [
                        WantedRule("egress", "IPv4"),
                        WantedRule("egress", "IPv6"),
                        WantedRule("ingress", "IPv4", remote_group_id=group),
                        WantedRule("ingress", "IPv4", "tcp", low, low),
                    ],
                )
            )
        members = {
            group: [
                port.fixed_ips[0][1]
                for port in wanted
                if port.groups[0] == group
            ]
            for group in groups
        }
        return HostState(networks, wanted, made, members)

    tracking = probe.tracking()
    switch = Switch(Links(), "127.0.0.1", {}, tracking == BR_NETFILTER)
    host = Host(switch, Firewall(tracking))

    def timed(wanted: HostState, full: bool = False) -> float:
        # As it comes over the wire.
        wire = json.loads(json.dumps(wanted.to_dict()))
        begun = time.perf_counter()
        outcome = host.converge(HostState.from_dict(wire), full)
        took = (time.perf_counter() - begun) * 1000
        if outcome.failed or len(outcome.wired) != len(wanted.ports):
            raise SystemExit(f"not wired: {outcome}")
        return took

    first = timed(state(22, ports))
    rules = [timed(state(1000 + n, ports)) for n in range(_ROUNDS)]
    more = [
        dataclasses.replace(
            ports[0],
            id=str(uuid.uuid4()),
            mac=f"fa:16:3e:00:01:{number:02x}",
            fixed_ips=[["s", f"198.51.100.{number + 210}"]],
        )
        for number in range(_ROUNDS)
    ]
    added = [timed(state(22, [*ports, one])) for one in more]
    looked = [timed(state(22, [*ports, more[-1]]), True) for _ in range(5)]
    json.dump(
        {
            "net_first": first,
            "net_rule": statistics.median(rules),
            "net_port": statistics.median(added),
            "net_look": statistics.median(looked),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    if os.geteuid() != 0:
        raise SystemExit("needs root")
    _main()
