# SPDX-License-Identifier: Apache-2.0
"""nova-lite-api: the Compute API, the embedded services, and metadata."""

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
    servers = [
        service.WSGIService(
            _make_app, conf.listen, conf.port, conf.threads, _end_streams
        )
    ]
    if conf.metadata:
        servers.append(
            service.WSGIService(
                _make_metadata_app,
                conf.metadata_listen,
                conf.metadata_port,
                conf.threads,
            )
        )
    service.serve(service.WSGIServices(servers), conf.workers)
    service.wait()


def _make_app() -> object:
    from nova_lite.cmd import api_app

    return api_app.build()


def _make_metadata_app() -> object:
    from nova_lite.api.metadata import handler, sender, servers
    from nova_lite.network import api as network_api

    network = network_api.load()
    return handler.MetadataApp(servers.Servers(network), sender.load(network))


def _end_streams() -> None:
    from nova_lite.api.openstack.compute import event_hub

    event_hub.of_process().close()


if __name__ == "__main__":
    main()
