"""Turns a marshmallow schema into JSON Schema (2020-12), and its errors into one plain line.

Used by job_types: the catalogue carries the JSON Schema, so the API can check a submission
without importing the job's code.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import marshmallow
    from marshmallow import fields

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NOTES = ("title", "description", "examples", "deprecated")

Json = dict[str, Any]


def json_schema(schema: "type[marshmallow.Schema] | None") -> Json:
    """Describe the parameters that a schema accepts; no schema accepts any object."""
    if schema is None:
        return {"$schema": DIALECT, "type": "object"}
    converter = _Converter()
    described = converter.object(schema())
    if converter.defs:
        described["$defs"] = converter.defs
    return {"$schema": DIALECT, **described}


def first_problem(messages: object, path: str = "") -> tuple[str | None, str]:
    """Return the first field that marshmallow complains of, as a dotted path, and the complaint."""
    if isinstance(messages, Mapping) and messages:
        key, inner = next(iter(messages.items()))
        deeper = path if key == "_schema" else f"{path}.{key}".lstrip(".")
        return first_problem(inner, deeper)
    if isinstance(messages, list) and messages:
        return path or None, str(messages[0])
    return path or None, str(messages)


class _Converter:
    """Walks one schema; remembers where it stands, so that recursion becomes references."""

    def __init__(self) -> None:
        self.defs: dict[str, Json] = {}
        self._open: list[type] = []
        self._referred: set[type] = set()

    def object(self, schema: "marshmallow.Schema") -> Json:
        kind = type(schema)
        if kind in self._open:
            return self._reference(kind)
        self._open.append(kind)
        described = self._properties(schema)
        self._open.pop()
        if kind in self._referred and self._open:
            self.defs[kind.__name__] = described
            return {"$ref": f"#/$defs/{kind.__name__}"}
        return described

    def _properties(self, schema: "marshmallow.Schema") -> Json:
        loaded = {
            field.data_key or name: field
            for name, field in schema.fields.items()
            if not field.dump_only
        }
        described: Json = {
            "type": "object",
            "properties": {name: self.field(field) for name, field in loaded.items()},
        }
        if required := [name for name, field in loaded.items() if field.required]:
            described["required"] = required
        if schema.unknown == "raise":
            described["additionalProperties"] = False
        return described

    def field(self, field: "fields.Field[Any]") -> Json:
        from queueapp.parameters.rules import apply_validators, of_type

        described = self._composite(field)
        if described is None:
            described = of_type(field)
        apply_validators(described, field.validators)
        described.update({key: field.metadata[key] for key in NOTES if key in field.metadata})
        _add_default(described, field)
        return _nullable(described) if field.allow_none else described

    def _composite(self, field: "fields.Field[Any]") -> Json | None:
        from marshmallow import fields

        if isinstance(field, fields.Pluck):
            return _many(field, self.field(field.schema.fields[field.field_name]))
        if isinstance(field, fields.Nested):
            return _many(field, self.object(field.schema))
        if isinstance(field, fields.List):
            return {"type": "array", "items": self.field(field.inner)}
        if isinstance(field, fields.Tuple):
            items = [self.field(inner) for inner in field.tuple_fields]
            return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
        if isinstance(field, fields.Mapping):
            values = field.value_field
            rest = {} if values is None else {"additionalProperties": self.field(values)}
            return {"type": "object", **rest}
        return None

    def _reference(self, kind: type) -> Json:
        if kind is self._open[0]:
            return {"$ref": "#"}
        self._referred.add(kind)
        return {"$ref": f"#/$defs/{kind.__name__}"}


def _many(field: "fields.Nested", one: Json) -> Json:
    return {"type": "array", "items": one} if field.many else one


def _add_default(described: Json, field: "fields.Field[Any]") -> None:
    import marshmallow

    default = field.load_default
    if default is marshmallow.missing or callable(default):
        return
    try:
        json.dumps(default, allow_nan=False)
    except (TypeError, ValueError):
        return  # a default that JSON cannot say, as a date
    described["default"] = default


def _nullable(described: Json) -> Json:
    if "enum" in described and None not in described["enum"]:
        described["enum"] = [*described["enum"], None]
    kind = described.get("type")
    if isinstance(kind, str):
        described["type"] = [kind, "null"]
    elif "$ref" in described or "const" in described:
        notes = {key: described.pop(key) for key in (*NOTES, "default") if key in described}
        return {"anyOf": [described, {"type": "null"}], **notes}
    return described
