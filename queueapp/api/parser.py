"""Reads request bodies and query strings strictly; every blueprint's arguments come through here.

A body must be one JSON object of bounded size, depth and breadth, without NUL, lone surrogates,
duplicate keys or huge integers; anything else is refused before a schema sees it.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

import marshmallow
import orjson
from flask import Request, request
from webargs import core
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from queueapp.api.errors import PayloadTooLarge, UnsupportedMediaType
from queueapp.api.hosts import BAD_HOST
from queueapp.domain.errors import ValidationFailed

MAX_JSON_BYTES = 1 << 20
TOO_LARGE = f"A JSON body may have at most {MAX_JSON_BYTES} bytes."
MAX_DEPTH = 64
MAX_MEMBERS = 10_000
_NUL = b"\\u0000"  # JSON has no other way to spell it
_INT64 = range(-(2**63), 2**63)


def read_json(req: Request) -> Any:
    """Return the request's JSON object; absent, empty and ``null`` bodies are ``missing``.

    Raises: ValidationFailed, UnsupportedMediaType, PayloadTooLarge.
    """
    raw = _raw_body(req)
    if not raw.strip():
        return core.missing
    _check_type(req)
    body = parse_json(raw)
    if body is None:
        return core.missing
    if not isinstance(body, dict):
        raise ValidationFailed("The body must be a JSON object.")
    return body


def _raw_body(req: Request) -> bytes:
    if (req.content_length or 0) > MAX_JSON_BYTES:
        raise PayloadTooLarge(TOO_LARGE)
    # A body in chunks has no length, and is cut off silently at the limit: one byte tells.
    req.max_content_length = MAX_JSON_BYTES + 1
    raw = req.get_data(cache=True)
    if len(raw) > MAX_JSON_BYTES:
        raise PayloadTooLarge(TOO_LARGE)
    return raw


def _check_type(req: Request) -> None:
    if req.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("Compressed bodies are not taken.")
    if not req.mimetype and req.method == "DELETE":
        return
    if not core.is_json(req.mimetype):
        raise UnsupportedMediaType(
            f"The body must be application/json, not {req.mimetype or 'untyped'}."
        )
    if req.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("The body must be UTF-8.")


def parse_json(raw: bytes) -> Any:
    """Return the value that ``raw`` spells. Raises: ValidationFailed saying what is wrong."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValidationFailed(_unread(raw, error)) from error
    if _may_be_odd(raw):
        _check_shape(value)
    # orjson keeps the last of two equal keys and rounds huge integers; this pass refuses both.
    _SECOND_LOOK.decode(raw.decode())
    return value


def _unread(raw: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as found:
        return f"The body is not UTF-8: byte {found.start + 1} cannot be read."
    return f"The body is not valid JSON: {error}."


def _may_be_odd(raw: bytes) -> bool:
    """Tell whether a body could be too deep or too broad or hold NUL; most are seen not to be."""
    opened = raw.count(b"{") + raw.count(b"[")
    return opened > MAX_DEPTH or raw.count(b",") >= MAX_MEMBERS or _NUL in raw


def _check_shape(value: Any) -> None:
    level = _containers([value])
    for _ in range(MAX_DEPTH):
        if not level:
            return
        level = [inner for held in level for inner in _containers(_members(held))]
    if level:
        raise ValidationFailed(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _members(held: dict[str, Any] | list[Any]) -> list[Any]:
    if len(held) > MAX_MEMBERS:
        raise ValidationFailed(f"An object or list of the body has over {MAX_MEMBERS} members.")
    return [*held.keys(), *held.values()] if isinstance(held, dict) else held


def _containers(values: list[Any]) -> list[Any]:
    if any(isinstance(value, str) and "\0" in value for value in values):
        raise ValidationFailed("The body holds a NUL character.")
    return [value for value in values if isinstance(value, dict | list)]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value] # set.add returns None
        raise ValidationFailed(f"The body names {twice[:100]!r} twice.")
    return found


def _bounded(text: str) -> int:
    if len(text) > 20 or int(text) not in _INT64:
        raise ValidationFailed("The body holds an integer beyond 64 bits.")
    return 0


# Made once: json.loads would make one for each body.
_SECOND_LOOK = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_bounded)


def check_address() -> None:
    """Refuse an address that is not UTF-8 or holds NUL, and a host that cannot be one."""
    environ = request.environ
    if BAD_HOST in environ:
        raise ValidationFailed("The Host header is not a host.")
    raw_path = environ.get("PATH_INFO", "").encode("latin-1", "replace")
    query = environ.get("QUERY_STRING", "").encode("latin-1")
    for raw in (raw_path, unquote_to_bytes(query.replace(b"+", b" "))):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValidationFailed("The address is not UTF-8.") from error
        if "\0" in text:
            raise ValidationFailed("The address holds a NUL character.")


def flatten(messages: Any, path: str = "") -> list[tuple[str, str]]:
    """Return marshmallow's messages as (JSON pointer, message) pairs."""
    if isinstance(messages, Mapping):
        found = []
        for key, inner in messages.items():
            step = "" if key == "_schema" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            found += flatten(inner, path + step)
        return found
    if isinstance(messages, list):
        return [(path, str(message)) for message in messages]
    return [(path, str(messages))]


class StrictParser(FlaskParser):
    """webargs' parser with our reading, our errors and no unknown names."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 # webargs' own class setting
        "json": None,
        "query": marshmallow.RAISE,
        "querystring": marshmallow.RAISE,
        "form": marshmallow.RAISE,
        "files": marshmallow.RAISE,
        "headers": marshmallow.EXCLUDE,
    }

    def _raw_load_json(self, req: Request) -> Any:
        return read_json(req)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unasked: dict[marshmallow.Schema, dict[str, Any]] = {}

    def _process_location_data(self, location_data: Any, schema: Any, *rest: Any) -> Any:
        """Load what was sent; what comes of a query that is not there is found out once."""
        if location_data or not isinstance(location_data, MultiDictProxy):
            return super()._process_location_data(location_data, schema, *rest)
        known = self._unasked.get(schema)
        if known is None:
            known = super()._process_location_data(location_data, schema, *rest)
            self._unasked[schema] = known
        return dict(known)

    def load_querystring(self, req: Request, schema: marshmallow.Schema) -> Any:
        """Return the query's parameters; one that is given twice is refused."""
        refuse_repeated(req)
        return super().load_querystring(req, schema)

    def handle_error(self, error: marshmallow.ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Turn marshmallow's complaint into the domain's."""
        raise invalid(error) from error


def refuse_repeated(req: Request) -> None:
    """Refuse a query that gives one parameter twice."""
    repeated = [name for name, values in req.args.lists() if len(values) > 1]
    if repeated:
        raise ValidationFailed(
            "A query parameter is given twice.",
            errors=[(f"/{name}", "It is given twice.") for name in repeated],
        )


def invalid(error: marshmallow.ValidationError) -> ValidationFailed:
    """Return the domain's error for marshmallow's, its fields as JSON pointers."""
    messages: Any = error.messages
    if isinstance(messages, Mapping) and len(messages) == 1:
        location, inner = next(iter(messages.items()))
        if location in ("json", "query", "querystring", "form", "files", "headers"):
            messages = inner
    fields = flatten(messages)
    if len(fields) == 1:
        field, message = fields[0]
        return ValidationFailed(
            f"{field.lstrip('/')}: {message}" if field else message, errors=fields
        )
    return ValidationFailed(f"{len(fields)} fields are not valid.", errors=fields)


parser = StrictParser()
