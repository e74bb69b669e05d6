# SPDX-License-Identifier: Apache-2.0
"""What the strategies tell an application of who asks."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from typing import Any

import pytest
import requests
from keystoneauth1 import loading
from oslo_config import cfg

from nova_lite import wsgi_server
from nova_lite.api.openstack import auth
from nova_lite.embedded.identity import store as identity_store
from nova_lite.embedded.identity.catalog import Catalog
from tests.unit.embedded.identity.conftest import (
    PASSWORD,
    SERVICE_PASSWORD,
    TOLD,
    Cloud,
    mounted,
    tell_context,
)

CONF = cfg.CONF

# What the strategies tell alike; the rest is of the request.
SAME = TOLD[:9]


def test_embedded_tells_the_user_and_the_project(cloud: Cloud) -> None:
    account = cloud.account()
    token = cloud.token_of(account)
    answer = cloud.context(token)
    found = answer.json()
    assert found["user_id"] == account.user_id
    assert found["user_name"] == account.name
    assert found["project_id"] == account.project_id
    assert found["roles"] == ["member", "reader"]
    assert found["is_admin"] is False
    assert found["auth_token"] == token
    assert found["request_id"] == answer.headers["X-OpenStack-Request-ID"]
    admin = cloud.context(cloud.admin).json()
    assert admin["is_admin"] is True


@pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 5000])
def test_no_good_token_is_401_as_upstream(
    cloud: Cloud, token: str | None
) -> None:
    answer = cloud.context(token)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == (
        f'Keystone uri="{cloud.url}/identity"'
    )
    assert answer.json()["error"]["code"] == 401
    assert answer.headers["X-OpenStack-Request-ID"].startswith("req-")


def test_a_host_header_does_not_say_where_a_token_is_sent(
    cloud: Cloud,
) -> None:
    headers = {"X-Auth-Token": cloud.admin, "Host": "evil.example.org"}
    answer = requests.get(f"{cloud.url}/guarded/", headers=headers, timeout=20)
    urls = {
        row["type"]: row["endpoints"][0]["publicURL"]
        for row in answer.json()["service_catalog"]
    }
    assert urls["image"] == f"{cloud.url}/image"


def test_a_global_request_id_is_kept_when_it_looks_like_one(
    cloud: Cloud,
) -> None:
    sent = "req-6f7a9f1c-8f42-4d2a-9d75-0d3b9a0f1a11"
    for value, kept in ((sent, sent), ("req-'; drop", None)):
        headers = {
            "X-Auth-Token": cloud.admin,
            "X-OpenStack-Request-ID": value,
        }
        answer = requests.get(
            f"{cloud.url}/guarded/", headers=headers, timeout=20
        )
        assert answer.json()["global_request_id"] == kept


def test_endpoints_follow_the_options(configured: None) -> None:
    CONF.set_override(
        "public_endpoint", "https://cloud.example.org", "identity"
    )
    CONF.set_override(
        "endpoint_override",
        {"image": "http://glance:9292", "network": "http://neutron:9696"},
        "identity",
    )
    try:
        catalog = Catalog()
    finally:
        CONF.clear_override("public_endpoint", "identity")
        CONF.clear_override("endpoint_override", "identity")
    base = catalog.address("http://127.0.0.1:8774")
    urls = {
        row["type"]: row["endpoints"][0]["url"] for row in catalog.v3(base)
    }
    assert urls == {
        "identity": "https://cloud.example.org/identity",
        "compute": "https://cloud.example.org/v2.1",
        "image": "http://glance:9292",
        "network": "http://neutron:9696",
    }


def test_keystonemiddleware_accepts_our_tokens(
    cloud: Cloud, tmp_path: Path
) -> None:
    """The keystone strategy, with our service in Keystone's place."""
    state_path = CONF.state_path
    settings = tmp_path / "nova-lite.conf"
    settings.write_text(
        f"""
[DEFAULT]
state_path = {state_path}
[keystone_authtoken]
auth_type = password
auth_url = {cloud.url}/identity
www_authenticate_uri = {cloud.url}/identity
username = {identity_store.SERVICE_USER}
password = {SERVICE_PASSWORD}
user_domain_id = default
project_name = service
project_domain_id = default
"""
    )
    CONF([], project="nova_lite", default_config_files=[str(settings)])
    app = auth.KeystoneAuth().wrap(tell_context)
    account = cloud.account()
    token = cloud.token_of(account)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        stop = wsgi_server.serve(
            sock, mounted({"/guarded": app}), 4, logging.getLogger(__name__)
        )
        url = f"http://127.0.0.1:{sock.getsockname()[1]}/guarded/"

        def get(**headers: str) -> Any:
            return requests.get(url, headers=headers, timeout=20)

        try:
            answer = get(**{"X-Auth-Token": token})
            assert answer.status_code == 200, answer.text
            found, expected = answer.json(), cloud.context(token).json()
            for name in SAME:
                assert found[name] == expected[name], name
            assert {row["type"] for row in found["service_catalog"]} == {
                row["type"] for row in expected["service_catalog"]
            }
            assert set(found["service_catalog"][0]["endpoints"][0]) == set(
                expected["service_catalog"][0]["endpoints"][0]
            )
            refused = get(**{"X-Auth-Token": "nonsense"})
            ours = cloud.context("nonsense")
            assert refused.status_code == ours.status_code == 401
            assert refused.json() == ours.json()
            for name in ("WWW-Authenticate", "Content-Type"):
                assert refused.headers[name] == ours.headers[name]
            forged = get(**{"X-User-Id": "admin", "X-Roles": "admin"})
            assert forged.status_code == 401
        finally:
            stop()
            # Its options are required: no later test has them.
            CONF.reset()
            CONF.unregister_opts(
                loading.get_auth_plugin_conf_options("password"),
                group="keystone_authtoken",
            )
            CONF([], project="nova_lite", default_config_files=[])
            CONF.set_override("state_path", state_path)


def test_the_discovery_documents_need_no_token(cloud: Cloud) -> None:
    base = f"{cloud.url}/identity"
    answer = requests.get(f"{base}/", timeout=20)
    assert answer.status_code == 300
    (version,) = answer.json()["versions"]["values"]
    assert version["links"][0]["href"] == f"{base}/v3/"
    for path in ("/v3", "/v3/"):
        answer = requests.get(base + path, timeout=20)
        assert answer.json()["version"] == version


def test_wrong_and_unknown_cost_a_login_the_same(cloud: Cloud) -> None:
    """Statements, since times of single requests prove nothing."""
    from nova_lite.db import session as db

    account = cloud.account()

    def cost(**user: Any) -> int:
        before = db.statements()
        cloud.log_in_answer(
            {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {
                            "domain": {"id": "default"},
                            "password": PASSWORD,
                            **user,
                        }
                    },
                }
            }
        )
        return db.statements() - before

    assert cost(name=account.name) == cost(name="nobody at all")
