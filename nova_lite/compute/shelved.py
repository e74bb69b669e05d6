# SPDX-License-Identifier: Apache-2.0
"""What a shelved server is remembered by: keys of its system_metadata.

``shelved_image_id`` is written when a shelve is accepted, before the image
is made, so that whoever ends the server finds it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from oslo_log import log as logging

from nova_lite import exception
from nova_lite.context import get_admin_context
from nova_lite.image.api import ImageAPI

LOG = logging.getLogger(__name__)

AT = "shelved_at"
IMAGE_ID = "shelved_image_id"
HOST = "shelved_host"


def image_id(system_metadata: Mapping[str, Any]) -> str | None:
    """The image of a shelved server, or None."""
    found: str | None = system_metadata.get(IMAGE_ID)
    return found


def marks(host: str) -> dict[str, str]:
    """What is kept of a server that is shelved now."""
    moment = datetime.datetime.now(datetime.UTC)
    return {AT: moment.isoformat(), HOST: host}


def without_marks(system_metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a server that is shelved no more."""
    return {
        key: value
        for key, value in system_metadata.items()
        if key not in (AT, IMAGE_ID, HOST)
    }


def remove_image(images: ImageAPI, ident: str) -> bool:
    """Delete the image of a shelved server; False when it may be there yet.

    Its absence is no error, and nobody's work ends for it: it is the
    tenant's own image, who can delete it too.
    """
    try:
        images.delete(get_admin_context(), ident)
    except exception.ImageNotFound:
        return True
    except exception.NovaLiteException as error:
        LOG.warning("Image %s of a shelved server stays: %s", ident, error)
        return False
    return True
