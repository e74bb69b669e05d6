# SPDX-License-Identifier: Apache-2.0
"""What the handlers of the image service share: limits, store, lookup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nova_lite.db.models.image import Image
from nova_lite.db.repositories import image as images_db
from nova_lite.embedded.image import rules
from nova_lite.embedded.image.store import Store


@dataclass(frozen=True, slots=True)
class Limits:
    """The options of [image] that requests meet; -1 is no limit."""

    size_cap_bytes: int
    properties: int
    tags: int
    members: int
    page_default: int
    page_max: int


class Handlers:
    """Base of the groups of handlers."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self.store = store
        self.limits = limits


def load(
    session: Any,
    context: rules.Context,
    image_id: str,
    *,
    for_update: bool = False,
) -> Image:
    """The image, if this context may see it.

    Raises: ImageNotFound.
    """
    image = images_db.get(session, image_id, for_update=for_update)
    rules.check_seen(
        context,
        image,
        images_db.member(session, image_id, context.project_id),
    )
    return image


def fits(count: int, limit: int) -> bool:
    """Tell whether a count is within a limit of [image]."""
    return limit < 0 or count <= limit
