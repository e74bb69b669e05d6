# SPDX-License-Identifier: Apache-2.0
"""Versioned objects: what crosses the bus between daemons.

A method marked ``remotable`` runs where the database is. In a process with a
database it is called at once; in nova-lite-compute ``indirection_api`` sends
it to conductor, which runs it there. So the same line of code serves both,
and compute has no database at all.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Self

from oslo_versionedobjects import base as ovo_base

from nova_lite import context as nova_context

# On a method, or below @classmethod on a class method.
remotable = ovo_base.remotable


class NovaObjectRegistry(ovo_base.VersionedObjectRegistry):
    """Knows every object class by name and version."""


_find: Callable[[str], ModuleType] | None = None


def set_repositories(find: Callable[[str], ModuleType]) -> None:
    """Tell the objects where their rows are; processes with a database do.

    ``find`` gives a repository by its name.
    """
    global _find
    _find = find


def repository(name: str) -> Any:
    """The repository module of an aggregate.

    Raises: RuntimeError in a process without a database, where a remotable
    method was called with no ``indirection_api`` set.
    """
    if _find is None:
        raise RuntimeError(
            f"no repository {name!r} in this process: it has no database"
        )
    return _find(name)


class NovaObject(ovo_base.VersionedObject):
    """Base of every object on the wire."""

    OBJ_SERIAL_NAMESPACE = "nova_object"
    OBJ_PROJECT_NAMESPACE = "nova_lite"

    @classmethod
    def from_row(
        cls,
        context: nova_context.RequestContext | None,
        row: Mapping[str, Any],
    ) -> Self:
        """An object with each field that the row has, nothing changed."""
        made = cls(context)
        for name in cls.fields:
            if name in row:
                setattr(made, name, row[name])
        made.obj_reset_changes()
        return made


_MOMENT = "nova_lite.datetime"


class NovaObjectSerializer(ovo_base.VersionedObjectSerializer):
    """Turns objects in arguments and results into JSON and back.

    Times in plain dicts stay times.
    """

    OBJ_BASE_CLASS = NovaObject

    def serialize_entity(self, context: Any, entity: Any) -> Any:
        if isinstance(entity, datetime.datetime):
            return {_MOMENT: entity.isoformat()}
        return super().serialize_entity(context, entity)

    def deserialize_entity(self, context: Any, entity: Any) -> Any:
        if isinstance(entity, dict) and _MOMENT in entity:
            return datetime.datetime.fromisoformat(entity[_MOMENT])
        return super().deserialize_entity(context, entity)
