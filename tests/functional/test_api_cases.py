# SPDX-License-Identifier: Apache-2.0
"""Runs the declarative HTTP cases of tests/functional/api/*.yaml.

A file begins with an empty database, and with the limits that it gives as
``quotas``; ``network: true`` gives it a network service at =/network. Its
``cases`` run in their order:

    - name: what it is about
      add: {server: {display_name: web}}     # rows written before it
      as: admin                              # default: member
      version: "2.47"
      POST: /servers                         # the verb and the path
      body: {...}
      status: 202
      message: a part of the fault's sentence
      headers: {Vary: a part of the value}   # null: the header is absent
      json: {server.name: web}               # dotted path: exact value
      keys: {server: [id, name]}             # dotted path: all keys, sorted
      absent: [server.fault]
      save: {server: server.id}              # then $server stands for it
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fixtures.compute_api import (
    UNLIMITED,
    Answer,
    ComputeAPI,
    set_quotas,
)

FILES = sorted((Path(__file__).parent / "api").glob("*.yaml"))
VERBS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")
KNOWN = {
    *VERBS,
    "absent",
    "add",
    "as",
    "body",
    "headers",
    "json",
    "keys",
    "message",
    "name",
    "raw",
    "request_headers",
    "save",
    "status",
    "version",
}
MISSING = object()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_cases(path: Path, compute_api: ComputeAPI) -> None:
    saved: dict[str, Any] = {}
    wrong: list[str] = []
    document = yaml.safe_load(path.read_text())
    set_quotas(document.get("quotas", UNLIMITED))
    if document.get("network"):
        compute_api = compute_api.networked
    for case in document["cases"]:
        unknown = set(case) - KNOWN
        assert not unknown, f"{case['name']}: {unknown}"
        for kind, rows in case.get("add", {}).items():
            for row in rows if isinstance(rows, list) else [rows]:
                compute_api.add(kind, **_filled(row, saved))
        verb = next((verb for verb in VERBS if verb in case), None)
        if verb is None:
            continue
        answer = _send(compute_api, verb, case, saved)
        wrong += [
            f"{case['name']}: {fault}\n    {answer.text[:600]}"
            for fault in _faults(case, answer, saved)
        ]
        for name, where in case.get("save", {}).items():
            saved[name] = _find(answer.json, where)
    assert not wrong, "\n" + "\n".join(wrong)


def _send(
    api: ComputeAPI, verb: str, case: dict[str, Any], saved: Mapping[str, Any]
) -> Answer:
    raw = case.get("raw")
    return api(
        verb,
        _filled(case[verb], saved),
        _filled(case.get("body"), saved),
        as_=case.get("as", "member"),
        version=case.get("version"),
        headers=case.get("request_headers"),
        raw=None if raw is None else raw.encode(),
    )


def _faults(
    case: dict[str, Any], answer: Answer, saved: Mapping[str, Any]
) -> list[str]:
    faults = []
    if answer.status != case.get("status", 200):
        faults.append(f"status {answer.status}")
    if str(_filled(case.get("message", ""), saved)) not in answer.text:
        faults.append(f"no message {case['message']!r}")
    for name, part in case.get("headers", {}).items():
        found = ", ".join(answer.headers.getall(name))
        if (part is None and found) or (part and part not in found):
            faults.append(f"header {name}: {found!r}")
    for where, wanted in case.get("json", {}).items():
        found = _find(answer.json, where)
        if found != _filled(wanted, saved):
            faults.append(f"{where}: {found!r} is not {wanted!r}")
    for where, wanted in case.get("keys", {}).items():
        found = _find(answer.json, where)
        if not isinstance(found, dict) or sorted(found) != sorted(wanted):
            odd = set(wanted) ^ set(found if isinstance(found, dict) else [])
            faults.append(f"keys of {where}: {sorted(odd)}")
    faults += [
        f"{where} is there"
        for where in case.get("absent", [])
        if _find(answer.json, where) is not MISSING
    ]
    return faults


def _filled(value: Any, saved: Mapping[str, Any]) -> Any:
    """The value with $names replaced by what was saved."""
    if isinstance(value, str):
        whole = re.fullmatch(r"\$(\w+)", value)
        if whole and whole[1] in saved:
            return saved[whole[1]]
        return re.sub(
            r"\$(\w+)",
            lambda m: str(saved.get(m[1], m[0])),
            value,
        )
    if isinstance(value, dict):
        return {k: _filled(v, saved) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(item, saved) for item in value]
    return value


def _find(value: Any, where: str) -> Any:
    """The value at a dotted path; numbers are places, # is the length."""
    for part in where.split(".") if where else []:
        if part == "#":
            value = len(value)
        elif isinstance(value, list) and part.lstrip("-").isdigit():
            if not -len(value) <= int(part) < len(value):
                return MISSING
            value = value[int(part)]
        elif isinstance(value, list):
            value = [item.get(part) for item in value]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return MISSING
    return value
