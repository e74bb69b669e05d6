# SPDX-License-Identifier: Apache-2.0
"""nova-lite-novncproxy: guests' screens in a browser.

It never sees the database: conductor uses the tokens up for it.
"""

from __future__ import annotations

from nova_lite import concurrency


def main() -> None:
    """Run until told to stop."""
    concurrency.setup_from_argv()
    from oslo_config import cfg

    from nova_lite.cmd import daemon

    binary = "nova-lite-novncproxy"
    daemon.prepare(binary, database=False)
    conf = cfg.CONF
    daemon.run_proxy(
        binary,
        "novnc",
        conf.vnc.novncproxy_host,
        conf.vnc.novncproxy_port,
        conf.web,
    )


if __name__ == "__main__":
    main()
