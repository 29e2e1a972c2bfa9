"""Checks a job's parameters against the schema that workers published for its type."""

from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from queueapp.domain.errors import ValidationFailed
from queueapp.domain.fleet import JobTypeInfo

MAX_BYTES = 256 * 1024
MAX_ERRORS = 50
_TYPES = {
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "an object",
}
_FORMATS = {
    "date": "a date such as 2024-01-20",
    "date-time": "a time such as 2024-01-20T10:30:00Z",
}


def check_parameters(kind: JobTypeInfo, parameters: dict[str, Any]) -> None:
    """Raise ValidationFailed naming every field that the type's schema refuses."""
    size = len(orjson.dumps(parameters))
    if size > MAX_BYTES:
        message = f"They are {size} bytes long; {MAX_BYTES} are allowed."
        raise ValidationFailed(message, errors=[("/parameters", message)])
    validator = _validator(orjson.dumps(kind.parameters_schema, option=orjson.OPT_SORT_KEYS))
    found = [_named(error) for error in islice(validator.iter_errors(parameters), MAX_ERRORS)]
    if found:
        raise ValidationFailed(f"The parameters do not suit {kind.name}.", errors=sorted(found))


@lru_cache(maxsize=256)
def _validator(schema: bytes) -> Draft202012Validator:
    return Draft202012Validator(orjson.loads(schema), format_checker=FormatChecker())


def _named(error: ValidationError) -> tuple[str, str]:
    path = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        odd = next((name for name in error.instance if name not in known), "")
        return f"/parameters{path}/{odd}", "Unknown parameter."
    if error.validator == "required" and isinstance(error.instance, dict):
        required: list[str] = list(error.validator_value)  # type: ignore[arg-type] # a list here
        missing = next((name for name in required if name not in error.instance), "")
        return f"/parameters{path}/{missing}", "Missing."
    return f"/parameters{path}", _words(error)[:300]


def _words(error: ValidationError) -> str:
    """Say what a value must be, in the words of the API's own fields."""
    rule: Any = error.validator_value
    if error.validator == "enum":
        return f"It must be one of: {', '.join(str(one) for one in rule if one is not None)}."
    if error.validator == "type":
        kinds = [rule] if isinstance(rule, str) else [one for one in rule if one != "null"]
        return f"It must be {' or '.join(_TYPES.get(kind, kind) for kind in kinds)}."
    if error.validator == "format":
        return f"It must be {_FORMATS.get(rule, f'a {rule}')}."
    return error.message
