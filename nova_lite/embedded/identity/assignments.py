# SPDX-License-Identifier: Apache-2.0
"""Roles of users on projects and domains, and what roles imply."""

from __future__ import annotations

from typing import Any

from nova_lite import exception
from nova_lite.db import session
from nova_lite.db.models.identity import Domain, Project, Role, User
from nova_lite.db.repositories import identity as repository
from nova_lite.embedded.http import Request, Row
from nova_lite.embedded.identity.api import Api, listing, self_link
from nova_lite.embedded.identity.resources import role_view

_EVERYTHING = 1_000_000


class Assignments:
    """Gives, takes, tells and lists roles."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def rows(self) -> list[Row]:
        """The URLs of assignments and implications."""
        found: list[Row] = [
            ("GET", "/v3/role_assignments", self.index),
            ("GET", "/v3/role_inferences", self.inferences),
            ("GET", "/v3/roles/{role_id}/implies", self.implied),
        ]
        for kind in ("project", "domain"):
            held = f"/v3/{kind}s/{{{kind}_id}}/users/{{user_id}}/roles"
            one = held + "/{role_id}"
            found += [
                ("GET", held, self.held),
                ("PUT", one, self.give),
                ("GET", one, self.tell),
                ("DELETE", one, self.take),
            ]
        return found

    def held(
        self, request: Request, user_id: str, **target: str
    ) -> dict[str, Any]:
        """List the roles given to a user on a project or domain."""
        self._api.admin(request, "list_grants")
        target_type, target_id = _target(target)
        key = {
            "user_id": user_id,
            "target_id": target_id,
            "target_type": target_type,
        }
        given = {
            item["role_id"] for item in self._api.directory.assignments(key)
        }
        return self._roles(request, given)

    @session.transaction
    def _roles(self, request: Request, ids: set[str]) -> dict[str, Any]:
        with session.reader() as db:
            rows = repository.search(db, Role, {}, ids=ids, limit=len(ids) + 1)
        return listing(
            request, "roles", [role_view(request, row) for row in rows]
        )

    def give(
        self, request: Request, user_id: str, role_id: str, **target: str
    ) -> None:
        """Give a role."""
        self._api.admin(request, "create_grant")
        self._api.directory.assign(*_target(target), user_id, role_id)

    def tell(
        self, request: Request, user_id: str, role_id: str, **target: str
    ) -> None:
        """Answer 204 when the role was given, else 404."""
        self._api.admin(request, "check_grant")
        target_type, target_id = _target(target)
        key = {
            "user_id": user_id,
            "target_id": target_id,
            "target_type": target_type,
            "role_id": role_id,
        }
        if not self._api.directory.is_assigned(key):
            raise exception.NotFound(
                f"User {user_id[:64]} has no role {role_id[:64]} on "
                f"{target_type} {target_id[:64]}."
            )

    def take(
        self, request: Request, user_id: str, role_id: str, **target: str
    ) -> None:
        """Take a role away."""
        self._api.admin(request, "revoke_grant")
        self._api.directory.unassign(*_target(target), user_id, role_id)

    def index(self, request: Request) -> dict[str, Any]:
        """List assignments by user, role and target."""
        caller = self._api.caller(request)
        query = request.GET
        if query.get("user.id") != caller.user_id:
            self._api.admin(request, "list_role_assignments")
        key: dict[str, str] = {}
        for name, column in (
            ("user.id", "user_id"),
            ("role.id", "role_id"),
            ("scope.project.id", "target_id"),
            ("scope.domain.id", "target_id"),
        ):
            if name in query:
                key[column] = query[name]
        if "scope.project.id" in query:
            key["target_type"] = "project"
        elif "scope.domain.id" in query:
            key["target_type"] = "domain"
        if "group.id" in query or "scope.system" in query:
            # There are no groups, and no roles on the system as such.
            return listing(request, "role_assignments", [])
        found = self._api.directory.assignments(
            key, effective=_flag(request, "effective")
        )
        names = self._names() if _flag(request, "include_names") else None
        return listing(
            request,
            "role_assignments",
            [_shown(request, item, names) for item in found],
        )

    @session.transaction
    def _names(self) -> dict[str, dict[str, Any]]:
        """Return by id what ``include_names`` adds, for all there is."""
        with session.reader() as db:
            domains = {
                row.id: row.name
                for row in repository.search(db, Domain, {}, limit=_EVERYTHING)
            }
            found: dict[str, dict[str, Any]] = {
                domain_id: {"name": name}
                for domain_id, name in domains.items()
            }
            found.update(
                (role_id, {"name": name})
                for role_id, name in repository.roles(db).items()
            )
            owned: list[Any] = [
                *repository.search(db, User, {}, limit=_EVERYTHING),
                *repository.search(db, Project, {}, limit=_EVERYTHING),
            ]
        for row in owned:
            found[row.id] = {
                "name": row.name,
                "domain": {
                    "id": row.domain_id,
                    "name": domains.get(row.domain_id, ""),
                },
            }
        return found

    def inferences(self, request: Request) -> dict[str, Any]:
        """List what every role implies."""
        self._api.admin(request, "list_role_inference_rules")
        pairs, names = self._implications()
        by_prior: dict[str, list[str]] = {}
        for prior, implied in pairs:
            by_prior.setdefault(prior, []).append(implied)
        found = [
            _inference(request, prior, implied, names)
            for prior, implied in by_prior.items()
        ]
        return {
            "role_inferences": found,
            "links": self_link(request, "role_inferences"),
        }

    def implied(self, request: Request, role_id: str) -> dict[str, Any]:
        """List what one role implies."""
        self._api.admin(request, "list_implied_roles")
        pairs, names = self._implications()
        if role_id not in names:
            raise exception.NotFound(f"Could not find role: {role_id[:64]}.")
        implied = [then for prior, then in pairs if prior == role_id]
        return {
            "role_inference": _inference(request, role_id, implied, names),
            "links": self_link(request, "roles", role_id, "implies"),
        }

    @session.transaction
    def _implications(
        self,
    ) -> tuple[list[tuple[str, str]], dict[str, str]]:
        with session.reader() as db:
            return repository.implications(db), repository.roles(db)


def _target(target: dict[str, str]) -> tuple[str, str]:
    """The kind and id that the URL names: project_id or domain_id."""
    ((name, target_id),) = target.items()
    return name.removesuffix("_id"), target_id


def _flag(request: Request, name: str) -> bool:
    """A flag is there, with no value or with a true one."""
    value = request.GET.get(name)
    return value is not None and value.lower() not in ("0", "false")


def _shown(
    request: Request,
    item: dict[str, str],
    names: dict[str, dict[str, Any]] | None,
) -> dict[str, Any]:
    def reference(row_id: str) -> dict[str, Any]:
        return {"id": row_id, **((names or {}).get(row_id, {}))}

    kind, target_id = item["target_type"], item["target_id"]
    return {
        "user": reference(item["user_id"]),
        "role": reference(item["role_id"]),
        "scope": {kind: reference(target_id)},
        "links": {
            "assignment": self_link(
                request,
                f"{kind}s",
                target_id,
                "users",
                item["user_id"],
                "roles",
                item["role_id"],
            )["self"]
        },
    }


def _inference(
    request: Request, prior: str, implied: list[str], names: dict[str, str]
) -> dict[str, Any]:
    def reference(role_id: str) -> dict[str, Any]:
        return {
            "id": role_id,
            "name": names[role_id],
            "links": self_link(request, "roles", role_id),
        }

    return {
        "prior_role": reference(prior),
        "implies": [reference(role_id) for role_id in sorted(implied)],
    }
