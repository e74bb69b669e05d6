# SPDX-License-Identifier: Apache-2.0
"""Who may do what: oslo.policy with the rules of nova_lite/policies.

Controllers call ``authorize`` in the API process. A policy file of the
operator ([oslo_policy] policy_file) overrides the defaults.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg
from oslo_policy import opts as policy_opts
from oslo_policy import policy as oslo_policy

from nova_lite import exception, policies
from nova_lite.context import RequestContext

CONF = cfg.CONF

_enforcer: oslo_policy.Enforcer | None = None
_lock = threading.Lock()

# Decisions of the last second, by rule, user and target: oslo.policy looks
# at its files and takes its checks apart at each question.
_REMEMBER_S = 1.0
_decisions: dict[tuple[str, str, str], bool] = {}
_forget_at = 0.0


def init(policy_file: str | None = None) -> oslo_policy.Enforcer:
    """The process's enforcer, made at the first call."""
    global _enforcer
    if _enforcer is not None:
        return _enforcer
    with _lock:
        if _enforcer is None:
            policy_opts.set_defaults(CONF, policy_file or "policy.yaml")
            made = oslo_policy.Enforcer(CONF, policy_file=policy_file)
            made.register_defaults(policies.list_rules())
            made.load_rules()
            _enforcer = made
        return _enforcer


def reset() -> None:
    """Forget the enforcer; the next call reads the files again."""
    global _enforcer
    with _lock:
        _enforcer = None
        _decisions.clear()


def allows(
    context: RequestContext,
    rule: str,
    target: Mapping[str, Any] | None = None,
) -> bool:
    """Whether a rule lets this user through.

    ``target`` is what the rule compares with (project_id, user_id); without
    it the user's own project and id.
    """
    if target is None:
        target = {
            "project_id": context.project_id,
            "user_id": context.user_id,
        }
    _forget_when_old()
    key = (rule, repr(context.to_policy_values()), repr(target))
    decision = _decisions.get(key)
    if decision is None:
        decision = _decisions[key] = bool(
            init().authorize(rule, dict(target), context, do_raise=False)
        )
    return decision


def _forget_when_old() -> None:
    global _forget_at
    moment = time.monotonic()
    if moment >= _forget_at:
        _forget_at = moment + _REMEMBER_S
        _decisions.clear()


def authorize(
    context: RequestContext,
    rule: str,
    target: Mapping[str, Any] | None = None,
) -> None:
    """Raises: PolicyNotAuthorized when the rule does not let through."""
    if not allows(context, rule, target):
        raise exception.PolicyNotAuthorized(action=rule)
