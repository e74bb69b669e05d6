# SPDX-License-Identifier: Apache-2.0
"""Getters of fields that show one column of a row, whatever the view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nova_lite.api.openstack import common

Getter = Callable[[Any, Any], Any]


def column(name: str) -> Getter:
    """The column as it is stored."""
    return lambda row, _view: row[name]


def time_of(name: str) -> Getter:
    """A time, with its microseconds."""
    return lambda row, _view: common.microtime(row[name])
