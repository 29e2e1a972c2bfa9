"""Idempotency keys of requests: the answers kept under them, and the keys that uploads reserve.

What else is asked keeps its key by the script that does it (``acting``), so that neither is there
without the other; here only the whole answer is added to it.
"""

from queueapp.domain.errors import IdempotencyMismatch
from queueapp.domain.scope import Scope
from queueapp.store.answers import Idempotency
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

# Whoever reserves a key renews it meanwhile: one that died leaves it for no longer.
HOLD_MS = 10_000
KEEP_MS = 86_400_000


class IdempotencyKeys:
    """Which requests were answered before, and how."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def answer(self, scope: Scope, idempotency: Idempotency) -> str | None:
        """Return the answer that is kept for a request, if there is one.

        Raises: IdempotencyMismatch.
        """
        with store_errors():
            stored = self._keys("idempotency", scope.key, idempotency.key)
            fingerprint, answer = self._client.hmget(stored, ["fingerprint", "answer"])
        if fingerprint is not None and fingerprint != idempotency.fingerprint:
            raise IdempotencyMismatch("This Idempotency-Key was used before with another request.")
        return None if answer is None else str(answer)

    def keep(self, scope: Scope, idempotency: Idempotency, answer: str) -> str | None:
        """Keep the whole answer of a request for as long as its key lives.

        Return another answer that was kept for it before, None if there is none.
        """
        before = self._scripts.call(
            "keep_answer", scope=scope.key, key=idempotency.key, answer=answer
        )
        return before or None

    def reserve(self, scope: Scope, idempotency: Idempotency, holder: str) -> str | None:
        """Take a key, or take it for longer; return the kept answer if the request is a repeat.

        ``holder``: a word for who takes it, unlike any other's.

        Raises: IdempotencyMismatch, IdempotencyInProgress.
        """
        kind, answer = self._scripts.call(
            "reserve",
            scope=scope.key,
            key=idempotency.key,
            fingerprint=idempotency.fingerprint,
            hold_ms=HOLD_MS,
            op=holder,
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
        """Free a key, because the request failed and may be sent again."""
        with store_errors():
            self._client.unlink(self._keys("idempotency", scope.key, idempotency.key))


__all__ = ("Idempotency", "IdempotencyKeys")
