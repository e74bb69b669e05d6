# SPDX-License-Identifier: Apache-2.0
"""Hooks: code of others that runs before and after what we do.

A package offers it as an entry point of ``nova_lite.hooks``, named like the
place: ``create_instance`` (compute.API.create, in nova-lite-api) or
``build_instance`` (operations.Build.do, in nova-lite-compute). The entry
point is a class without arguments that may have either of

    def pre(self, *args, **kwargs): ...
    def post(self, result, *args, **kwargs): ...

with the arguments of the function it stands around. An error in a hook is
logged and the work goes on, unless it is a FatalHookException: that one
refuses what was to be done, and its message is what the user gets.
Source: the hooks of earlier Novas.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from oslo_log import log as logging
from stevedore import hook

from nova_lite import exception

LOG = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

NAMESPACE = "nova_lite.hooks"


def add_hook(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let the hooks of a name run around a function."""

    def around(fn: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(fn)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            hooks = _loaded(name)
            for one in hooks:
                _call(one, "pre", name, *args, **kwargs)
            result = fn(*args, **kwargs)
            for one in hooks:
                _call(one, "post", name, result, *args, **kwargs)
            return result

        return run

    return around


@functools.cache
def _loaded(name: str) -> list[Any]:
    """The hooks of a name, looked for once in a process."""
    found: Any = hook.HookManager(
        NAMESPACE,
        name,
        invoke_on_load=True,
        on_load_failure_callback=_not_loaded,
    )
    return [one.obj for one in found]


def _not_loaded(_manager: Any, entry_point: Any, error: BaseException) -> None:
    LOG.error("Hook %s cannot be loaded: %s", entry_point.value, error)


def _call(
    one: Any, when: str, name: str, *args: object, **kwargs: object
) -> None:
    method = getattr(one, when, None)
    if method is None:
        return
    LOG.debug("Hook %s %s: %s", when, name, type(one).__name__)
    try:
        method(*args, **kwargs)
    except exception.FatalHookException:
        raise
    except Exception:
        # Somebody else's code must not end our work.
        LOG.exception("Hook %s of %s failed", type(one).__name__, name)
