# SPDX-License-Identifier: Apache-2.0
"""The README's section shows the configuration that these tests run."""

from __future__ import annotations

import configparser
import textwrap
from pathlib import Path

from tests.fixtures.keystone import Keystone
from tests.integration.keystone.conftest import settings

_README = Path(__file__).parents[3] / "README.md"
_HEADING = "## With a real Keystone and Glance\n"
# What differs: no memcached here, and a cache that a test can wait for.
_OPERATORS = {"memcached_servers"}
_OURS = {"token_cache_time"}


def test_the_readme_shows_this(tmp_path: Path) -> None:
    section = _README.read_text().split(_HEADING)[1].split("\n## ")[0]
    indented = [line for line in section.splitlines() if line[:4] == "    "]
    text = textwrap.dedent("\n".join(indented))
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text[text.index("[api]") :])
    shown = {name: set(parser[name]) for name in parser.sections()}
    shown["keystone_authtoken"] -= _OPERATORS

    keystone = Keystone(tmp_path / "keystone", "mysql+pymysql://nobody/none")
    used = {name: set(values) for name, values in settings(keystone).items()}
    used["keystone_authtoken"] -= _OURS
    assert shown == used
