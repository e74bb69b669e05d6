# SPDX-License-Identifier: Apache-2.0
"""The operator's own document for all guests, from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

PROVIDER = "StaticJSON"


def configured() -> dict[str, Any]:
    """The document that the configuration names; read anew each time."""
    if PROVIDER not in CONF.api.vendordata_providers:
        return {}
    return load(CONF.api.vendordata_jsonfile_path or "")


def load(path: str) -> dict[str, Any]:
    """The JSON object of a file; {} without one, and when it is none.

    A file that somebody broke must not stop servers from being made.
    """
    if not path:
        return {}
    try:
        found = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        LOG.warning("Vendor data of %s is left out: %s", path, error)
        return {}
    if not isinstance(found, dict):
        LOG.warning("Vendor data of %s is left out: no JSON object", path)
        return {}
    return found
