# SPDX-License-Identifier: Apache-2.0
"""Puts nova-lite-api's WSGI application together.

``build`` is called by cmd/api_app with the embedded services to mount, in
each process that serves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from oslo_config import cfg

from nova_lite.api.openstack import auth, middleware, versions
from nova_lite.api.openstack.common import Settings
from nova_lite.api.openstack.compute import routes, server_actions
from nova_lite.api.openstack.faults import WSGIApp
from nova_lite.api.openstack.middleware import HealthCheck
from nova_lite.api.openstack.openapi.app import OpenAPIApp
from nova_lite.api.openstack.wsgi import Dispatcher

CONF = cfg.CONF


def build(
    mounts: Mapping[str, WSGIApp] | None = None,
    open_mounts: Mapping[str, WSGIApp] | None = None,
    health: Mapping[str, HealthCheck] | None = None,
    *,
    compute_api: Any = None,
    strategy: Any = None,
) -> WSGIApp:
    """The whole application, from the configuration.

    ``mounts`` maps prefixes ("/image") to applications behind the auth
    strategy, ``open_mounts`` ("/identity") to those that see to it
    themselves; ``health`` names the checks of /healthz. ``compute_api`` and
    ``strategy`` replace the ones that are made from the configuration.
    """
    if compute_api is None:
        from nova_lite.compute.api import API

        compute_api = API()
    strategy = strategy or auth.load(CONF.api.auth_strategy)
    wrap = strategy.wrap
    settings = _settings(strategy)

    def make(cls: type) -> Any:
        return cls(compute_api, settings)

    limit = middleware.limit_body(CONF.api.max_request_body_size)
    protected: dict[str, WSGIApp] = {
        version: limit(
            _but(
                versions.VersionsApp(settings, version),
                versions.is_root,
                wrap(
                    middleware.require_context(
                        Dispatcher(
                            routes.ROUTES,
                            server_actions.ACTIONS,
                            make,
                            lax=version == "/v2",
                        )
                    )
                ),
            )
        )
        for version in ("/v2.1", "/v2")
    }
    table = {
        **protected,
        **{path: wrap(app) for path, app in (mounts or {}).items()},
        **(open_mounts or {}),
        "/healthz": middleware.healthz(health or {}),
        "/openapi.json": OpenAPIApp(routes.ROUTES, server_actions.ACTIONS),
    }
    app = _mounted(table, versions.VersionsApp(settings, "/"))
    for layer in reversed(_layers()):
        app = layer(app)
    return app


def _layers() -> list[Callable[[WSGIApp], WSGIApp]]:
    """The middleware around everything, the outermost first."""
    layers: list[Callable[[WSGIApp], WSGIApp]] = []
    if CONF.api.enable_proxy_headers_parsing:
        layers.append(middleware.proxy_headers)
    return [
        *layers,
        middleware.request_id,
        middleware.log_requests(CONF.api.slow_request_s),
        middleware.catch_errors,
    ]


def _settings(strategy: auth.Strategy) -> Settings:
    return Settings(
        project_exists=strategy.project_exists,
        max_limit=CONF.api.max_limit,
        compute_link_prefix=CONF.api.compute_link_prefix,
        glance_link_prefix=CONF.api.glance_link_prefix,
        service_down_time_s=CONF.service_down_time,
        default_availability_zone=CONF.api.default_availability_zone,
        internal_service_availability_zone=(
            CONF.api.internal_service_availability_zone
        ),
        enable_instance_password=CONF.api.enable_instance_password,
        instance_usage_audit_period=CONF.instance_usage_audit_period,
    )


def _but(
    special: WSGIApp, when: Callable[[Mapping[str, Any]], bool], app: WSGIApp
) -> WSGIApp:
    def chosen(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        return (special if when(environ) else app)(environ, start_response)

    return chosen


def _mounted(table: Mapping[str, WSGIApp], root: WSGIApp) -> WSGIApp:
    """Hand a request to the application mounted at its first segment."""

    def app(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        first = "/" + path.lstrip("/").split("/", 1)[0]
        mounted = table.get(first)
        if mounted is not None:
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + first
            environ["PATH_INFO"] = path.lstrip("/")[len(first) - 1 :]
            return mounted(environ, start_response)
        return root(environ, start_response)

    return app
