"""Idempotency keys of requests other than submit: reserve, do the work, publish the answer.

Submit's own script keeps its keys in the same place, together with the job.
"""

import uuid

from queueapp.domain.scope import Scope
from queueapp.store.answers import Idempotency
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

HOLD_MS = 15 * 60_000
KEEP_MS = 86_400_000


class IdempotencyKeys:
    """Which requests were answered before, and how."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def reserve(self, scope: Scope, idempotency: Idempotency) -> str | None:
        """Take a key; return the kept answer if the request is a repeat.

        Raises: IdempotencyMismatch, IdempotencyInProgress.
        """
        kind, answer = self._scripts.call(
            "reserve",
            scope=scope.key,
            key=idempotency.key,
            fingerprint=idempotency.fingerprint,
            hold_ms=HOLD_MS,
            op=uuid.uuid4().hex,
        )
        return answer if kind == "repeat" else None

    def publish(self, scope: Scope, idempotency: Idempotency, answer: str) -> None:
        """Keep the answer of a reserved request for repeats, for a day."""
        stored = self._keys("idempotency", scope.key, idempotency.key)
        with store_errors():
            pipe = self._client.pipeline()
            fields = {"fingerprint": idempotency.fingerprint, "answer": answer}
            pipe.hset(stored, mapping=fields)
            pipe.pexpire(stored, KEEP_MS)
            pipe.execute()

    def release(self, scope: Scope, idempotency: Idempotency) -> None:
        """Free a reserved key, because the request failed and may be sent again."""
        with store_errors():
            self._client.unlink(self._keys("idempotency", scope.key, idempotency.key))


__all__ = ("Idempotency", "IdempotencyKeys")
