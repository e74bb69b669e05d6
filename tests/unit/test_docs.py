# SPDX-License-Identifier: Apache-2.0
"""The documents name things that exist: paths, code, options, messages."""

from __future__ import annotations

import ast
import configparser
import functools
import json
import re
import tomllib
from pathlib import Path

import pytest

from nova_lite import conf
from nova_lite.api.openstack import microversions

_ROOT = Path(__file__).parents[2]
_DOCS = [
    _ROOT / "README.md",
    _ROOT / "CHANGELOG.md",
    *sorted((_ROOT / "doc").rglob("*.md")),
]
_TREES = ("nova_lite", "tests", "etc", "devstack", "doc", "bench")
_README = (_ROOT / "README.md").read_text()
# Options of the auth plugin that auth_type chooses: no sample has them.
_PLUGIN = {
    "auth_url",
    "username",
    "password",
    "user_domain_name",
    "project_name",
    "project_domain_name",
}


def _name(path: Path) -> str:
    return str(path.relative_to(_ROOT))


def _quoted(path: Path) -> list[str]:
    """What stands in backticks outside of code blocks."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.M | re.S)
    return re.findall(r"`([^`\n]+)`", text)


@functools.cache
def _names_of(module: str) -> dict[str, set[str]]:
    """Top-level names of a module; for classes, the names in their body."""
    base = _ROOT / module.replace(".", "/")
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    found: dict[str, set[str]] = {}
    for node in ast.parse(path.read_text()).body:
        inner = node.body if isinstance(node, ast.ClassDef) else []
        for name in _defined(node):
            found[name] = {own for part in inner for own in _defined(part)}
    return found


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [t.id for t in node.targets if isinstance(t, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _exists(reference: str) -> bool:
    module, _, rest = reference.partition(":")
    name, _, member = rest.partition(".")
    base = _ROOT / module.replace(".", "/")
    if not (base.is_dir() or base.with_suffix(".py").exists()):
        return False
    names = _names_of(module)
    return name in names and (not member or member in names[name])


@pytest.mark.parametrize("path", _DOCS, ids=_name)
def test_the_code_that_is_named_exists(path: Path) -> None:
    wrong = [
        text
        for text in _quoted(path)
        if re.fullmatch(r"nova_lite(\.\w+)*:[\w.]+", text)
        and not _exists(text)
    ]
    assert not wrong


def test_a_name_that_is_wrong_would_be_found() -> None:
    assert _exists("nova_lite.service:Service.create")
    assert not _exists("nova_lite.service:Service.creates")
    assert not _exists("nova_lite.service:Servant")
    assert not _exists("nova_lite.servants:Servant")


@pytest.mark.parametrize("path", _DOCS, ids=_name)
def test_the_paths_that_are_named_exist(path: Path) -> None:
    named = [
        text
        for text in _quoted(path)
        if text.startswith(tuple(f"{tree}/" for tree in _TREES))
        and "<" not in text
    ]
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text())
    missing = [text for text in named if not (_ROOT / text).exists()]
    missing += [t for t in targets if not (path.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("path", _DOCS, ids=_name)
def test_the_options_that_are_named_exist(path: Path) -> None:
    own = {
        (group.name if group else "DEFAULT", option.dest)
        for group, options in conf.list_opts()
        for option in options
    }
    groups = {group for group, _ in own} - {"DEFAULT"}
    wrong = [
        text
        for text in _quoted(path)
        if (named := re.match(r"\[(\w+)\] (\w+)", text))
        and named[1] in groups
        and named.groups() not in own
    ]
    assert not wrong


def test_the_settings_of_the_readme_exist() -> None:
    """The indented blocks that begin with a group are configuration."""
    sample = (_ROOT / "etc/nova_lite/nova_lite.conf.sample").read_text()
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", _README, flags=re.M)
    seen = set()
    for block in blocks:
        lines = [line.strip() for line in block.splitlines()]
        if not any(re.fullmatch(r"\[\w+\]", line) for line in lines):
            continue
        settings = [line for line in lines if re.match(r"\[|#?\w+ =", line)]
        parser = configparser.RawConfigParser(default_section="none")
        parser.read_string("\n".join(settings))
        for group in parser.sections():
            section = f"\n{sample}".partition(f"\n[{group}]\n")[2]
            section = section.partition("\n[")[0]
            for name in parser[group]:
                seen.add(f"{group}.{name}")
                plugin = group == "keystone_authtoken" and name in _PLUGIN
                assert plugin or f"\n#{name} =" in section, (group, name)
    assert {"DEFAULT.transport_url", "database.connection"} <= seen


def test_the_readme_names_the_highest_microversion() -> None:
    named = re.search(r"Highest microversion: (\d+\.\d+)\.", _README)
    assert named
    assert named[1] == str(microversions.MAX)


def test_the_commands_of_the_documents_exist() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    known = {*project["scripts"], "nova-lite-linux"}
    for path in _DOCS:
        named = set(re.findall(r"(?<![\w-])nova-lite-\w+", path.read_text()))
        # A name of Nova's list that is not here yet stands without "lite".
        assert named <= known, path


def test_the_architecture_has_every_message() -> None:
    contract = json.loads((_ROOT / "tests/unit/rpc_contract.json").read_text())
    text = (_ROOT / "doc/architecture.md").read_text()
    methods = {
        name for pair in contract.values() for name in pair.get("messages", {})
    }
    assert "build_and_run_instance" in methods
    assert not {name for name in methods if f"`{name}`" not in text}


def test_decisions_are_numbered_and_have_their_parts() -> None:
    records = sorted((_ROOT / "doc/adr").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in records]
    assert numbers == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text()
        assert text.startswith(f"# {int(path.name[:4])}. "), path
        parts = re.findall(r"^## (\w+)$", text, flags=re.M)
        assert parts == ["Context", "Decision", "Consequences"], path
        assert len(text.splitlines()) <= 60, path


def test_the_make_targets_that_are_named_exist() -> None:
    makefile = (_ROOT / "Makefile").read_text()
    for path in _DOCS:
        for target in re.findall(r"(?:^    |`)make (\w+)", path.read_text()):
            assert f"\n{target}: " in makefile, f"{path}: make {target}"
