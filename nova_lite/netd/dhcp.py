# SPDX-License-Identifier: Apache-2.0
"""DHCP servers of a host: a dnsmasq and a metadata proxy for each network.

The manager makes ``Dhcp(hosting, proxy)``, ``Routers(hosting, proxy)`` and
``MetadataProxy(...)`` once, and calls ``converge(state, full=...)`` of each
after the bridges are there: with ``full`` everything is compared with what
the kernel has (at the start, and each periodic pass), without it only what
differs from the state converged to before. Both return the ids of what could
not be brought about; the next pass tries again.

The veth of a DHCP port or of a router's leg is ``nlv<port id[:11]>`` in the
bridge, without an alias: it goes with its namespace, and is neither a tap
nor the firewall's. Ports whose device_owner begins with ``network:`` need
nothing else on the host.
"""
