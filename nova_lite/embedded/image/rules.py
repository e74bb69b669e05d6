# SPDX-License-Identifier: Apache-2.0
"""Who may see and change which image.

As Glance's defaults are: an image is seen by its owner, by everybody when
public or community, by its members when shared; it is changed by a member of
its owner, or by an administrator. Services see all images and may fill them.
"""

from __future__ import annotations

from nova_lite import context as nova_context
from nova_lite import exception
from nova_lite.db.models.image import Image, ImageMember
from nova_lite.db.repositories.image import Viewer

_WRITERS = frozenset({"member", "manager", "admin"})
Context = nova_context.RequestContext


def is_service(context: Context) -> bool:
    """Tell whether another daemon of this cloud asks."""
    return "service" in (context.roles or [])


def viewer(context: Context) -> Viewer:
    """What a list shows to this context."""
    sees_all = bool(context.is_admin) or is_service(context)
    return Viewer(context.project_id, sees_all)


def owns(context: Context, image: Image) -> bool:
    """Tell whether the image belongs to the context's project."""
    return image.owner is not None and image.owner == context.project_id


def check_seen(
    context: Context, image: Image, membership: ImageMember | None
) -> None:
    """Act as if the image were not there, for those who may not see it.

    Raises: ImageNotFound.
    """
    if (
        viewer(context).sees_all
        or owns(context, image)
        or image.visibility in ("public", "community")
        or (image.visibility == "shared" and membership is not None)
    ):
        return
    raise exception.ImageNotFound(image_id=image.id)


def check_create(context: Context) -> None:
    """Raises: Forbidden for those who only read."""
    if context.is_admin or is_service(context):
        return
    if not _WRITERS.intersection(context.roles or []):
        raise exception.Forbidden(
            "Creating an image needs the role member in the project."
        )


def check_change(
    context: Context, image: Image, *, service_too: bool = False
) -> None:
    """Raises: Forbidden for those who may see but not change it."""
    if context.is_admin or (service_too and is_service(context)):
        return
    if not owns(context, image):
        raise exception.Forbidden(
            f"Image {image.id} belongs to another project: only its owner "
            "or an administrator may do this."
        )
    if not _WRITERS.intersection(context.roles or []):
        raise exception.Forbidden(
            "Changing an image needs the role member in the project."
        )


def check_visibility(context: Context, visibility: str) -> None:
    """Raises: Forbidden for making an image public without being admin."""
    if visibility == "public" and not context.is_admin:
        raise exception.Forbidden(
            "Only an administrator may make an image public."
        )


def check_owner(context: Context, owner: str | None) -> None:
    """Raises: Forbidden for giving an image to another project."""
    if owner != context.project_id and not context.is_admin:
        raise exception.Forbidden(
            f"You are not permitted to make '{owner}' the owner of an image."
        )
