# SPDX-License-Identifier: Apache-2.0
"""Images of servers that nobody will fill any more are deleted.

Who makes such an image removes it when that fails. Where he died, or a
delete ended the action before he had begun, conductor's sweep does it, by
the id that the journal keeps.
"""

from __future__ import annotations

import datetime

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.context import get_admin_context
from nova_lite.db.repositories import unfinished_image
from nova_lite.image.api import ImageAPI

LOG = logging.getLogger(__name__)

_AGE = datetime.timedelta(days=1)
_BATCH = 50
_UNFILLED = frozenset({"queued", "saving"})


def remove(images: ImageAPI) -> None:
    """One look at the snapshots and backups that have failed lately."""
    for action_id, image_id in unfinished_image.list_(_AGE, _BATCH).items():
        try:
            _remove(images, image_id)
        except exception.NovaLiteException as error:
            LOG.warning("Image %s cannot be removed yet: %s", image_id, error)
        else:
            unfinished_image.settle(action_id)


def _remove(images: ImageAPI, image_id: str) -> None:
    """Delete an image that has no data; a whole one stays."""
    context = get_admin_context()
    try:
        if images.get(context, image_id).status not in _UNFILLED:
            return
        images.delete(context, image_id)
    except exception.ImageNotFound:
        return
    LOG.info("Image %s of a failed snapshot was removed", image_id)
