"""Walks through an API document: its operations, its objects, what they refer to."""

from collections.abc import Iterator
from typing import Any

Doc = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "patch")


def operations(document: Doc) -> Iterator[tuple[str, Doc]]:
    """Yield every operation with its method and path."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method} {path}", item[method]


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, Doc]]:
    """Yield every object of a document with its place, examples aside."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            if key not in ("example", "examples", "default"):
                yield from nodes(value, f"{path}/{key}")
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from nodes(value, f"{path}/{at}")


def resolve(document: Doc, node: Doc) -> Doc:
    """Return what a reference points to."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def reached(document: Doc, node: Any) -> set[str]:
    """Return the names of the schemas that a part of the document uses."""
    names: set[str] = set()
    waiting = [node]
    while waiting:
        for _, found in nodes(waiting.pop()):
            name = str(found.get("$ref", "")).removeprefix("#/components/schemas/")
            if "$ref" in found and "/" not in name and name not in names:
                names.add(name)
                waiting.append(document["components"]["schemas"][name])
    return names
