# SPDX-License-Identifier: Apache-2.0
"""nova-lite-netd: the networks of one compute host.

Native threads always: the libraries that talk to the kernel have event loops
of their own. It never sees the database.
"""

from __future__ import annotations

from nova_lite import concurrency


def main() -> None:
    """Run until told to stop."""
    concurrency.setup(concurrency.THREADING)
    from nova_lite.cmd import daemon

    daemon.prepare("nova-lite-netd", database=False)
    daemon.run("nova-lite-netd", "netd", 1)


if __name__ == "__main__":
    main()
