# SPDX-License-Identifier: Apache-2.0
"""A decision is remembered for the user and the target that it was about."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

from nova_lite import conf, policy
from nova_lite.context import RequestContext

RULE = "os_compute_api:servers:show"


@pytest.fixture
def policy_file(tmp_path: Path) -> Iterator[Path]:
    conf.register_opts(cfg.CONF)
    cfg.CONF([], project="nova_lite", default_config_files=[])
    path = tmp_path / "policy.yaml"
    path.write_text("{}\n")
    policy.reset()
    policy.init(str(path))
    yield path
    policy.reset()
    cfg.CONF.reset()
    cfg.CONF.clear()


def _user(project: str) -> RequestContext:
    return RequestContext(user_id="u", project_id=project, roles=["reader"])


def test_each_user_and_target_has_its_own(policy_file: Path) -> None:
    own, other = {"project_id": "p1"}, {"project_id": "p2"}
    for _ in range(2):
        assert policy.allows(_user("p1"), RULE, own)
        assert not policy.allows(_user("p1"), RULE, other)
        assert policy.allows(_user("p2"), RULE, other)
        assert not policy.allows(_user("p2"), RULE, own)


def test_a_changed_file_is_heeded_soon(policy_file: Path) -> None:
    assert policy.allows(_user("p1"), RULE, {"project_id": "p1"})
    policy_file.write_text(f'"{RULE}": "!"\n')
    deadline = time.monotonic() + 30
    while policy.allows(_user("p1"), RULE, {"project_id": "p1"}):
        assert time.monotonic() < deadline
        time.sleep(0.05)
