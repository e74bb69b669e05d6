# SPDX-License-Identifier: Apache-2.0
"""The os-keypairs resource. Key pairs belong to a user, not to a project."""

from __future__ import annotations

from typing import Any

from nova_lite import policy, quota
from nova_lite.api.openstack import common
from nova_lite.api.openstack.compute.schemas import keypairs as schemas
from nova_lite.api.openstack.compute.views import keypairs as views
from nova_lite.api.openstack.request import Request
from nova_lite.api.openstack.versioned import Value
from nova_lite.api.openstack.wsgi import operation
from nova_lite.db.repositories import keypair
from nova_lite.notifications import cloud, messenger
from nova_lite.policies import keypairs as policies


class KeypairsController(common.Controller):
    """/os-keypairs and /os-keypairs/{name}."""

    @operation(query=schemas.INDEX)
    def index(self, request: Request) -> dict[str, Any]:
        """List a user's key pairs."""
        user_id = _user_of_query(request)
        _authorize(request, policies.INDEX, user_id)
        limit: int | None = None
        marker = None
        if views.PAGED.at(request.version):
            limit, marker = common.page_of(request, self.settings.max_limit)
        rows = common.read(keypair.list_, user_id, limit, marker)
        body: dict[str, Any] = {
            "keypairs": [
                {"keypair": views.LISTED.show(request.version, row, None)}
                for row in rows
            ]
        }
        body |= common.next_page(
            request,
            self.settings,
            "keypairs_links",
            "os-keypairs",
            limit or 0,
            rows,
            rows[-1]["name"] if rows and limit else None,
        )
        return body

    @operation(query=schemas.ONE, answer={"keypair": views.SHOWN})
    def show(self, request: Request, name: str) -> dict[str, Any]:
        """Show a key pair."""
        user_id = _user_of_query(request)
        _authorize(request, policies.SHOW, user_id)
        row = common.read(keypair.get, user_id, name)
        return {"keypair": views.SHOWN.show(request.version, row, None)}

    @operation(body=schemas.CREATE, status=Value(200).since("2.2", 201))
    def create(self, request: Request, body: Any) -> dict[str, Any]:
        """Import a public key; before 2.92, or make a pair."""
        asked = body["keypair"]
        user_id = asked.get("user_id") or request.context.user_id or ""
        _authorize(request, policies.CREATE, user_id)
        # Here, since the library of keys takes 8 MiB, and most never need it.
        from nova_lite.api.openstack.compute import keys

        key_type = asked.get("type", keys.SSH)
        private_key = None
        if "public_key" in asked:
            public_key = asked["public_key"]
            fingerprint = keys.fingerprint(public_key, key_type)
        else:
            made = keys.generate(key_type, user_id)
            private_key = made.private_key
            public_key, fingerprint = made.public_key, made.fingerprint
        values = {
            "user_id": user_id,
            "name": asked["name"],
            "type": key_type,
            "public_key": public_key,
            "fingerprint": fingerprint,
        }
        what = "create" if private_key is not None else "import"
        cloud.keypair(request.context, what, "start", values)
        row = common.write(_create, request.context.project_id or "", values)
        cloud.keypair(request.context, what, "end", row)
        shown = views.CREATED.show(request.version, row, None)
        if private_key is not None:
            shown["private_key"] = private_key
        return {"keypair": shown}

    @operation(
        query=schemas.ONE,
        status=Value(202).since("2.2", 204),
        errors=(),
    )
    def delete(self, request: Request, name: str) -> None:
        """Delete a key pair; servers keep their copy of it."""
        user_id = _user_of_query(request)
        _authorize(request, policies.DELETE, user_id)
        row = None
        if messenger.enabled():
            row = common.read(keypair.get, user_id, name)
            cloud.keypair(request.context, "delete", "start", row)
        common.write(keypair.delete, user_id, name)
        if row is not None:
            cloud.keypair(request.context, "delete", "end", row)


def _create(
    session: Any, project_id: str, values: dict[str, Any]
) -> dict[str, Any]:
    """Write a key pair if the quota has room. Raises: OverQuota."""
    quota.reserve(session, project_id, values["user_id"], {"key_pairs": 1})
    return keypair.create(session, values)


def _user_of_query(request: Request) -> str:
    own: str = request.context.user_id or ""
    if not views.OF_USER.at(request.version):
        return own
    return request.one("user_id") or own


def _authorize(request: Request, rule: str, user_id: str) -> None:
    policy.authorize(request.context, rule, {"user_id": user_id})
