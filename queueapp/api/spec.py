"""The API document: collected by flask-smorest, then finished here.

``create_app`` makes one ``DocumentedApi``; the blueprints' decorators fill it. Finishing means
named enums, exact number formats, headers on every answer, and nothing that generators trip over.
"""

from collections.abc import Callable, Iterator
from typing import Any

from flask_smorest import Api
from marshmallow import fields

from queueapp.api.blueprint import IDEMPOTENCY_HEADER
from queueapp.api.examples import BY_SCHEMA
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
from queueapp.api.spec_words import EVERYWHERE, HEADERS, INFO, PATH_PARAMETERS, PROBLEM_HEADERS
from queueapp.domain.text import timestamp

Doc = dict[str, Any]
X_ENUM = "x-queueapp-enum"
METHODS = ("get", "put", "post", "delete", "patch")


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
            _add_header(response, PROBLEM_HEADERS[status])
        self.spec.components.response(_status_name(status), response, lazy=True)

    def _register_etag_headers(self) -> None:
        """Say nothing of ETags: no answer has one."""

    def _register_pagination_header(self) -> None:
        """Say nothing of a header: pages are in the answers."""

    def _register_error_handlers(self) -> None:
        """Leave errors to queueapp.api.errors."""

    def document(self) -> Doc:
        """Return the finished OpenAPI 3.1 document, without its server's address."""
        return finish(self.spec.to_dict())


def _status_name(status: int) -> str:
    from http import HTTPStatus

    return HTTPStatus(status).name


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


def finish(document: Doc, info: str = INFO) -> Doc:
    """Return the collected document, finished in place, with ``info`` as its first words."""
    document["info"]["description"] = info
    document["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema"
    document["security"] = [{"bearerAuth": []}, {"apiKey": []}]
    for item in document["paths"].values():
        for parameter in item.get("parameters", ()):
            _finish_path_parameter(parameter)
        for method in METHODS:
            for parameter in item.get(method, {}).get("parameters", ()):
                _finish_query_parameter(parameter)
        for method in METHODS:
            if method in item:
                _finish_operation(item[method], method)
    for response in document["components"]["responses"].values():
        for name in EVERYWHERE:
            _add_header(response, name)
    document = _walk(document, _finish_node)
    _drop_unused(document)
    return document


def _finish_path_parameter(parameter: Doc) -> None:
    known = PATH_PARAMETERS.get(parameter["name"])
    if parameter["in"] != "path" or known is None:
        return
    schema: Doc = {"type": "string", "minLength": 1, "maxLength": 128}
    if "format" in known:
        schema = {"type": "string", "format": known["format"]}
    parameter |= {
        "description": known["description"],
        "example": known["example"],
        "schema": schema,
    }


def _finish_query_parameter(parameter: Doc) -> None:
    """Take null out: an absent parameter is left out of the address."""
    schema = parameter.get("schema", {})
    if isinstance(schema.get("type"), list):
        schema["type"] = next(kind for kind in schema["type"] if kind != "null")


def _finish_operation(operation: Doc, method: str) -> None:
    responses: Doc = operation["responses"]
    operation["responses"] = {
        str(status): responses[status] for status in sorted(responses, key=str)
    }
    repeatable = IDEMPOTENCY_HEADER in operation.get("parameters", ())
    for status, response in operation["responses"].items():
        if "$ref" in response:
            continue
        for name in EVERYWHERE:
            _add_header(response, name)
        if repeatable:
            _add_header(response, "Idempotency-Replayed")
        if method in ("post", "put") and status in ("201", "202"):
            _add_header(response, "Location")
        for media in response.get("content", {}).values():
            _add_example(media)
    operation.setdefault("description", operation["summary"])
    operation["description"] += f"\n\nNeeds the role {operation['x-role']}."
    body = operation.get("requestBody")
    if body and not body.get("required"):
        for media in body["content"].values():
            media["schema"] = {"anyOf": [media["schema"], {"type": "null"}]}


def _add_header(response: Doc, name: str) -> None:
    headers = response.setdefault("headers", {})
    headers.setdefault(name, {"$ref": f"#/components/headers/{name}"})


def _add_example(media: Doc) -> None:
    """Give an answer without an example of its own the one of its schema."""
    name = media.get("schema", {}).get("$ref", "").rpartition("/")[2]
    if "example" not in media and name in BY_SCHEMA:
        media["example"] = BY_SCHEMA[name]


def _walk(node: Any, change: Callable[[Doc], Doc]) -> Any:
    """Return a copy in which every object was changed, the inner ones first."""
    if isinstance(node, dict):
        return change(
            {
                key: value if key in ("example", "examples") else _walk(value, change)
                for key, value in node.items()
            }
        )
    if isinstance(node, list):
        return [_walk(item, change) for item in node]
    return node


def _finish_node(node: Doc) -> Doc:
    if node.get("additionalProperties") == {}:
        node["additionalProperties"] = True
    for needless in ("x-minimum", "x-maximum"):
        node.pop(needless, None)
    if "default" in node and node["default"] is None:
        del node["default"]
    if isinstance(node.get("pattern"), str):
        node["pattern"] = _pattern(node["pattern"])
    if X_ENUM in node:
        return _enum_reference(node)
    return _tidy_nullable(node)


def _pattern(text: str) -> str:
    """Return a pattern as JSON Schema reads it: not bound to either end unless it says so."""
    return f"^{text.removeprefix('^').removesuffix('$').removesuffix(chr(92) + 'Z')}$"


def _enum_reference(node: Doc) -> Doc:
    name = node.pop(X_ENUM)
    nullable = "null" in _types(node)
    reference: Doc = {"$ref": f"#/components/schemas/{name}"}
    notes: Doc = {key: node[key] for key in ("description", "default", "example") if key in node}
    if nullable:
        return {"anyOf": [reference, {"type": "null"}], **notes}
    return {"allOf": [reference], **notes} if notes else reference


def _types(node: Doc) -> list[str]:
    kind = node.get("type", [])
    return [kind] if isinstance(kind, str) else kind


def _tidy_nullable(node: Doc) -> Doc:
    """Say a nullable reference as anyOf reference or null, in one shape everywhere."""
    options = node.get("anyOf")
    if not options:
        return node
    references = [option for option in options if "$ref" in option]
    nulls = [option for option in options if option not in references]
    if len(references) == 1 and len(nulls) == 1 and "null" in _types(nulls[0]):
        node["anyOf"] = [references[0], {"type": "null"}]
    return node


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _drop_unused(document: Doc) -> None:
    components = document["components"]
    while True:
        used = set(_references(document))
        unused = [
            (kind, name)
            for kind in ("schemas", "responses", "headers", "parameters")
            for name in components.get(kind, {})
            if f"#/components/{kind}/{name}" not in used
        ]
        if not unused:
            return
        for kind, name in unused:
            del components[kind][name]
