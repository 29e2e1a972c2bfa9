"""Finishes the collected document: what holds everywhere, and what generators would trip over.

Named enums become references, null is said in one way, every answer has its headers and an
example, and components that nothing refers to are dropped.
"""

from collections.abc import Callable, Iterator
from typing import Any

from queueapp.api.blueprint import IDEMPOTENCY_HEADER
from queueapp.api.examples import BY_SCHEMA
from queueapp.api.openapi.words import EVERYWHERE, INFO, PATH_PARAMETERS, Doc

BYTES = "application/octet-stream"
X_ENUM = "x-queueapp-enum"
METHODS = ("get", "put", "post", "delete", "patch")


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
            add_header(response, name)
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
            add_header(response, name)
        if repeatable:
            add_header(response, "Idempotency-Replayed")
        if method in ("post", "put") and status in ("201", "202"):
            add_header(response, "Location")
        for media in response.get("content", {}).values():
            _add_example(media)
        _add_any_type(response)
    operation.setdefault("description", operation["summary"])
    operation["description"] += f"\n\nNeeds the role {operation['x-role']}."


def _add_any_type(response: Doc) -> None:
    """A job's file comes as what it is, HTML or CSV; generators of clients know bytes by name."""
    content: Doc = response.get("content", {})
    if BYTES in content:
        content["*/*"] = content[BYTES]


def add_header(response: Doc, name: str) -> None:
    """Let a response declare one of the named headers."""
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
