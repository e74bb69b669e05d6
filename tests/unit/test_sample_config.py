# SPDX-License-Identifier: Apache-2.0
"""etc/nova_lite: samples as the code would make them; options that are used.

``make genconfig`` writes both samples anew.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from oslo_config import cfg

from nova_lite import conf, policies

_ROOT = Path(__file__).parents[2]
_ETC = _ROOT / "etc" / "nova_lite"
_OPTIONS = [
    (None if group is None else group.name, option)
    for group, options in conf.list_opts()
    for option in options
]
_ids = [f"{group or 'DEFAULT'}.{option.dest}" for group, option in _OPTIONS]


def _generate(command: str, config: str, output: Path) -> str:
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / command),
            *("--config-file", str(_ETC / config)),
            *("--output-file", str(output)),
        ],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    return output.read_text()


def _own_parts(sample: str) -> dict[str, str]:
    """By group, what a sample has of nova_lite itself.

    The libraries' parts change with each of their releases, which is no
    fault of this tree.
    """
    parts = {}
    for section in re.split(r"^(?=\[\w+\]$)", sample, flags=re.M):
        group = section.partition("\n")[0]
        for part in re.split(r"^#\n(?=# From )", section, flags=re.M):
            if part.startswith("# From nova_lite\n"):
                parts[group] = part.strip()
    return parts


def test_the_sample_of_the_options_is_current(tmp_path: Path) -> None:
    made = _generate(
        "oslo-config-generator", "config-generator.conf", tmp_path / "sample"
    )
    kept = (_ETC / "nova_lite.conf.sample").read_text()
    assert _own_parts(kept) == _own_parts(made), "run: make genconfig"


def test_the_sample_holds_every_option() -> None:
    own = _own_parts((_ETC / "nova_lite.conf.sample").read_text())
    missing = [
        f"[{group or 'DEFAULT'}] {option.name}"
        for group, option in _OPTIONS
        if f"\n#{option.dest} =" not in own[f"[{group or 'DEFAULT'}]"]
    ]
    assert not missing


@pytest.mark.parametrize(
    "library",
    [
        "oslo.messaging",
        "oslo.log",
        "oslo.policy",
        "oslo.concurrency",
        "keystonemiddleware.auth_token",
    ],
)
def test_the_libraries_options_are_in_it(library: str) -> None:
    text = (_ETC / "nova_lite.conf.sample").read_text()
    assert f"\n# From {library}\n" in text


def test_the_sample_names_no_machine() -> None:
    text = (_ETC / "nova_lite.conf.sample").read_text()
    assert "\n#host = <the host's name>\n" in text
    assert str(_ROOT) not in text


def test_the_sample_of_the_policy_is_current(tmp_path: Path) -> None:
    made = _generate(
        "oslopolicy-sample-generator",
        "policy-generator.conf",
        tmp_path / "sample",
    )
    kept = (_ETC / "policy.yaml.sample").read_text()
    assert kept == made, "run: make genconfig"
    for rule in policies.list_rules():
        assert f'#"{rule.name}": ' in kept


@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_the_broker_samples_set_options_that_exist(kind: str) -> None:
    known = (_ETC / "nova_lite.conf.sample").read_text()
    values: dict[str, dict[str, list[str]]] = {}
    cfg.ConfigParser(str(_ETC / f"rabbitmq-{kind}.conf"), values).parse()
    assert values["oslo_messaging_rabbit"]
    for group, options in values.items():
        section = known.partition(f"\n[{group}]\n")[2].partition("\n[")[0]
        for name in options:
            assert f"\n#{name} =" in section, f"[{group}] {name}"


@pytest.mark.parametrize(("group", "option"), _OPTIONS, ids=_ids)
def test_an_option_explains_itself(group: str | None, option: cfg.Opt) -> None:
    assert option.help, "no help"
    assert option.help.rstrip().endswith((".", ")")), option.help
    kind = option.type
    if isinstance(option, cfg.IntOpt):
        assert kind.min is not None, "no smallest value"


def _last(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _reads(path: Path) -> set[tuple[str, str]]:
    """(object, attribute) pairs of a module.

    A name that stands for ``CONF.group`` counts as the group, and a name
    that begins with an underscore as itself without it.
    """
    tree = ast.parse(path.read_text())
    stands_for = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(
            node.value, ast.Attribute
        ):
            for target in node.targets:
                name = _last(target)
                if name is not None:
                    stands_for[name] = node.value.attr
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = _last(node.value)
            if owner is not None:
                found.add((owner, node.attr))
                found.add((stands_for.get(owner, owner), node.attr))
    return found


def test_no_option_is_dead() -> None:
    read: set[tuple[str, str]] = set()
    for path in (_ROOT / "nova_lite").rglob("*.py"):
        if path.parent.name != "conf":
            read |= _reads(path)
    dead = [
        f"[{group or 'DEFAULT'}] {option.name}"
        for group, option in _OPTIONS
        if not any(
            (owner, option.dest) in read
            for owner in ([group] if group else ["CONF", "conf"])
        )
    ]
    assert not dead
