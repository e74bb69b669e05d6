# SPDX-License-Identifier: Apache-2.0
"""Puts nova-lite-api together: the Compute API and the embedded services.

The only place where core code and the embedded services meet. Called by
cmd.api in each worker process, and for uwsgi and gunicorn as
``nova_lite.cmd.api_app:application``.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from oslo_config import cfg

from nova_lite import baserpc, objects, rpc
from nova_lite.api.openstack import auth, wsgi_app
from nova_lite.compute.api import API
from nova_lite.compute.rpcapi import ComputeAPI
from nova_lite.context import get_admin_context
from nova_lite.db import repositories, session
from nova_lite.image import api as image_api
from nova_lite.netd.rpcapi import NetdAPI
from nova_lite.network import api as network_api
from nova_lite.notifications import messenger
from nova_lite.objects import base

CONF = cfg.CONF

WSGIApp = Callable[..., Iterable[bytes]]


def build() -> WSGIApp:
    """The application of one process; needs the configuration."""
    rpc.init(base.NovaObjectSerializer())
    messenger.init(CONF.host, "nova-lite-api")
    mounts: dict[str, WSGIApp] = {}
    strategy = auth.load(CONF.api.auth_strategy)
    images = image_api.load()
    networks = network_api.load()
    if "identity" in CONF.api.embedded_services:
        from nova_lite.embedded.identity import app as identity

        mounts["/identity"] = identity.make_app()
    if "image" in CONF.api.embedded_services:
        from nova_lite.embedded.image import app as image

        images_app = image.create_app()
        mounts["/image"] = image.with_open_versions(
            images_app, strategy.wrap(images_app)
        )
    if "network" in CONF.api.embedded_services:
        from nova_lite.embedded.network import app as network

        networks_app = network.create_app(
            NetdAPI().refresh, ComputeAPI().external_instance_event
        )
        mounts["/network"] = network.with_open_versions(
            networks_app, strategy.wrap(networks_app)
        )
    app = wsgi_app.build(
        open_mounts=mounts,
        strategy=strategy,
        health={"database": _database, "bus": _bus},
        compute_api=API(images, networks),
    )
    if "/image" in mounts:
        images.serve_locally("/image", app)
    if "/network" in mounts:
        networks.serve_locally("/network", app)
    return app


def _database() -> dict[str, Any]:
    """Raises: DatabaseUnavailable."""
    began = time.monotonic()
    session.ping()
    return {"ok": True, "round_trip_s": time.monotonic() - began}


def _bus() -> dict[str, Any]:
    """To conductor and back. Raises: MessagingUnavailable."""
    began = time.monotonic()
    baserpc.BaseAPI("conductor").ping(get_admin_context(), timeout_s=3)
    return {"ok": True, "round_trip_s": time.monotonic() - began}


_built: WSGIApp | None = None
_lock = threading.Lock()


def application(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """For uwsgi and gunicorn; built at the first request.

    OS_NOVA_LITE_CONFIG names the configuration files, separated by ":".
    """
    global _built
    with _lock:
        if _built is None:
            _built = _from_files()
    return _built(environ, start_response)


def _from_files() -> WSGIApp:
    from nova_lite import config

    named = os.environ.get("OS_NOVA_LITE_CONFIG")
    config.parse_args([], named.split(":") if named else None)
    repositories.register()
    objects.register_all()
    return build()
