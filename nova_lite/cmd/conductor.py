# SPDX-License-Identifier: Apache-2.0
"""nova-lite-conductor: directs builds, speaks to the database for compute."""

from __future__ import annotations

from nova_lite import concurrency


def main() -> None:
    """Run until told to stop."""
    concurrency.setup_from_argv()
    from oslo_config import cfg

    from nova_lite.cmd import daemon

    daemon.prepare("nova-lite-conductor", database=True)
    daemon.run("nova-lite-conductor", "conductor", cfg.CONF.conductor.workers)


if __name__ == "__main__":
    main()
