# SPDX-License-Identifier: Apache-2.0
"""nova-lite-api: the Compute API, and the embedded services beside it."""

from __future__ import annotations

from nova_lite import concurrency


def main() -> None:
    """Run until told to stop."""
    concurrency.setup_from_argv()
    from oslo_config import cfg

    from nova_lite import service
    from nova_lite.cmd import daemon

    daemon.prepare("nova-lite-api", database=True)
    conf = cfg.CONF.api
    server = service.WSGIService(
        _make_app, conf.listen, conf.port, conf.threads, _end_streams
    )
    service.serve(server, conf.workers)
    service.wait()


def _make_app() -> object:
    from nova_lite.cmd import api_app

    return api_app.build()


def _end_streams() -> None:
    from nova_lite.api.openstack.compute import event_hub

    event_hub.of_process().close()


if __name__ == "__main__":
    main()
