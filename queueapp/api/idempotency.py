"""Repeated requests: the Idempotency-Key header, and answers given again.

``once`` is for everything that a script does: it hands the key to the work, whose script stores it
together with what it did. ``reserved`` is for uploads, which no script can do in one step.
"""

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import orjson
from flask import Response, request

from queueapp.api.auth import KEY_NAME, key
from queueapp.api.services import services
from queueapp.domain.errors import QueueappError, ValidationFailed
from queueapp.domain.scope import Scope
from queueapp.store.idempotency import HOLD_MS, Idempotency

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("Location", "ETag")
# Three renewals to a hold: two may be lost.
RENEW_S = HOLD_MS / 1000 / 3

# What answers a request: the answer, and whether the script knew the request already.
Work = Callable[[Idempotency | None], tuple[Response, bool]]


def fingerprint(body: bytes) -> str:
    """Return the digest of what this request asks: method, address, query and body.

    In which order the query says things means nothing, and a key in it asks for nothing.
    """
    asked = sorted(one for one in request.args.items(multi=True) if one[0] != KEY_NAME)
    query = (orjson.dumps(asked),) if asked else ()
    parts = (request.method.encode(), request.path.encode(), body, *query)
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
    response = Response(
        kept["body"], kept["status"], headers=kept["headers"], content_type="application/json"
    )
    return _marked(response)


def _marked(response: Response) -> Response:
    response.headers["Idempotency-Replayed"] = "true"
    return response


def once(scope: Scope, work: Work, *, body: bytes | None = None) -> Response:
    """Answer a request; a repeat under its idempotency key gets the first answer again.

    Where the first answer was never kept, because the process died in between, ``work`` is asked
    once more: its script recognises the key and does nothing. Of equal requests at the same time
    all get the answer that was kept first. Work that fails keeps nothing.
    Raises: IdempotencyMismatch.
    """
    idempotency = given_idempotency(body)
    if idempotency is None:
        return work(None)[0]
    keys = services().idempotency
    kept = keys.answer(scope, idempotency)
    if kept is not None:
        return replayed(kept)
    response, repeated = work(idempotency)
    before = keys.keep(scope, idempotency, packed(response))
    if before is not None:
        return replayed(before)
    return _marked(response) if repeated else response


def refuse_other_use(scope: Scope) -> None:
    """Refuse an idempotency key that another request was answered under.

    For what only looks: it is answered anew each time, and leaves its key to a later request.
    Raises: IdempotencyMismatch.
    """
    idempotency = given_idempotency()
    if idempotency is not None:
        services().idempotency.answer(scope, idempotency)


def reserved(
    scope: Scope, work: Callable[[Idempotency | None], Response], *, body: bytes
) -> Response:
    """Do ``work`` once per idempotency key: reserve the key, work, publish the answer.

    The reservation is renewed meanwhile: should the process die on the way, the key is free again
    after seconds; ``work`` is given it to find what came of it then. Work that fails frees the key.
    Raises: IdempotencyMismatch, IdempotencyInProgress.
    """
    idempotency = given_idempotency(body)
    if idempotency is None:
        return work(None)
    keys = services().idempotency
    reserve = partial(keys.reserve, scope, idempotency, uuid.uuid4().hex)
    kept = reserve()
    if kept is not None:
        return replayed(kept)
    try:
        with _repeated(reserve):
            response = work(idempotency)
    except BaseException:
        keys.release(scope, idempotency)
        raise
    keys.publish(scope, idempotency, packed(response))
    return response


@contextmanager
def _repeated(renew: Callable[[], object]) -> Iterator[None]:
    """Renew something every few seconds, in a thread that is gone after the ``with``."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(RENEW_S):
            # A store that is away for longer than a hold gives the key to another: the id of what
            # is made follows from it, so both make the same.
            with suppress(QueueappError):
                renew()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
