# SPDX-License-Identifier: Apache-2.0
"""What a request hands to a guest by its config drive: files, a password.

Called by compute.API in the API process, for create and rebuild.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from nova_lite import exception, quota, sealed

# (path in the guest, contents in base64)
Files = Sequence[tuple[str, str]]

_RESOURCES = (
    "injected_files",
    "injected_file_path_bytes",
    "injected_file_content_bytes",
)


def files_of(personality: Sequence[Mapping[str, str]]) -> Files:
    """The files of a request's personality. Raises: Invalid."""
    try:
        return tuple((one["path"], one["contents"]) for one in personality)
    except KeyError as error:
        raise exception.Invalid(
            f"A file of personality has no {error}: each has its path in the "
            "guest and its contents in base64."
        ) from error


def check_quota(
    session: Any, project_id: str, user_id: str | None, files: Files
) -> None:
    """Hold the limits of files, their paths and their decoded contents.

    Raises: OnsetFileLimitExceeded and its kin.
    """
    if not files:
        return
    _, limits = quota.limits(session, project_id, user_id, _RESOURCES)
    if _exceeds(len(files), limits["injected_files"]):
        raise exception.OnsetFileLimitExceeded()
    allowed = limits["injected_file_path_bytes"]
    if _exceeds(max(len(path) for path, _ in files), allowed):
        raise exception.OnsetFilePathLimitExceeded(allowed=allowed)
    allowed = limits["injected_file_content_bytes"]
    if _exceeds(
        max(len(base64.b64decode(text)) for _, text in files), allowed
    ):
        raise exception.OnsetFileContentLimitExceeded(allowed=allowed)


def _exceeds(wanted: int, limit: int) -> bool:
    return limit != quota.UNLIMITED and wanted > limit


def needs_drive(
    asked: bool, properties: Mapping[str, Any], files: Files
) -> bool:
    """Whether a server is to have a config drive.

    Files have no other way into the guest. Raises: InvalidInput.
    """
    policy = properties.get("img_config_drive", "optional")
    if policy not in ("optional", "mandatory"):
        raise exception.InvalidInput(
            reason=f"Image's config drive option '{policy}' is invalid: "
            "img_config_drive must be optional or mandatory."
        )
    return asked or policy == "mandatory" or bool(files)


def seal(password: str | None, files: Files) -> str:
    """Both, as they wait in the server's row for their host."""
    return sealed.seal({"admin_pass": password, "files": list(files)})
