# SPDX-License-Identifier: Apache-2.0
"""Field types of the versioned objects, beside the library's own."""

from __future__ import annotations

from typing import Any

from oslo_versionedobjects import fields


class Json(fields.FieldType[Any]):
    """A JSON document: dicts, lists, strings, numbers, booleans, null."""

    @staticmethod
    def coerce(obj: Any, attr: str, value: Any) -> Any:
        if not isinstance(value, dict | list):
            raise ValueError(f"{attr} must be a JSON object or array")
        return value

    @staticmethod
    def from_primitive(obj: Any, attr: str, value: Any) -> Any:
        return value

    @staticmethod
    def to_primitive(obj: Any, attr: str, value: Any) -> Any:
        return value

    def get_schema(self) -> dict[str, Any]:
        return {"type": ["object", "array"]}


class JsonField(fields.AutoTypedField[Any]):
    AUTO_TYPE = Json()


BooleanField = fields.BooleanField
DateTimeField = fields.DateTimeField
FloatField = fields.FloatField
IntegerField = fields.IntegerField
ListOfObjectsField = fields.ListOfObjectsField
ListOfStringsField = fields.ListOfStringsField
ObjectField = fields.ObjectField
StringField = fields.StringField
UUIDField = fields.UUIDField
