# SPDX-License-Identifier: Apache-2.0
"""What schemathesis' command loads: ids that are there, and our formats.

Random text in a path is only ever 404, and what lies behind a server needs
one. A format that nobody knows is drawn as any text, which is only ever 400.
"""

from __future__ import annotations

import base64
import json
import os
import string
from typing import Any

import schemathesis
from hypothesis import strategies as st

_KNOWN: dict[str, str] = json.loads(os.environ["KNOWN_IDS"])

_letters = st.text(string.ascii_letters + string.digits, min_size=2)
_FORMATS = {
    "name": _letters,
    "name-with-spaces": _letters,
    "key-name": _letters,
    "key-name-292": _letters,
    "hostname-label": st.text(string.ascii_lowercase, min_size=2, max_size=63),
    "hostname-or-node": st.just("compute-1"),
    "base64": st.binary().map(lambda b: base64.b64encode(b).decode()),
    "regex": _letters,
    "cidr": st.just("192.0.2.0/24"),
}
for _name, _strategy in _FORMATS.items():
    schemathesis.openapi.format(_name, _strategy)


@schemathesis.hook
def map_path_parameters(
    context: Any, path_parameters: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Put known ids where the text that was drawn has an even length.

    What they name is not deleted: the requests after it need it.
    """
    operation = context.operation
    for name, value in (path_parameters or {}).items():
        ends = operation.path.endswith(f"{{{name}}}")
        if operation.method.upper() == "DELETE" and ends:
            continue
        if name in _KNOWN and len(str(value)) % 2 == 0:
            path_parameters[name] = _KNOWN[name]
    return path_parameters


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Let new servers boot from what there is."""
    server = body.get("server") if isinstance(body, dict) else None
    if isinstance(server, dict) and "flavorRef" in server:
        server["flavorRef"] = _KNOWN["flavor_id"]
        server["imageRef"] = _KNOWN["image_id"]
    return body
