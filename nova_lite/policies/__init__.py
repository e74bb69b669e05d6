# SPDX-License-Identifier: Apache-2.0
"""Default policy: one module per resource, with upstream's rule names.

A module has ``RULES``; it is found by being there. ``list_rules`` feeds the
enforcer and oslo.policy's sample generator.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any


def list_rules() -> list[Any]:
    """Every rule with its default."""
    rules: list[Any] = []
    for name in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        rules.extend(importlib.import_module(f"{__name__}.{name}").RULES)
    return rules
