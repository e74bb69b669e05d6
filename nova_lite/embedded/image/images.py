# SPDX-License-Identifier: Apache-2.0
"""Create, list, show, patch, delete, tags and actions of images."""

from __future__ import annotations

import uuid
from typing import Any

from nova_lite import exception
from nova_lite.db import session as db
from nova_lite.db.models.image import Image
from nova_lite.db.repositories import image as images_db
from nova_lite.embedded import http
from nova_lite.embedded.image import patch, query, rules, schemas, views
from nova_lite.embedded.image.base import Handlers, fits, load
from nova_lite.embedded.image.store import Store

# Attribute of the API -> column, where they differ.
_COLUMN = {"min_disk": "min_disk_gb", "min_ram": "min_ram_mb"}
_SETTABLE = frozenset(schemas.BASE) - schemas.READ_ONLY


class Images(Handlers):
    """Handlers of /v2/images and /v2/images/{image_id}."""

    def create(self, request: http.Request) -> Any:
        """POST /v2/images: a queued image, whose bytes come later."""
        context = request.context
        rules.check_create(context)
        body = request.object()
        schemas.check_writable(set(body))
        schemas.check_image(body)
        values, properties, tags = _split(body)
        self._check_quota(properties, tags)
        values.setdefault("id", str(uuid.uuid4()))
        values["id"] = values["id"].lower()
        values.setdefault("owner", context.project_id)
        rules.check_owner(context, values["owner"])
        rules.check_visibility(context, values.get("visibility", "shared"))
        shown = _create(values, properties, tags)
        response = http.json_response(shown, 201)
        response.location = (
            f"{request.application_url}/v2/images/{values['id']}"
        )
        return response

    def index(self, request: http.Request) -> Any:
        """GET /v2/images."""
        wanted = query.parse(request.GET.items())
        order = query.sorting(request.GET)
        limit, marker = request.paging(
            self.limits.page_default, self.limits.page_max
        )
        rows = _page(request.context, wanted, order, limit, marker)
        body: dict[str, Any] = {
            "images": [views.image(row) for row in rows],
            "first": _first(request),
            "schema": "/v2/schemas/images",
        }
        if len(rows) == limit:
            body["next"] = request.next_path(rows[-1].id)
        return body

    def show(self, request: http.Request, image_id: str) -> Any:
        """GET /v2/images/{image_id}."""
        return views.image(_read(request.context, image_id))

    def tasks(self, request: http.Request, image_id: str) -> Any:
        """GET .../tasks: none, as images have no imports here."""
        _read(request.context, image_id)
        return {"tasks": []}

    def update(self, request: http.Request, image_id: str) -> Any:
        """PATCH /v2/images/{image_id}: a JSON patch."""
        changes = patch.parse(request.content_type, request.document())
        return self._update(request.context, image_id, changes)

    @db.transaction
    def _update(
        self, context: rules.Context, image_id: str, changes: patch.Changes
    ) -> Any:
        with db.writer() as session:
            image = load(session, context, image_id, for_update=True)
            rules.check_change(
                context, image, service_too=image.status == "queued"
            )
            before = views.mutable(image) | {
                row.name: row.value for row in image.properties
            }
            after = patch.apply(changes, before)
            schemas.check_image(after)
            values, properties, tags = _split(after)
            _check_changed(context, image, before, values)
            if len(properties) > len(image.properties):
                self._check_quota(properties, [])
            if len(tags) > len(image.tags):
                self._check_quota({}, tags)
            images_db.update(session, image, values, properties, tags)
            return views.image(image)

    def delete(self, request: http.Request, image_id: str) -> None:
        """DELETE /v2/images/{image_id}."""
        _mark_deleted(request.context, image_id)
        remove(self.store, image_id)

    def add_tag(self, request: http.Request, image_id: str, tag: str) -> None:
        """PUT /v2/images/{image_id}/tags/{tag}."""
        schemas.check_image({"tags": [tag]})
        self._retag(request.context, image_id, add=tag)

    def delete_tag(
        self, request: http.Request, image_id: str, tag: str
    ) -> None:
        """DELETE /v2/images/{image_id}/tags/{tag}."""
        self._retag(request.context, image_id, drop=tag)

    @db.transaction
    def _retag(
        self,
        context: rules.Context,
        image_id: str,
        add: str | None = None,
        drop: str | None = None,
    ) -> None:
        with db.writer() as session:
            image = load(session, context, image_id, for_update=True)
            rules.check_change(context, image)
            tags = {row.tag for row in image.tags}
            if drop is not None and drop not in tags:
                raise exception.NotFound(
                    f"Image {image_id} has no tag '{drop}'."
                )
            if add is not None and add not in tags:
                self._check_quota({}, [*tags, add])
            tags = (tags | ({add} if add else set())) - {drop or ""}
            images_db.update(
                session,
                image,
                {},
                {row.name: row.value for row in image.properties},
                sorted(tags),
            )

    def deactivate(self, request: http.Request, image_id: str) -> None:
        """POST /v2/images/{image_id}/actions/deactivate."""
        _turn(request.context, image_id, "active", "deactivated")

    def reactivate(self, request: http.Request, image_id: str) -> None:
        """POST /v2/images/{image_id}/actions/reactivate."""
        _turn(request.context, image_id, "deactivated", "active")

    def _check_quota(
        self, properties: dict[str, str], tags: list[str]
    ) -> None:
        for what, count, limit in (
            ("properties", len(properties), self.limits.properties),
            ("tags", len(set(tags)), self.limits.tags),
        ):
            if not fits(count, limit):
                raise exception.RequestTooLarge(
                    f"The limit of {limit} {what} of an image is exceeded: "
                    f"attempted {count}."
                )


