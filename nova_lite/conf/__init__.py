# SPDX-License-Identifier: Apache-2.0
"""Configuration: one module per option group.

A module has ``GROUP`` (an OptGroup, or None for [DEFAULT]) and ``OPTS``. It
is found by being there. ``list_opts`` feeds oslo-config-generator, which
makes etc/nova_lite/nova_lite.conf.sample.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any


def _modules() -> list[ModuleType]:
    names = sorted(m.name for m in pkgutil.iter_modules(__path__))
    return [importlib.import_module(f"{__name__}.{name}") for name in names]


def register_opts(conf: Any) -> None:
    """Register every group and its options on ``conf``."""
    for module in _modules():
        if module.GROUP is not None:
            conf.register_group(module.GROUP)
        conf.register_opts(module.OPTS, group=module.GROUP)
        extra = getattr(module, "register_extra", None)
        if extra is not None:
            extra(conf)


def list_opts() -> list[tuple[Any, list[Any]]]:
    """``(group, options)`` pairs for oslo-config-generator."""
    return [(module.GROUP, module.OPTS) for module in _modules()]
