"""What single marshmallow fields and validators say in JSON Schema.

Used by parameters only.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marshmallow import fields

Json = dict[str, Any]


def of_type(field: "fields.Field[Any]") -> Json:
    """Describe a field that has no fields inside it."""
    from marshmallow import fields

    if isinstance(field, fields.Enum):
        return _enum(field)
    if isinstance(field, fields.Constant):
        return {"const": field.constant}
    for kind, described in _plain_types():
        if isinstance(field, kind):
            return dict(described)
    return {}


def _plain_types() -> list[tuple[type, Json]]:
    """List fields and their types, subclasses before their parents."""
    from marshmallow import fields

    return [
        (fields.UUID, {"type": "string", "format": "uuid"}),
        (fields.URL, {"type": "string", "format": "uri"}),
        (fields.Email, {"type": "string", "format": "email"}),
        (fields.IPv4, {"type": "string", "format": "ipv4"}),
        (fields.IPv6, {"type": "string", "format": "ipv6"}),
        (fields.IP, {"type": "string"}),
        (fields.Date, {"type": "string", "format": "date"}),
        (fields.Time, {"type": "string", "format": "time"}),
        (fields.DateTime, {"type": "string", "format": "date-time"}),
        (fields.TimeDelta, {"type": "number"}),
        (fields.Boolean, {"type": "boolean"}),
        (fields.Integer, {"type": "integer"}),
        (fields.Number, {"type": "number"}),
        (fields.String, {"type": "string"}),
    ]


def _enum(field: "fields.Enum[Any]") -> Json:
    members: list[Any] = [*field.enum.__members__.values()]
    if not field.by_value:
        return {"type": "string", "enum": [member.name for member in members]}
    values = [member.value for member in members]
    kind = {"type": "string"} if all(isinstance(value, str) for value in values) else {}
    return {**kind, "enum": values}


def apply_validators(described: Json, validators: Iterable[Callable[..., Any]]) -> None:
    """Add what each known validator demands; unknown ones are checked only by the job itself."""
    from marshmallow import validate

    rules: dict[type, Callable[[Json, Any], None]] = {
        validate.And: lambda into, rule: apply_validators(into, rule.validators),
        validate.OneOf: lambda into, rule: into.update(enum=list(rule.choices)),
        validate.NoneOf: lambda into, rule: into.update({"not": {"enum": list(rule.iterable)}}),
        validate.Equal: lambda into, rule: into.update(const=rule.comparable),
        validate.Length: _length,
        validate.Range: _range,
        validate.Regexp: _pattern,
    }
    for validator in validators:
        if isinstance(validator, validate.ContainsOnly):
            _members(described, validator)
            continue
        for kind, rule in rules.items():
            if isinstance(validator, kind):
                rule(described, validator)
                break


def _members(described: Json, rule: Any) -> None:
    items = described.get("items")
    described["items"] = {**(items if isinstance(items, dict) else {}), "enum": list(rule.choices)}


def _length(described: Json, rule: Any) -> None:
    noun = {"array": "Items", "object": "Properties"}.get(str(described.get("type")), "Length")
    if rule.equal is not None:
        described[f"min{noun}"] = described[f"max{noun}"] = rule.equal
    if rule.min is not None:
        described[f"min{noun}"] = rule.min
    if rule.max is not None:
        described[f"max{noun}"] = rule.max


def _range(described: Json, rule: Any) -> None:
    if described.get("type") not in ("integer", "number"):
        return
    if rule.min is not None:
        described["minimum" if rule.min_inclusive else "exclusiveMinimum"] = rule.min
    if rule.max is not None:
        described["maximum" if rule.max_inclusive else "exclusiveMaximum"] = rule.max


def _pattern(described: Json, rule: Any) -> None:
    if rule.regex.flags & ~32:  # flags other than Unicode cannot be said in JSON Schema
        return
    # marshmallow matches from the start; JSON Schema searches anywhere.
    pattern = rule.regex.pattern
    described["pattern"] = pattern if pattern.startswith("^") else f"^(?:{pattern})"
