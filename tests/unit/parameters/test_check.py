"""What a caller is told of parameters that do not suit their job type."""

from typing import Any

import pytest

from queueapp.domain.errors import ValidationFailed
from queueapp.domain.fleet import JobTypeInfo
from queueapp.parameters.check import check_parameters

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["must"],
    "properties": {
        "must": {"type": "integer"},
        "kind": {"enum": ["a", "b", None]},
        "flag": {"type": ["boolean", "null"]},
        "day": {"type": "string", "format": "date"},
        "several": {"type": "array", "items": {"type": "string"}},
        "few": {"type": "integer", "maximum": 3},
    },
}


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"must": "x"}, "/must", "It must be an integer."),
        ({"must": 1, "kind": "c"}, "/kind", "It must be one of: a, b."),
        ({"must": 1, "flag": "yes"}, "/flag", "It must be true or false."),
        ({"must": 1, "day": "x"}, "/day", "It must be a date such as 2024-01-20."),
        ({"must": 1, "several": ["x", 1]}, "/several/1", "It must be text."),
        ({"must": 1, "few": 4}, "/few", "4 is greater than the maximum of 3"),
        ({"must": 1, "othr": 1}, "/othr", "Unknown parameter."),
        ({}, "/must", "Missing."),
    ],
)
def test_each_fault_is_said_in_plain_words(given: dict[str, Any], field: str, words: str) -> None:
    """With the field as a JSON pointer into the submission."""
    kind = JobTypeInfo("Any", "", SCHEMA, (), (), (), ())
    with pytest.raises(ValidationFailed) as caught:
        check_parameters(kind, given)

    assert [(f"/parameters{field}", words)] == caught.value.errors
