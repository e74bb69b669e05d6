# SPDX-License-Identifier: Apache-2.0
"""A host's audit of a period, as the host that makes it knows it."""

from __future__ import annotations

import datetime
from typing import Self

from nova_lite import context as nova_context
from nova_lite.objects import base, fields


@base.NovaObjectRegistry.register
class TaskLog(base.NovaObject):
    """One run of a task on a host for a period."""

    VERSION = "1.0"

    fields = {
        "id": fields.IntegerField(),
        "task_name": fields.StringField(),
        "host": fields.StringField(),
        "period_beginning": fields.DateTimeField(),
        "period_ending": fields.DateTimeField(),
        "task_items": fields.IntegerField(),
    }

    @classmethod
    @base.remotable
    def begin(
        cls,
        context: nova_context.RequestContext,
        task_name: str,
        host: str,
        period_beginning: datetime.datetime,
        period_ending: datetime.datetime,
    ) -> Self | None:
        """Begin, with the count of the servers; None if begun before."""
        row = base.repository("task_log").begin(
            task_name, host, period_beginning, period_ending
        )
        return None if row is None else cls.from_row(context, row)

    @base.remotable
    def end(self, message: str, errors: int) -> bool:
        """Say that it is done, and how."""
        done: bool = base.repository("task_log").end(self.id, message, errors)
        return done
