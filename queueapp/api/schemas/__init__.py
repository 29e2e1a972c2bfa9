"""The shapes of requests and answers, one file per noun, same stems as the blueprints.

Requests are strict and load into domain values; answers are described here for the API document
and written by hand in the blueprints, because dumping through a schema is what listings cost.
"""

from typing import Any

import marshmallow


def camel(name: str) -> str:
    """Return a Python name as the API spells it: ``job_id`` is ``jobId``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class _Spelled(marshmallow.Schema):
    """Fields are snake_case in Python and camelCase outside."""

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        """Give the field its outer name."""
        if field_obj.data_key is None:
            field_obj.data_key = camel(field_name)


class RequestSchema(_Spelled):
    """A request's body: unknown fields are refused, ``null`` for an optional field is absent."""

    class Meta:
        unknown = marshmallow.RAISE

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        """Let every optional field be null."""
        super().on_bind_field(field_name, field_obj)
        if not field_obj.required:
            field_obj.allow_none = True

    @marshmallow.pre_load
    def _drop_nulls(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict) or None not in data.values():
            return data
        known = {field.data_key for field in self.fields.values()}
        return {key: value for key, value in data.items() if value is not None or key not in known}


class QuerySchema(_Spelled):
    """A request's query parameters: all optional, unknown ones refused."""

    class Meta:
        unknown = marshmallow.RAISE


class ResponseSchema(_Spelled):
    """An answer: fields may be added later, so its description does not forbid them.

    A field is always present unless it says ``required=False``.
    """

    class Meta:
        unknown = marshmallow.EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        """Mark the field as always present, unless it is marked as optional."""
        super().on_bind_field(field_name, field_obj)
        if not field_obj.metadata.get("optional"):
            field_obj.required = True


class OpenSchema(ResponseSchema):
    """An answer that says more than its fields here: clients keep what they do not know."""

    class Meta:
        unknown = marshmallow.INCLUDE
