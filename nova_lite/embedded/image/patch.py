# SPDX-License-Identifier: Apache-2.0
"""The two JSON patch forms that ``PATCH /v2/images/{id}`` takes.

Source: the Image API v2 reference, "Update image".
"""

from __future__ import annotations

from typing import Any

import jsonpatch
import jsonpointer

from nova_lite import exception
from nova_lite.embedded.image import schemas

V21 = "application/openstack-images-v2.1-json-patch"
V20 = "application/openstack-images-v2.0-json-patch"
_VERBS = ("add", "remove", "replace", "move", "copy", "test")
_WITH_VALUE = ("add", "replace", "test")
Changes = list[dict[str, Any]]


def parse(content_type: str, body: Any) -> Changes:
    """The operations of a patch, checked for their form and their targets.

    Raises: UnsupportedMediaType, Invalid, Forbidden.
    """
    if content_type not in (V20, V21):
        raise exception.UnsupportedMediaType(expected=V21)
    if not isinstance(body, list):
        raise exception.Invalid("A JSON patch must be a list of operations.")
    changes = [
        _change(_modern(row) if content_type == V20 else row) for row in body
    ]
    for change in changes:
        targets = [change["path"]]
        if change["op"] == "move":
            targets.append(change["from"])
        schemas.check_writable({_name(path) for path in targets})
        for path in targets:
            _check_target(change["op"], path)
    return changes


def apply(changes: Changes, document: dict[str, Any]) -> dict[str, Any]:
    """The document after the changes.

    Raises: Conflict when an operation does not fit the document.
    """
    try:
        changed: dict[str, Any] = jsonpatch.apply_patch(document, changes)
    except (
        jsonpatch.JsonPatchException,
        jsonpointer.JsonPointerException,
    ) as error:
        raise exception.Conflict(
            f"The patch does not fit the image: {error}."
        ) from error
    except (TypeError, AttributeError) as error:
        # jsonpatch meets a text where an operation wants an object or list.
        raise exception.Invalid(
            "The patch addresses something inside a plain value."
        ) from error
    return changed


def _modern(row: Any) -> Any:
    """``{"add": "/x"}`` of the old form as ``{"op": "add", "path": "/x"}``."""
    if not isinstance(row, dict):
        return row
    verbs = [verb for verb in ("add", "remove", "replace") if verb in row]
    if len(verbs) != 1:
        raise exception.Invalid(
            "An operation must have exactly one of add, remove or replace."
        )
    rest = {k: v for k, v in row.items() if k != verbs[0]}
    return {"op": verbs[0], "path": row[verbs[0]], **rest}


def _change(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict) or row.get("op") not in _VERBS:
        raise exception.Invalid(
            f"An operation must have an op, one of {', '.join(_VERBS)}."
        )
    if row["op"] in _WITH_VALUE and "value" not in row:
        raise exception.Invalid(f"Operation '{row['op']}' needs a value.")
    names = ["path", *(["from"] if row["op"] in ("move", "copy") else [])]
    for name in names:
        path = row.get(name)
        if not isinstance(path, str) or not path.startswith("/"):
            raise exception.Invalid(
                f"The {name} of an operation must begin with '/'."
            )
    return row


def _name(path: str) -> str:
    try:
        return str(jsonpointer.JsonPointer(path).parts[0])
    except jsonpointer.JsonPointerException as error:
        raise exception.Invalid(f"'{path}' is no JSON pointer.") from error


def _check_target(op: str, path: str) -> None:
    name = _name(path)
    deep = path.count("/") > 1
    if name == "id":
        raise exception.Forbidden("Attribute 'id' is read-only.")
    if deep and name != "tags":
        raise exception.Invalid(
            f"'{path[:80]}' addresses something inside a plain value."
        )
    if op in ("remove", "move") and name in schemas.BASE and not deep:
        raise exception.Forbidden(f"Property {name} may not be removed.")
