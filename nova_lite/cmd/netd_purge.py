# SPDX-License-Identifier: Apache-2.0
"""Removes whatever nova-lite-netd has made on this host.

For a host that leaves its cloud, and for devstack/unstack.sh --purge, when
nova-lite-netd does not run: python -m nova_lite.cmd.netd_purge.
"""

from __future__ import annotations

import sys

from nova_lite import concurrency


def main() -> int:
    """Remove it; the exit status."""
    concurrency.setup(concurrency.THREADING)
    from nova_lite.cmd import daemon

    daemon.prepare("nova-lite-netd-purge", database=False)
    from nova_lite import exception
    from nova_lite.netd import firewall, manager, nft
    from nova_lite.netd.links import Links
    from nova_lite.network.wanted import HostState

    try:
        host = manager.make_host(Links())
    except exception.ConfigurationError as error:
        print(error.format_message(), file=sys.stderr)
        return 1
    failed = host.converge(HostState(), full=True).failed
    for family in ("bridge", "inet"):
        table = {"table": {"family": family, "name": firewall.NAME}}
        # One that is not there cannot be deleted.
        nft.apply([{"add": table}, {"delete": table}])
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
