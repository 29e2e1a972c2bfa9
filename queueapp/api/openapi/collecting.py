"""Collects the API document: flask-smorest's, with our fields, headers, enums and problems.

``create_app`` makes one ``DocumentedApi``, which the blueprints' decorators fill.
"""

from http import HTTPStatus
from typing import Any

from flask_smorest import Api
from marshmallow import fields

from queueapp.api.openapi.finishing import X_ENUM, add_header, finish
from queueapp.api.openapi.words import HEADERS, PROBLEM_HEADERS, Doc
from queueapp.api.problems import PROBLEM_TYPE, PROBLEMS
from queueapp.api.schemas import ResponseSchema, enums
from queueapp.api.schemas.events import STREAMED
from queueapp.api.schemas.fields import (
    Choice,
    Count,
    Guid,
    Link,
    Moment,
    Number,
    Real,
    Stamp,
    Whole,
)
from queueapp.api.schemas.problems import Problem
from queueapp.domain.text import timestamp


def _field_facts(_: Any, field: fields.Field[Any], **__: Any) -> Doc:
    """Return what apispec cannot know of our fields."""
    facts = _own_facts(field)
    if field.allow_none and "type" in facts:
        facts["type"] = [facts["type"], "null"]
    return facts


def _own_facts(field: fields.Field[Any]) -> Doc:
    if isinstance(field, Choice):
        return {X_ENUM: enums.component_name(field.choices), "type": "string"}
    if isinstance(field, Whole):
        top = {} if field.clamp else {"maximum": field.high}
        kind = "int32" if field.high < 2**31 else "int64"
        return {"type": "integer", "format": kind, "minimum": field.low, **top}
    if isinstance(field, Number):
        low = "exclusiveMinimum" if field.above else "minimum"
        return {"type": "number", "format": "double", low: field.low, "maximum": field.high}
    for known, facts in (*_FACTS.items(), *_PLAIN_FACTS.items()):
        if isinstance(field, known):
            return {name: value for name, value in facts.items() if name not in field.metadata}
    return {}


_TIME_EXAMPLE = timestamp(1_769_941_800_000)
_FACTS: dict[type, Doc] = {
    Count: {"type": "integer", "format": "int64", "minimum": 0},
    Real: {"type": "number", "format": "double"},
    Stamp: {"type": "string", "format": "date-time", "example": _TIME_EXAMPLE},
    Moment: {
        "type": "string",
        "maxLength": 40,
        "example": _TIME_EXAMPLE,
    },
    Link: {"type": "string", "format": "uri"},
    Guid: {"type": "string", "format": "uuid"},
}


_PLAIN_FACTS: dict[type, Doc] = {
    fields.Integer: {"format": "int64"},
    fields.Float: {"format": "double"},
}


class DocumentedApi(Api):  # type: ignore[misc] # flask-smorest is not typed
    """flask-smorest's Api with our problems; errors are answered by queueapp.api.errors."""

    ERROR_SCHEMA: type[ResponseSchema] = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _init_spec(self, **options: Any) -> None:
        super()._init_spec(**options)
        converter = self.ma_plugin.converter
        converter.add_attribute_function(_field_facts)
        for kind in (*_FACTS, Whole, Choice, Number):
            converter.field_mapping.setdefault(kind, (None, None))
        components = self.spec.components
        for name, header in HEADERS.items():
            components.header(name, header)
        components.security_scheme(
            "bearerAuth", {"type": "http", "scheme": "bearer", "description": "An API key."}
        )
        components.security_scheme(
            "apiKey", {"type": "apiKey", "in": "header", "name": "X-API-KEY"}
        )
        for kind in _enum_types():
            name = enums.component_name(kind)
            components.schema(name, component=_enum(kind))
        for schema in STREAMED.values():
            components.schema(schema.__name__, schema=schema)

    def _register_responses(self) -> None:
        by_status: dict[int, list[str]] = {}
        for code, problem in PROBLEMS.items():
            by_status.setdefault(problem.status, []).append(code)
        for status, codes in by_status.items():
            self._register_problem(status, codes)

    def _register_problem(self, status: int, codes: list[str]) -> None:
        known = PROBLEMS[codes[0]]
        response: Doc = {
            "description": f"{known.title}. Codes: {', '.join(codes)}.",
            "content": {
                PROBLEM_TYPE: {"schema": Problem, "example": _problem_example(codes[0])},
            },
        }
        if status in PROBLEM_HEADERS:
            add_header(response, PROBLEM_HEADERS[status])
        self.spec.components.response(HTTPStatus(status).name, response, lazy=True)

    def _register_etag_headers(self) -> None:
        """Say nothing of ETags: no answer has one."""

    def _register_pagination_header(self) -> None:
        """Say nothing of a header: pages are in the answers."""

    def _register_error_handlers(self) -> None:
        """Leave errors to queueapp.api.errors."""

    def document(self) -> Doc:
        """Return the finished OpenAPI 3.1 document, without its server's address."""
        return finish(self.spec.to_dict())


def _problem_example(code: str) -> Doc:
    known = PROBLEMS[code]
    failed = [{"field": "/priority", "message": "It must be one of: Critical, High, Normal, Low."}]
    return {
        "type": f"/problems/{code}",
        "title": known.title,
        "status": known.status,
        "detail": known.advice,
        "instance": "/api/acme/sales/execution/job",
        "code": code,
        "errors": failed if code == "validation_failed" else [],
        "requestId": "0b7f2d3c9a514f6e8d1c2b3a4f5e6d7c",
    }


def _enum_types() -> list[Any]:
    return [getattr(enums, name) for name in enums.__all__ if name != "component_name"]


def _enum(kind: Any) -> Doc:
    return {
        "type": "string",
        "enum": [str(choice) for choice in kind],
        "x-enum-varnames": [choice.name for choice in kind],
        "description": (kind.__doc__ or "").strip().splitlines()[0],
    }
