"""The blueprint that every noun uses: strict parsing, a named operation, declared errors."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from flask_smorest import Blueprint

from queueapp.api.auth import needs
from queueapp.api.parser import parser
from queueapp.domain.api_key import Role

IDEMPOTENCY_HEADER = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "Repeat a request safely: the same key with the same body and query gets the "
    "first answer again for 24 hours, with another body or query 422.",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*$"},
    "example": "order-4711-first-try",
}
IF_MATCH_HEADER = {
    "in": "header",
    "name": "If-Match",
    "description": "The version of the job's tier that was seen; 412 if it is another now.",
    "required": False,
    "schema": {"type": "string", "maxLength": 1000},
    "example": '"Normal-17"',
}
# Every operation may fail in these ways, and with each of these traits in these more.
USUAL_ERRORS = frozenset({400, 401, 403, 404, 429, 500, 503})
BODY_ERRORS = frozenset({413, 415})
REPEAT_ERRORS = frozenset({422})
VERSION_ERRORS = frozenset({412})

Any_ = TypeVar("Any_", bound=Callable[..., Any])


class Decorator(Protocol):
    """Leaves the type of what it decorates as it is."""

    def __call__(self, view: Any_, /) -> Any_:
        """Decorate."""


class ApiBlueprint(Blueprint):  # type: ignore[misc] # flask-smorest is not typed
    """flask-smorest's blueprint with our parser, our rules and types."""

    ARGUMENTS_PARSER = parser

    def route(self, rule: str, **options: Any) -> Decorator:
        """Register a view under an address."""
        decorator: Decorator = super().route(rule, **options)
        return decorator

    def arguments(self, schema: Any, *, location: str = "json", **options: Any) -> Decorator:
        """Parse an argument; also remember what the view takes."""
        # One object for all requests: making one costs more than loading a body with it.
        once = schema() if isinstance(schema, type) else schema
        decorate = super().arguments(once, location=location, **options)

        def decorator(view: Any_) -> Any_:
            if location == "query":
                names = frozenset(field.data_key or name for name, field in once.fields.items())
                view.takes_query = names  # type: ignore[attr-defined] # read by the auth hook
            elif location == "json":
                view.takes_body = True  # type: ignore[attr-defined] # read by ``operation``
            decorated: Any_ = decorate(view)
            return decorated

        return decorator

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Decorator:
        """Say what the view answers."""
        decorator: Decorator = super().response(status_code, schema, **options)
        return decorator

    def alt_response(
        self, status_code: int, response: str | None = None, **options: Any
    ) -> Decorator:
        """Say what else the view may answer."""
        document = super().alt_response(status_code, response, **options)

        def decorator(view: Any_) -> Any_:
            # What it makes only calls ours: a call for each error that is declared.
            view._apidoc = document(view)._apidoc  # type: ignore[attr-defined] # flask-smorest's note
            return view

        return decorator

    def errorhandler(self, kind: type[Exception]) -> Decorator:
        """Answer an error of this blueprint's own."""
        decorator: Decorator = super().errorhandler(kind)
        return decorator

    def operation(
        self,
        operation_id: str,
        *,
        role: Role,
        errors: tuple[int, ...] = (),
        idempotent_key: bool = False,
        parameters: Sequence[dict[str, Any]] = (),
        **doc: Any,
    ) -> Decorator:
        """Name an operation, say who may call it and how it can fail.

        The usual errors are always declared, and those of bodies, repeats and versions where the
        operation takes them; ``errors`` adds to them. Put this decorator first.
        """
        taken = [*[IDEMPOTENCY_HEADER] * idempotent_key, *parameters]
        known = USUAL_ERRORS | set(errors)
        known |= REPEAT_ERRORS if idempotent_key else set()
        known |= VERSION_ERRORS if any(one["name"] == "If-Match" for one in taken) else set()

        def decorator(view: Any_) -> Any_:
            body_errors = BODY_ERRORS if getattr(view, "takes_body", False) else frozenset()
            for status in sorted(known | body_errors):
                view = self.alt_response(status, HTTPStatus(status).name)(view)
            facts = {"operationId": operation_id, "x-role": str(role), **doc}
            described: Any_ = self.doc(**facts)(view)
            if taken:
                # As a part of ``doc`` they would take the place of what the query takes.
                known_of = described._apidoc.setdefault("arguments", {})  # type: ignore[attr-defined] # flask-smorest's note
                known_of["parameters"] = [*deepcopy(taken), *known_of.get("parameters", [])]
            return needs(role)(described)

        return decorator
