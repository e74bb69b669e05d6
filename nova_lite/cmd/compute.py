# SPDX-License-Identifier: Apache-2.0
"""nova-lite-compute: runs the guests of one host.

It never sees the database: ``nova_lite.db`` cannot be imported here.
"""

from __future__ import annotations

from nova_lite import concurrency


def main() -> None:
    """Run until told to stop."""
    concurrency.setup_from_argv()
    from nova_lite.cmd import daemon

    daemon.prepare("nova-lite-compute", database=False)
    daemon.run("nova-lite-compute", "compute", 1)


if __name__ == "__main__":
    main()
