"""Calls of the scripts that act for somebody: once each, recorded with who and why.

A lost answer is asked for again under the same operation id, and a request that is repeated
under its idempotency key gets the receipt of the first: both from the script that did it.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import orjson

from queueapp.domain.audit import Act
from queueapp.domain.scope import Scope, encode_part
from queueapp.store.answers import Idempotency
from queueapp.store.scripts import Scripts

IDEMPOTENCY_MS = 86_400_000


@dataclass(frozen=True)
class Receipt:
    """What an action came to, and whether the request was a repeat."""

    facts: dict[str, Any]
    repeated: bool


def encoded(act: Act) -> dict[str, str | None]:
    """Return an act as scripts take it."""
    return {"by": encode_part(act.by), "reason": act.reason, "request": act.request_id}


def perform(
    scripts: Scripts,
    name: str,
    scope: Scope,
    act: Act | None,
    *blobs: str,
    idempotency: Idempotency | None = None,
    now_ms: int | None = None,
    **arguments: Any,
) -> Receipt:
    """Call a script that acts in a scope; without an act nothing is written down.

    Raises: what it fails with, IdempotencyMismatch.
    """
    operation = uuid.uuid4().hex
    kept = idempotency and {
        "key": idempotency.key,
        "fingerprint": idempotency.fingerprint,
        "ttl_ms": IDEMPOTENCY_MS,
    }
    text = scripts.call(
        name,
        *blobs,
        scope=scope.key,
        act=act and encoded(act),
        op=operation,
        idem=kept,
        now_ms=now_ms,
        **arguments,
    )
    facts: dict[str, Any] = orjson.loads(text)
    return Receipt(facts, facts.pop("op") != operation)
