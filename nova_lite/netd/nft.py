# SPDX-License-Identifier: Apache-2.0
"""nftables through libnftables' JSON interface: netd's only door to it.

The library speaks to the network namespace of the thread that calls, so
work in another namespace is ``Namespaces.run(name, nft.apply, document)``.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

Statement = dict[str, Any]

_JSON = 1 << 4
# Protocols, priorities and symbols as numbers: no file of names is read.
_NUMERIC = (1 << 7) | (1 << 8) | (1 << 9)

# The library has tables of its own that its contexts share.
_lock = threading.Lock()


class NftError(Exception):
    """nftables refused a document; the text says which part, and why."""


@cache
def _library() -> Any:
    library = ctypes.CDLL("libnftables.so.1")
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, *arguments in (
        ("nft_ctx_new", pointer, ctypes.c_uint32),
        ("nft_ctx_free", None, pointer),
        ("nft_ctx_output_set_flags", None, pointer, ctypes.c_uint),
        ("nft_ctx_buffer_output", ctypes.c_int, pointer),
        ("nft_ctx_buffer_error", ctypes.c_int, pointer),
        ("nft_ctx_get_output_buffer", text, pointer),
        ("nft_ctx_get_error_buffer", text, pointer),
        ("nft_run_cmd_from_buffer", ctypes.c_int, pointer, text),
    ):
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library


def _run(statements: Sequence[Statement]) -> str:
    library = _library()
    with _lock:
        context = library.nft_ctx_new(0)
        if not context:
            raise NftError("libnftables cannot be used: no context")
        try:
            library.nft_ctx_output_set_flags(context, _JSON | _NUMERIC)
            library.nft_ctx_buffer_output(context)
            library.nft_ctx_buffer_error(context)
            command = json.dumps({"nftables": list(statements)})
            failed = library.nft_run_cmd_from_buffer(context, command.encode())
            output: bytes = library.nft_ctx_get_output_buffer(context)
            error: bytes = library.nft_ctx_get_error_buffer(context)
        finally:
            library.nft_ctx_free(context)
    if failed:
        raise NftError(error.decode(errors="replace").strip() or "no reason")
    return output.decode()


def apply(document: Sequence[Statement]) -> None:
    """Bring about all statements in one transaction, or none.

    Raises: NftError.
    """
    if document:
        _run(document)


def list_table(family: str, name: str) -> list[Statement]:
    """What is in a table, as nft's JSON has it; nothing if there is none."""
    try:
        output = _run([{"list": {"table": {"family": family, "name": name}}}])
    except NftError as error:
        if "No such file or directory" in str(error):
            return []
        raise
    found: list[Statement] = json.loads(output)["nftables"]
    return [one for one in found if "metainfo" not in one]


def list_chains() -> list[Statement]:
    """Every chain of every table, in the same form, without its rules."""
    found: list[Statement] = json.loads(_run([{"list": {"chains": None}}]))[
        "nftables"
    ]
    return [one["chain"] for one in found if "chain" in one]


def digest(statements: Sequence[Statement]) -> str:
    """One word for a listing: two are the same where the rules are.

    Without what differs between two listings of the same rules: handles,
    and the order of a set's elements.
    """
    text = json.dumps(_plain(list(statements)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    plain = {key: _plain(one) for key, one in value.items() if key != "handle"}
    if isinstance(plain.get("elem"), list):
        plain["elem"] = sorted(plain["elem"], key=json.dumps)
    return plain
