"""Checks answers against the API document: status, content type, headers and body declared."""

import functools
import re
from typing import Any

import jsonschema
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

Doc = dict[str, Any]
FORMATS = Draft202012Validator.FORMAT_CHECKER


class Document:
    """One API document that answers can be checked against."""

    def __init__(self, document: Doc) -> None:
        self.document = document
        errors = [
            name for name in ("Problem", "Failure") if name in document["components"]["schemas"]
        ]
        self.error = f"components/schemas/{errors[0]}"
        self.patterns = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$"), path)
            for path in document["paths"]
        ]

    def resolve(self, node: Doc) -> Doc:
        """Return what a reference points to."""
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    @functools.cache  # noqa: B019 # one document per run
    def validator(self, pointer: str) -> Draft202012Validator:
        """Return a validator for the schema at a pointer of the document."""
        schema = {"$ref": f"#/{pointer}", "components": self.document["components"]}
        schema["paths"] = self.document["paths"]
        return Draft202012Validator(schema, format_checker=FORMATS)

    def operation(self, method: str, path: str) -> tuple[str, Doc] | None:
        """Return the pointer and the operation that answers a request, if it is documented."""
        for pattern, name in self.patterns:
            if pattern.match(path) and method.lower() in self.document["paths"][name]:
                escaped = name.replace("~", "~0").replace("/", "~1")
                pointer = f"paths/{escaped}/{method.lower()}"
                return pointer, self.document["paths"][name][method.lower()]
        return None

    def check(self, response: TestResponse) -> None:
        """Assert that an answer is as the document says."""
        path = response.request.path
        known = self.operation(response.request.method, path)
        assert response.headers["X-Request-Id"]
        if known is None or response.request.method == "HEAD":
            if response.status_code >= 400 and response.data:
                self.check_body(self.error, response)
            return
        pointer, operation = known
        status = str(response.status_code)
        assert status in operation["responses"], f"{status} is not declared for {pointer}"
        declared = self.resolve(operation["responses"][status])
        if "content" not in declared:
            assert response.data == b""
            return
        kind = response.mimetype
        if kind in ("text/event-stream", "text/plain"):
            return
        if kind not in declared["content"]:
            assert "*/*" in declared["content"], f"{kind} is not declared"
            return
        if "$ref" in operation["responses"][status]:
            self.check_body(self.error, response)
        else:
            encoded = kind.replace("/", "~1")
            self.check_body(f"{pointer}/responses/{status}/content/{encoded}/schema", response)
            if operation["operationId"] == "listEvents":
                for event in response.get_json()["events"]:
                    self.check_event(event["kind"], event)
        for name in declared.get("headers", {}):
            if name in ("Location",):
                assert response.headers.get(name), f"{name} is declared but not there"

    def check_body(self, pointer: str, response: TestResponse) -> None:
        """Assert that a body has the shape at a pointer."""
        errors = list(self.validator(pointer).iter_errors(response.get_json(force=True)))
        assert not errors, _first(errors)

    def check_event(self, name: str, data: Any) -> None:
        """Assert that an event has the shape that its name promises."""
        _, operation = self.operation("GET", "/api/t/p/execution/events") or ("", {})
        stream = operation["responses"]["200"]["content"]["text/event-stream"]["schema"]
        pointer = stream["x-event-schemas"][name]["$ref"].removeprefix("#/")
        errors = list(self.validator(pointer).iter_errors(data))
        assert not errors, f"{name}: {_first(errors)}"


def _first(errors: list[jsonschema.ValidationError]) -> str:
    error = errors[0]
    return f"{error.json_path}: {error.message[:300]}"
