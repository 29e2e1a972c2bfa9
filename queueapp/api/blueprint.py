"""The blueprint that every noun uses: strict parsing, a named operation, declared errors."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask_smorest import Blueprint

from queueapp.api.auth import needs
from queueapp.api.parser import parser
from queueapp.domain.api_key import Role

IDEMPOTENCY_HEADER = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "Repeat a request safely: the same key with the same body gets the first "
    "answer again for 24 hours, with another body 422.",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*$"},
    "example": "order-4711-first-try",
}


class ApiBlueprint(Blueprint):  # type: ignore[misc] # flask-smorest is not typed
    """flask-smorest's blueprint with our parser and our rules."""

    ARGUMENTS_PARSER = parser

    def arguments(self, schema: Any, *, location: str = "json", **kwargs: Any) -> Any:
        """Parse an argument; also remember that the view takes query parameters."""
        decorate = super().arguments(schema, location=location, **kwargs)

        def decorator(view: Any) -> Any:
            if location == "query":
                view.takes_query = True
            return decorate(view)

        return decorator

    def operation(
        self,
        operation_id: str,
        *,
        role: Role,
        errors: tuple[int, ...] = (),
        idempotent_key: bool = False,
        **doc: Any,
    ) -> Callable[[Any], Any]:
        """Name an operation, say who may call it and how it can fail.

        401, 403, 404, 500 and 503 are always declared; ``errors`` adds to them. Put this first.
        """
        extra = {"parameters": [IDEMPOTENCY_HEADER]} if idempotent_key else {}

        def decorator(view: Any) -> Any:
            for status in sorted({400, 401, 403, 404, 500, 503, *errors}):
                view = self.alt_response(status, HTTPStatus(status).name)(view)
            described = self.doc(operationId=operation_id, **extra, **doc)(view)
            described._apidoc["role"] = str(role)
            return needs(role)(described)

        return decorator
