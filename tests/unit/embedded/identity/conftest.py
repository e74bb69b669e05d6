# SPDX-License-Identifier: Apache-2.0
"""The identity service and a guarded application on a real socket."""

from __future__ import annotations

import json
import logging
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from keystoneauth1 import session as ksa_session
from keystoneauth1.identity import v3
from oslo_config import cfg

from nova_lite import conf, wsgi_server
from nova_lite.api.openstack import middleware
from nova_lite.db import models
from nova_lite.db import session as db

CONF = cfg.CONF
PASSWORD = "correct horse"
SERVICE_PASSWORD = "battery staple"

TOLD = (
    "user_id",
    "user_name",
    "user_domain_id",
    "project_id",
    "project_name",
    "project_domain_id",
    "roles",
    "is_admin",
    "auth_token",
    "request_id",
    "global_request_id",
    "service_catalog",
)


def tell_context(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """An application that answers with the context it was given."""
    context = environ["nova.context"]
    values = {name: getattr(context, name) for name in TOLD}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(values, default=str).encode()]


def mounted(apps: dict[str, Any]) -> Any:
    """An application that hands each prefix to its own."""

    def app(
        environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        prefix = "/" + environ["PATH_INFO"].split("/")[1]
        environ["SCRIPT_NAME"] = prefix
        environ["PATH_INFO"] = environ["PATH_INFO"][len(prefix) :]
        return apps[prefix](environ, start_response)  # type: ignore[no-any-return]

    return middleware.request_id(app)


@dataclass(frozen=True)
class Account:
    """A user with a role on a project of its own."""

    user_id: str
    name: str
    password: str
    project_id: str
    project_name: str


class Cloud:
    """The running service, and what tests do with it as administrator."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.auth_url = f"{url}/identity/v3"
        self._admin = self.log_in("admin", PASSWORD, project={"name": "admin"})

    @property
    def admin(self) -> str:
        """An administrator's token."""
        return self._admin

    def call(
        self, method: str, path: str, token: str | None = None, **kwargs: Any
    ) -> requests.Response:
        """A request to /identity/v3; ``token`` is the admin's by default."""
        headers = kwargs.pop("headers", {})
        headers.setdefault("X-Auth-Token", token or self._admin)
        return requests.request(
            method,
            self.auth_url + path,
            headers=headers,
            timeout=20,
            **kwargs,
        )

    def make(self, kind: str, **values: Any) -> dict[str, Any]:
        """A new domain, project, user or role."""
        values.setdefault("name", uuid.uuid4().hex)
        answer = self.call("POST", f"/{kind}s", json={kind: values})
        assert answer.status_code == 201, answer.text
        return dict(answer.json()[kind])

    def role_id(self, name: str) -> str:
        """The id of a role."""
        (found,) = self.call("GET", f"/roles?name={name}").json()["roles"]
        return str(found["id"])

    def account(self, role: str = "member", **values: Any) -> Account:
        """A new user with a role on a new project."""
        user = self.make("user", password="pass word", **values)
        project = self.make("project")
        account = Account(
            user["id"],
            user["name"],
            "pass word",
            project["id"],
            project["name"],
        )
        self.grant("PUT", account, role)
        return account

    def grant(self, method: str, account: Account, role: str) -> None:
        """PUT or DELETE a role of the account on its project."""
        path = (
            f"/projects/{account.project_id}/users/{account.user_id}"
            f"/roles/{self.role_id(role)}"
        )
        answer = self.call(method, path)
        assert answer.status_code == 204, answer.text

    def log_in_answer(self, auth: dict[str, Any]) -> requests.Response:
        """The answer to a login with this ``auth`` object."""
        return requests.post(
            f"{self.auth_url}/auth/tokens", json={"auth": auth}, timeout=20
        )

    def log_in(
        self, name: str, password: str, project: dict[str, str] | None = None
    ) -> str:
        """The token of a login in the default domain."""
        domain = {"domain": {"id": "default"}}
        auth: dict[str, Any] = {
            "identity": {
                "methods": ["password"],
                "password": {
                    "user": {"name": name, "password": password, **domain}
                },
            }
        }
        if project is not None:
            auth["scope"] = {"project": {**project, **domain}}
        answer = self.log_in_answer(auth)
        assert answer.status_code == 201, answer.text
        return answer.headers["X-Subject-Token"]

    def token_of(self, account: Account) -> str:
        """A token of the account for its project."""
        return self.log_in(
            account.name, account.password, {"name": account.project_name}
        )

    def session_of(self, account: Account) -> Any:
        """keystoneauth's session of the account."""
        return ksa_session.Session(
            auth=v3.Password(
                self.auth_url,
                username=account.name,
                password=account.password,
                user_domain_id="default",
                project_name=account.project_name,
                project_domain_id="default",
            )
        )

    def context(self, token: str | None) -> requests.Response:
        """What the guarded application was told of a token's holder."""
        headers = {"X-Auth-Token": token} if token else {}
        return requests.get(
            f"{self.url}/guarded/", headers=headers, timeout=20
        )

    def is_good(self, token: str) -> bool:
        """Whether the guarded application takes the token."""
        return self.context(token).status_code == 200


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Options and a fresh database with cheap passwords."""
    db.dispose()
    conf.register_opts(CONF)
    CONF([], project="nova_lite", default_config_files=[])
    CONF.set_override("state_path", str(tmp_path_factory.mktemp("state")))
    CONF.set_override("password_time_cost", 1, "identity")
    CONF.set_override("password_memory_kib", 64, "identity")
    CONF.set_override("lockout_failure_attempts", 3, "identity")
    models.load_all()
    models.Base.metadata.create_all(db.engine())
    yield
    db.dispose()
    CONF.reset()
    CONF.clear_override("state_path")
    for name in (
        "password_time_cost",
        "password_memory_kib",
        "lockout_failure_attempts",
    ):
        CONF.clear_override(name, "identity")


@pytest.fixture(scope="module")
def cloud(configured: None) -> Iterator[Cloud]:
    """A bootstrapped service on a free port of loopback."""
    from nova_lite.embedded.identity import app, auth, store

    store.bootstrap(PASSWORD, SERVICE_PASSWORD)
    apps = {
        "/identity": app.make_app(),
        "/guarded": auth.EmbeddedAuth().wrap(tell_context),
    }
    with socket.create_server(("127.0.0.1", 0)) as sock:
        stop = wsgi_server.serve(
            sock, mounted(apps), 8, logging.getLogger(__name__)
        )
        try:
            yield Cloud(f"http://127.0.0.1:{sock.getsockname()[1]}")
        finally:
            stop()
