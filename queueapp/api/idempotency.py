"""Repeated requests: the Idempotency-Key header, and answers given again.

Submit and retry hand the key to the engine, whose script stores it with the job; other POSTs
use ``once``, which reserves the key, does the work and publishes the answer.
"""

import hashlib
from collections.abc import Callable

import orjson
from flask import Response, request

from queueapp.api.auth import key
from queueapp.api.services import services
from queueapp.domain.errors import ValidationFailed
from queueapp.domain.scope import Scope
from queueapp.store.idempotency import Idempotency

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("Location", "ETag")


def fingerprint(body: bytes) -> str:
    """Return the digest of what this request asks: method, address and body."""
    parts = (request.method.encode(), request.path.encode(), body)
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def given_idempotency(body: bytes | None = None) -> Idempotency | None:
    """Return the request's idempotency key, tied to its user and route, or None.

    ``body``: what stands for the body in the fingerprint where it is not the body itself.
    Raises: ValidationFailed.
    """
    given = request.headers.get(HEADER)
    if given is None:
        return None
    if not 0 < len(given) <= 255 or not all(" " <= letter <= "~" for letter in given):
        raise ValidationFailed(f"{HEADER} must be 1 to 255 printable ASCII characters.")
    parts = "\0".join((given, key().user, str(request.url_rule)))
    digest = hashlib.sha256(parts.encode()).hexdigest()
    return Idempotency(digest, fingerprint(request.get_data() if body is None else body))


def packed(response: Response) -> str:
    """Return an answer as text to keep."""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    kept = {"status": response.status_code, "headers": headers, "body": response.get_data(True)}
    return orjson.dumps(kept).decode()


def replayed(text: str) -> Response:
    """Return a kept answer, marked as given again."""
    kept = orjson.loads(text)
    headers = {**kept["headers"], "Idempotency-Replayed": "true"}
    return Response(kept["body"], kept["status"], headers=headers, content_type="application/json")


def remember(scope: Scope, idempotency: Idempotency | None, response: Response) -> Response:
    """Keep a job's answer for repeats of the request, and return it."""
    if idempotency is not None:
        services().engine.keep_answer(scope, idempotency.key, packed(response))
    return response


def once(scope: Scope, work: Callable[[], Response], *, body: bytes | None = None) -> Response:
    """Do ``work`` once per idempotency key; a repeat gets the first answer again.

    Work that fails frees the key. Raises: IdempotencyMismatch, IdempotencyInProgress.
    """
    idempotency = given_idempotency(body)
    if idempotency is None:
        return work()
    kept = services().idempotency.reserve(scope, idempotency)
    if kept is not None:
        return replayed(kept)
    try:
        response = work()
    except BaseException:
        services().idempotency.release(scope, idempotency)
        raise
    services().idempotency.publish(scope, idempotency, packed(response))
    return response
