# SPDX-License-Identifier: Apache-2.0
"""nova-lite-scheduler: chooses hosts."""

from __future__ import annotations

from nova_lite import concurrency


def main() -> None:
    """Run until told to stop."""
    concurrency.setup_from_argv()
    from oslo_config import cfg

    from nova_lite.cmd import daemon

    daemon.prepare("nova-lite-scheduler", database=True)
    daemon.run("nova-lite-scheduler", "scheduler", cfg.CONF.scheduler.workers)


if __name__ == "__main__":
    main()