def remove(store: Store, image_id: str) -> None:
    """Remove a deleted image's bytes, then its row.

    While an upload of it still runs, that is left to the upload, which will
    find the image deleted.
    """
    with store.abandoned(image_id) as ours:
        if ours:
            remove_held(store, image_id)


def remove_held(store: Store, image_id: str) -> None:
    """Do the same for a caller that has the image's files locked."""
    store.delete(image_id)
    _purge(image_id)


@db.transaction
def _purge(image_id: str) -> None:
    with db.writer() as session:
        images_db.purge(session, image_id)


@db.transaction
def _create(
    values: dict[str, Any], properties: dict[str, str], tags: list[str]
) -> dict[str, Any]:
    with db.writer() as session:
        return views.image(images_db.create(session, values, properties, tags))


@db.transaction
def _read(context: rules.Context, image_id: str) -> Image:
    with db.reader() as session:
        return load(session, context, image_id)


@db.transaction
def _page(
    context: rules.Context,
    wanted: images_db.Query,
    order: list[tuple[str, str]],
    limit: int,
    marker: str | None,
) -> list[Image]:
    with db.reader() as session:
        if marker is not None:
            _check_marker(session, context, marker)
        return images_db.list_page(
            session, rules.viewer(context), wanted, order, limit, marker
        )


def _check_marker(session: Any, context: rules.Context, marker: str) -> None:
    try:
        load(session, context, marker)
    except exception.ImageNotFound as error:
        raise exception.MarkerNotFound(marker=marker) from error


@db.transaction
def _mark_deleted(context: rules.Context, image_id: str) -> None:
    with db.writer() as session:
        image = load(session, context, image_id, for_update=True)
        rules.check_change(context, image, service_too=True)
        if image.protected:
            raise exception.Forbidden(
                f"Image {image_id} is protected and cannot be deleted."
            )
        images_db.swap_status(
            session, image_id, image.status, images_db.DELETED
        )


@db.transaction
def _turn(
    context: rules.Context, image_id: str, expected: str, new: str
) -> None:
    with db.writer() as session:
        image = load(session, context, image_id, for_update=True)
        rules.check_change(context, image)
        if image.status == new:
            return
        if not images_db.swap_status(session, image_id, expected, new):
            raise exception.Forbidden(
                f"Not allowed transition of image {image_id} from "
                f"'{image.status}' to '{new}'."
            )


def _check_changed(
    context: rules.Context,
    image: Image,
    before: dict[str, Any],
    values: dict[str, Any],
) -> None:
    """What of the base attributes this context may change now."""
    if values["visibility"] != image.visibility:
        rules.check_visibility(context, values["visibility"])
    if values["owner"] != image.owner:
        rules.check_owner(context, values["owner"])
    if image.status == "queued":
        return
    for name in ("disk_format", "container_format"):
        if values[name] != before[name]:
            raise exception.Forbidden(
                f"Attribute {name} can be only replaced for a queued image."
            )


def _split(
    document: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Columns, properties and tags of an image as the API gives it."""
    values: dict[str, Any] = {}
    properties: dict[str, str] = {}
    for name, value in document.items():
        if name == "tags":
            continue
        if name in _SETTABLE:
            values[_COLUMN.get(name, name)] = value
        else:
            properties[name] = value
    return values, properties, list(document.get("tags", []))


def _first(request: http.Request) -> str:
    path: str = request.path_info
    text = request.query_string
    parts = [p for p in text.split("&") if p and not p.startswith("marker=")]
    return f"{path}?{'&'.join(parts)}" if parts else path
