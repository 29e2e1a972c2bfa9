# marshmallow hands every field the attribute, the data and more
"""Strict fields: a string is no number, 670.0 is an integer, a boolean is neither.

Request and query schemas are made of these; each also says its exact type in the API document.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import marshmallow
from marshmallow import fields, validate

from queueapp.api.times import parse_time
from queueapp.domain.errors import ValidationFailed

INT32 = 2**31 - 1
_INTEGER = re.compile(r"[+-]?[0-9]{1,100}", re.ASCII)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Text(fields.String):
    """A string; ``longest`` counts characters, ``shortest`` defaults to none.

    ``blank=False`` refuses one of nothing but white space, ``printable`` one with control
    characters or line breaks; ``rule`` raises ValidationError for what else is wrong.
    """

    def __init__(
        self,
        *,
        longest: int,
        shortest: int = 0,
        blank: bool = True,
        printable: bool = False,
        rule: Callable[[str], object] | None = None,
        **kwargs: Any,
    ) -> None:
        message = f"It must have {shortest} to {longest} characters."
        rules: list[Callable[[str], object]] = [validate.Length(shortest, longest, error=message)]
        if printable:
            rules.append(validate.Predicate("isprintable", error="It must be printable text."))
        if not blank:
            rules.append(_refuse_blank)
        if rule is not None:
            rules.append(rule)
        super().__init__(validate=rules, **kwargs)


def _refuse_blank(text: str) -> None:
    if text and not text.strip():
        raise marshmallow.ValidationError("It must not be blank.")


class Whole(fields.Integer):
    """An integer between two bounds, from JSON or from a query."""

    def __init__(self, *, low: int, high: int = INT32, clamp: bool = False, **kwargs: Any) -> None:
        self.low, self.high, self.clamp = low, high, clamp
        message = f"It must be {low} to {high}."
        top = None if clamp else high
        super().__init__(validate=validate.Range(low, top, error=message), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        whole = _whole_query(value) if _from_query(data) else _whole_json(value)
        return min(whole, self.high) if self.clamp else whole


def _from_query(data: Any) -> bool:
    return not isinstance(data, dict)


def _whole_json(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise marshmallow.ValidationError("It must be an integer.")
    return int(value)


def _whole_query(value: Any) -> int:
    if not isinstance(value, str) or not _INTEGER.fullmatch(value.strip()):
        raise marshmallow.ValidationError("It must be an integer.")
    return int(value)


class Number(fields.Float):
    """A JSON number between two bounds."""

    def __init__(self, *, low: float = 0, high: float, above: bool = False, **kwargs: Any) -> None:
        self.low, self.high, self.above = low, high, above
        message = f"It must be {'above' if above else 'at least'} {low:g} and at most {high:g}."
        check = validate.Range(low, high, min_inclusive=not above, error=message)
        super().__init__(validate=check, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise marshmallow.ValidationError("It must be a number.")
        return float(value)


class Flag(fields.Boolean):
    """A boolean: ``true`` or ``false`` in JSON, also 1 or 0 and any case in a query."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if _from_query(data) and isinstance(value, str) and value.lower() in _FLAGS:
            return _FLAGS[value.lower()]
        if isinstance(value, bool):
            return value
        raise marshmallow.ValidationError("It must be true or false.")


class Choice(fields.Field[Any]):
    """A value of a closed list, in any case; the document refers to it by the list's name."""

    def __init__(self, choices: type[StrEnum], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> StrEnum:
        known = {str(choice).lower(): choice for choice in self.choices}
        if not isinstance(value, str) or value.lower() not in known:
            allowed = ", ".join(self.choices)
            raise marshmallow.ValidationError(f"It must be one of: {allowed}.")
        return known[value.lower()]


class Moment(fields.Field[Any]):
    """A time, as milliseconds since the epoch; ``upper`` reads it as the end of a span."""

    def __init__(self, *, upper: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.upper = upper

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str):
            raise marshmallow.ValidationError("It must be a time as text.")
        try:
            return parse_time(value, upper=self.upper)
        except ValidationFailed as error:
            raise marshmallow.ValidationError(f"It {error.message}.") from error


class Opaque(fields.Dict):
    """A JSON object that is kept as it comes."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise marshmallow.ValidationError("It must be an object.")
        return value


class Count(fields.Integer):
    """A number of things in an answer."""


class Real(fields.Float):
    """A number with decimals in an answer."""


class Stamp(fields.String):
    """A moment in an answer: UTC, whole seconds, a literal Z."""


class Link(fields.String):
    """An absolute address in an answer."""


class Note(fields.String):
    """A text in an answer."""


class Guid(fields.String):
    """A lower-case GUID in an answer."""
