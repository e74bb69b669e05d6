# SPDX-License-Identifier: Apache-2.0
"""Sharing an image with other projects."""

from __future__ import annotations

from typing import Any

from nova_lite import exception
from nova_lite.db import session as db
from nova_lite.db.models.base import now
from nova_lite.db.models.image import Image, ImageMember
from nova_lite.db.repositories import image as images_db
from nova_lite.embedded import http
from nova_lite.embedded.image import rules, schemas, views
from nova_lite.embedded.image.base import Handlers, fits, load


class Members(Handlers):
    """Handlers of /v2/images/{image_id}/members."""

    def create(self, request: http.Request, image_id: str) -> Any:
        """POST .../members: share the image with a project."""
        body = request.object()
        project_id = body.get("member")
        if not isinstance(project_id, str) or not 0 < len(project_id) < 256:
            raise exception.Invalid(
                "'member' must be the id of a project, 1 to 255 characters."
            )
        return self._create(request.context, image_id, project_id)

    @db.transaction
    def _create(
        self, context: rules.Context, image_id: str, project_id: str
    ) -> Any:
        with db.writer() as session:
            image = load(session, context, image_id, for_update=True)
            _check_shared(image)
            rules.check_change(context, image)
            count = len(images_db.members(session, image_id)) + 1
            if not fits(count, self.limits.members):
                raise exception.RequestTooLarge(
                    f"The limit of {self.limits.members} members of an image "
                    f"is exceeded: attempted {count}."
                )
            return views.member(
                images_db.add_member(session, image_id, project_id)
            )

    def index(self, request: http.Request, image_id: str) -> Any:
        """GET .../members: all for the owner, themselves for a member."""
        rows = _list(request.context, image_id)
        return {
            "members": [views.member(row) for row in rows],
            "schema": "/v2/schemas/members",
        }

    def show(
        self, request: http.Request, image_id: str, member_id: str
    ) -> Any:
        """GET .../members/{member_id}."""
        for row in _list(request.context, image_id):
            if row.member == member_id:
                return views.member(row)
        raise _unknown(image_id, member_id)

    def update(
        self, request: http.Request, image_id: str, member_id: str
    ) -> Any:
        """PUT .../members/{member_id}: a member accepts or rejects."""
        status = request.object().get("status")
        if status not in schemas.MEMBER_STATUSES:
            raise exception.Invalid(
                "'status' must be one of "
                f"{', '.join(schemas.MEMBER_STATUSES)}."
            )
        return _set_status(request.context, image_id, member_id, status)

    def delete(
        self, request: http.Request, image_id: str, member_id: str
    ) -> None:
        """DELETE .../members/{member_id}."""
        _delete(request.context, image_id, member_id)


@db.transaction
def _list(context: rules.Context, image_id: str) -> list[ImageMember]:
    with db.reader() as session:
        image = load(session, context, image_id)
        _check_shared(image)
        rows = images_db.members(session, image_id)
        if rules.viewer(context).sees_all or rules.owns(context, image):
            return rows
        return [row for row in rows if row.member == context.project_id]


@db.transaction
def _set_status(
    context: rules.Context, image_id: str, member_id: str, status: str
) -> Any:
    with db.writer() as session:
        image = load(session, context, image_id, for_update=True)
        _check_shared(image)
        row = images_db.member(session, image_id, member_id)
        mine = member_id == context.project_id
        if row is None or not (
            mine or context.is_admin or rules.owns(context, image)
        ):
            raise _unknown(image_id, member_id)
        if not (mine or context.is_admin):
            raise exception.Forbidden(
                "Only the member may accept or reject an image."
            )
        row.status = status
        row.updated_at = now()
        return views.member(row)


@db.transaction
def _delete(context: rules.Context, image_id: str, member_id: str) -> None:
    with db.writer() as session:
        image = load(session, context, image_id, for_update=True)
        _check_shared(image)
        rules.check_change(context, image)
        row = images_db.member(session, image_id, member_id)
        if row is None:
            raise _unknown(image_id, member_id)
        images_db.delete_member(session, row)


def _check_shared(image: Image) -> None:
    if image.visibility != "shared":
        raise exception.Forbidden("Only shared images have members.")


def _unknown(image_id: str, member_id: str) -> exception.NotFound:
    return exception.NotFound(
        f"Image {image_id} is not shared with project {member_id}."
    )
