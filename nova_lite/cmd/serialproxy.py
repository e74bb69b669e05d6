# SPDX-License-Identifier: Apache-2.0
"""nova-lite-serialproxy: guests' serial ports by websocket.

It never sees the database: conductor uses the tokens up for it.
"""

from __future__ import annotations

from nova_lite import concurrency


def main() -> None:
    """Run until told to stop."""
    concurrency.setup_from_argv()
    from oslo_config import cfg

    from nova_lite.cmd import daemon

    binary = "nova-lite-serialproxy"
    daemon.prepare(binary, database=False)
    conf = cfg.CONF.serial_console
    daemon.run_proxy(
        binary, "serial", conf.serialproxy_host, conf.serialproxy_port, ""
    )


if __name__ == "__main__":
    main()
