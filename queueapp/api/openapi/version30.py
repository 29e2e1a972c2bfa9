"""Turns the OpenAPI 3.1 document into a 3.0.3 copy for tools that need one."""

from copy import deepcopy
from typing import Any

from queueapp.api.openapi.words import Doc

# 3.0 allows null only where a type stands beside it, so it is an option of its own; of this type
# also beside strings, since generators of clients then know it for null and drop it.
NULL = {"type": "object", "nullable": True, "enum": [None]}


def downgrade(document: Doc) -> Doc:
    """Return a copy of a 3.1 document that says the same in 3.0.3."""
    older: Doc = _older(deepcopy(document))
    older["openapi"] = "3.0.3"
    older.pop("jsonSchemaDialect", None)
    return older


def _older(node: Any) -> Any:
    if isinstance(node, list):
        return [_older(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {
        key: value if key in ("example", "default") else _older(value)
        for key, value in node.items()
    }
    return _exclusive(_nullable_options(_nullable_type(changed)))


def _nullable_type(node: Doc) -> Doc:
    kinds = node.get("type")
    if not isinstance(kinds, list):
        return node
    plain = [kind for kind in kinds if kind != "null"]
    node["type"] = plain[0]
    if "null" in kinds:
        node["nullable"] = True
        if "enum" in node and None not in node["enum"]:
            node["enum"] = [*node["enum"], None]
    return node


def _nullable_options(node: Doc) -> Doc:
    options = node.get("anyOf")
    if isinstance(options, list):
        node["anyOf"] = [NULL if option == {"type": "null"} else option for option in options]
    return node


def _exclusive(node: Doc) -> Doc:
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(node.get(exclusive), int | float) and not isinstance(node[exclusive], bool):
            node[bound] = node[exclusive]
            node[exclusive] = True
    return node
