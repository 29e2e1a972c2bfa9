"""Prepares the API document for its readable page; the template only lays it out.

Pure: the finished document in, plain values out. The page needs no network and no script.
"""

import html
import json
import re
from typing import Any

from markupsafe import Markup

from queueapp.api.openapi.finishing import METHODS
from queueapp.api.openapi.words import Doc

SHOWN_DEPTH = 3


def docs_page(document: Doc, base: str) -> Doc:
    """Return what the page's template needs."""
    reader = _Reader(document)
    return {
        "info": document["info"],
        "intro": _paragraphs(document["info"]["description"]),
        "base": base,
        "groups": reader.groups(base),
        "schemas": reader.schemas(),
    }


class _Reader:
    """Walks one document and resolves its references."""

    def __init__(self, document: Doc) -> None:
        self.document = document

    def resolve(self, node: Doc) -> Doc:
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    def groups(self, base: str) -> list[Doc]:
        by_tag: dict[str, list[Doc]] = {}
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    entry = self.operation(path, method, item, base)
                    by_tag.setdefault(item[method]["tags"][0], []).append(entry)
        return [
            {**tag, "operations": by_tag[tag["name"]]}
            for tag in self.document["tags"]
            if tag["name"] in by_tag
        ]

    def operation(self, path: str, method: str, item: Doc, base: str) -> Doc:
        operation = item[method]
        parameters = [
            self.resolve(parameter)
            for parameter in (*item.get("parameters", ()), *operation.get("parameters", ()))
        ]
        return {
            "id": operation["operationId"],
            "method": method.upper(),
            "path": path,
            "summary": operation["summary"],
            "description": _paragraphs(operation.get("description", "")),
            "role": operation.get("x-role"),
            "parameters": [self.parameter(found) for found in parameters],
            "body": self.body(operation),
            "responses": self.responses(operation),
            "curl": _curl(path, method, operation, parameters, base),
        }

    def parameter(self, found: Doc) -> Doc:
        return {
            "name": found["name"],
            "place": found["in"],
            "required": found.get("required", False),
            "type": self.type_name(found["schema"]),
            "text": f"{found.get('description', '')} {self.note(found['schema'])}".strip(),
            "default": _default(found["schema"]),
        }

    def body(self, operation: Doc) -> Doc | None:
        if "requestBody" not in operation:
            return None
        body = operation["requestBody"]
        kind, media = next(iter(body["content"].items()))
        return {
            "required": body.get("required", False),
            "kind": kind,
            "fields": self.fields(media["schema"]),
            "example": _pretty(media.get("example")),
        }

    def responses(self, operation: Doc) -> list[Doc]:
        return [
            self.response(status, response) for status, response in operation["responses"].items()
        ]

    def response(self, status: str, response: Doc) -> Doc:
        found = self.resolve(response)
        kinds: Doc = found.get("content", {})
        media: Doc = next(iter(kinds.values()), {})
        return {
            "status": status,
            "good": status.startswith("2"),
            "text": found["description"],
            "kinds": list(kinds),
            "fields": self.fields(media["schema"]) if status[0] == "2" and media else [],
            "example": _pretty(media.get("example")) if status[0] == "2" else None,
        }

    def fields(self, schema: Doc, prefix: str = "", depth: int = 0) -> list[Doc]:
        rows: list[Doc] = []
        found = self.inner(schema)
        required = set(found.get("required", ()))
        for name, field in found.get("properties", {}).items():
            rows.append(
                {
                    "name": prefix + name,
                    "type": self.type_name(field),
                    "text": self.note(field),
                    "required": name in required,
                    "default": _default(field),
                }
            )
            if depth < SHOWN_DEPTH:
                rows += self.fields(field, f"{prefix}{name}.", depth + 1)
        if found.get("type") == "array" and depth < SHOWN_DEPTH:
            rows += self.fields(found["items"], f"{prefix[:-1]}[]." if prefix else "", depth)
        return rows

    def inner(self, schema: Doc) -> Doc:
        """Return the schema behind references, wrappers and null."""
        schema = self.resolve(schema)
        for wrapper in ("anyOf", "allOf"):
            if wrapper in schema:
                return self.inner(schema[wrapper][0])
        return schema

    def note(self, schema: Doc) -> str:
        own = schema.get("description", "")
        values = self.inner(schema).get("enum")
        if values:
            own = f"{own} One of: {', '.join(map(str, values))}."
        return f"{own} {_limits(self.inner(schema))}".strip()

    def type_name(self, schema: Doc) -> str:
        kinds = schema.get("type", [])
        nullable = "null" in kinds or {"type": "null"} in schema.get("anyOf", [])
        found = self.inner(schema)
        kind = found.get("type", "any")
        if isinstance(kind, list):
            kind = next(one for one in kind if one != "null")
        if kind == "array":
            kind = f"list of {self.type_name(found['items'])}"
        elif found.get("format") in ("date-time", "uuid", "uri", "binary"):
            kind = {"date-time": "time", "uri": "address"}.get(found["format"], found["format"])
        return f"{kind} or null" if nullable else str(kind)

    def schemas(self) -> list[Doc]:
        named = self.document["components"]["schemas"]
        return [
            {
                "name": name,
                "text": schema.get("description", ""),
                "fields": self.fields(schema, depth=SHOWN_DEPTH),
                "values": schema.get("enum", []),
            }
            for name, schema in sorted(named.items())
        ]


def _limits(schema: Doc) -> str:
    """Return between which bounds a value must be, where there is an upper one."""
    if "maxLength" in schema:
        least = schema.get("minLength", 0)
        return f"{least} to {schema['maxLength']} characters." if least else _longest(schema)
    if "maximum" not in schema:
        return ""
    if "exclusiveMinimum" in schema:
        return f"Above {schema['exclusiveMinimum']:g}, at most {schema['maximum']:g}."
    return f"{schema.get('minimum', 0):g} to {schema['maximum']:.12g}."


def _longest(schema: Doc) -> str:
    return f"Up to {schema['maxLength']} characters."


def _default(schema: Doc) -> str | None:
    return json.dumps(schema["default"]) if "default" in schema else None


def _pretty(example: object) -> Markup | None:
    """Return an example as indented JSON, its keys and strings marked for colour."""
    if example is None:
        return None
    escaped = html.escape(json.dumps(example, indent=2, ensure_ascii=False), quote=False)
    marked = re.sub(r'^( *)("[^"\n]*")(:)', r"\1<b>\2</b>\3", escaped, flags=re.MULTILINE)
    return Markup(marked)  # noqa: S704 # escaped above; only our own <b> was added


def _paragraphs(text: str) -> list[Markup]:
    """Return the paragraphs of a description, what stands between backticks as code."""
    plain = [html.escape(" ".join(part.split())) for part in text.split("\n\n") if part.strip()]
    return [Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", part)) for part in plain]  # noqa: S704 # escaped above


def _curl(path: str, method: str, operation: Doc, parameters: list[Doc], base: str) -> str:
    for found in parameters:
        if found["in"] == "path":
            path = path.replace(f"{{{found['name']}}}", str(found.get("example", found["name"])))
    lines = [f"curl -X {method.upper()} {base}{path}", '  -H "Authorization: Bearer $KEY"']
    content: Doc = operation.get("requestBody", {}).get("content", {})
    kind: str = next(iter(content), "")
    if kind == "application/json":
        body = json.dumps(content[kind].get("example", {}), indent=2)
        lines += ["  -H 'Content-Type: application/json'", f"  -d '{body}'"]
    elif kind == "multipart/form-data":
        lines.append("  -F file=@events.csv")
    return " \\\n".join(lines)
