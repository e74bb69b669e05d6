# SPDX-License-Identifier: Apache-2.0
"""/v3/auth: tokens, and what the holder of one may reach."""

from __future__ import annotations

from typing import Any

from nova_lite import exception
from nova_lite.db import session
from nova_lite.db.models.identity import Domain, Project
from nova_lite.db.repositories import identity as repository
from nova_lite.embedded.http import Request, Response, Row, json_response
from nova_lite.embedded.identity import resources
from nova_lite.embedded.identity.api import Api, listing, self_link, when
from nova_lite.embedded.identity.values import Identity

_SUBJECT = "X-Subject-Token"


class Tokens:
    """Tokens and the holder's own projects, domains and catalogue."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def rows(self) -> list[Row]:
        """The URLs of /v3/auth."""
        return [
            ("POST", "/v3/auth/tokens", self.create),
            ("GET", "/v3/auth/tokens", self.show),
            ("DELETE", "/v3/auth/tokens", self.delete),
            ("GET", "/v3/auth/catalog", self.catalog),
            ("GET", "/v3/auth/projects", self.projects),
            ("GET", "/v3/auth/domains", self.domains),
            ("GET", "/v3/auth/system", self.system),
            ("GET", "/v3/users/{user_id}/projects", self.user_projects),
        ]

    def create(self, request: Request) -> Response:
        """Issue a token for a proven user."""
        login, scope = self._api.authenticator.authenticate(
            request.object("auth")
        )
        token, identity = self._api.store.issue(login, scope)
        response = json_response(self._body(request, identity), 201)
        response.headers[_SUBJECT] = token
        response.headers["Vary"] = "X-Auth-Token"
        return response

    def show(self, request: Request) -> Response:
        """Validate a token: one's own, or any for a service."""
        subject = self._subject(request)
        caller = self._api.caller(request)
        try:
            identity = self._api.store.validate(subject)
        except exception.Unauthorized as error:
            raise exception.NotFound("Could not find token.") from error
        self._check_may_see(caller, identity, "validate_token")
        response = json_response(self._body(request, identity))
        response.headers[_SUBJECT] = subject
        response.headers["Vary"] = "X-Auth-Token"
        return response

    def delete(self, request: Request) -> None:
        """Revoke a token."""
        subject = self._subject(request)
        caller = self._api.caller(request)
        try:
            identity = self._api.store.validate(subject)
        except exception.Unauthorized as error:
            raise exception.NotFound("Could not find token.") from error
        if caller.user_id != identity.user_id:
            self._api.admin(request, "revoke_token")
        self._api.store.revoke(subject)

    def _subject(self, request: Request) -> str:
        subject = request.headers.get(_SUBJECT)
        if not subject:
            raise exception.Invalid(f"The header {_SUBJECT} is missing.")
        return str(subject)

    def _check_may_see(
        self, caller: Identity, identity: Identity, action: str
    ) -> None:
        if (
            caller.user_id != identity.user_id
            and not caller.is_admin
            and "service" not in caller.role_names
        ):
            raise exception.Forbidden(
                "You are not authorized to perform the requested action: "
                f"identity:{action}."
            )

    def _body(self, request: Request, identity: Identity) -> dict[str, Any]:
        token: dict[str, Any] = {
            "methods": list(identity.methods),
            "user": {
                "id": identity.user_id,
                "name": identity.user_name,
                "domain": {
                    "id": identity.user_domain_id,
                    "name": identity.user_domain_name,
                },
                "password_expires_at": None,
            },
            "audit_ids": list(identity.audit_ids),
            "issued_at": when(identity.issued_at),
            "expires_at": when(identity.expires_at),
        }
        token.update(_scope_body(identity))
        if identity.application_credential_id is not None:
            token["application_credential"] = {
                "id": identity.application_credential_id,
            }
        if identity.roles and "nocatalog" not in request.GET:
            base = self._api.catalog.address(request.host_url)
            token["catalog"] = self._api.catalog.v3(base)
        return {"token": token}

    def catalog(self, request: Request) -> dict[str, Any]:
        """List the services. Raises: Forbidden for an unscoped token."""
        if not self._api.caller(request).roles:
            raise exception.Forbidden(
                "An unscoped token has no catalogue: ask for a project."
            )
        base = self._api.catalog.address(request.host_url)
        return listing(request, "catalog", self._api.catalog.v3(base))

    def projects(self, request: Request) -> dict[str, Any]:
        """List the projects on which the caller has a role."""
        return self._projects_of(request, self._api.caller(request).user_id)

    def user_projects(self, request: Request, user_id: str) -> Any:
        """List the projects on which a user has a role."""
        self._api.admin_or_self(request, "list_user_projects", user_id)
        return self._projects_of(request, user_id)

    def _projects_of(self, request: Request, user_id: str) -> dict[str, Any]:
        rows = self._reached(Project, "project", user_id)
        return listing(
            request,
            "projects",
            [resources.project_view(request, row) for row in rows],
        )

    def domains(self, request: Request) -> dict[str, Any]:
        """List the domains on which the caller has a role."""
        user_id = self._api.caller(request).user_id
        rows = self._reached(Domain, "domain", user_id)
        return listing(
            request,
            "domains",
            [resources.domain_view(request, row) for row in rows],
        )

    def system(self, request: Request) -> dict[str, Any]:
        """Say that nobody has a role on the system as such."""
        self._api.caller(request)
        return {"system": [], "links": self_link(request, "auth", "system")}

    @session.transaction
    def _reached(self, model: Any, target_type: str, user_id: str) -> Any:
        with session.reader() as db:
            rows = repository.assignments(
                db, user_id=user_id, target_type=target_type
            )
            ids = {row.target_id for row in rows}
            return repository.search(
                db, model, {"enabled": True}, ids=ids, limit=len(ids) + 1
            )


def _scope_body(identity: Identity) -> dict[str, Any]:
    roles = [{"id": role_id, "name": name} for role_id, name in identity.roles]
    if identity.project_id is not None:
        return {
            "project": {
                "id": identity.project_id,
                "name": identity.project_name,
                "domain": {
                    "id": identity.project_domain_id,
                    "name": identity.project_domain_name,
                },
            },
            "is_domain": False,
            "roles": roles,
        }
    if identity.domain_id is not None:
        return {
            "domain": {
                "id": identity.domain_id,
                "name": identity.domain_name,
            },
            "roles": roles,
        }
    return {}
