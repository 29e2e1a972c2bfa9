"""Pauses and limits: what keeps a scope's runnable jobs from being claimed."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from queueapp.domain.audit import SYSTEM, Act
from queueapp.domain.scope import FLEET, Scope
from queueapp.store.acting import Receipt, perform
from queueapp.store.answers import Idempotency
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

WHOLE_SCOPE = "*"


@dataclass(frozen=True)
class Pause:
    """Who paused what, when, why, and until when; None is until somebody resumes it."""

    kind: str
    by: str
    at_ms: int
    reason: str | None = None
    until_ms: int | None = None


@dataclass(frozen=True)
class Steered:
    """The pause that was made or ended, and how many jobs of its kind waited and ran then."""

    pause: Pause | None
    queued: int
    running: int
    at_ms: int
    repeated: bool = False


@dataclass(frozen=True)
class Limits:
    """How many jobs of a scope and of a type may run at once, and how many do; None is any."""

    scope_limit: int | None
    scope_running: int
    type_limit: int | None
    type_running: int


class Pauses:
    """Stops and starts scopes and job types; sets how many jobs may run at once."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def pause(
        self,
        scope: Scope,
        *,
        kind: str = WHOLE_SCOPE,
        act: Act = SYSTEM,
        until_ms: int | None = None,
        duration_ms: int | None = None,
        recall: bool = False,
        idempotency: Idempotency | None = None,
        now_ms: int | None = None,
    ) -> Steered:
        """Let no further job start; ``recall`` asks the running ones to go back.

        It ends at ``until_ms``, else after ``duration_ms``, else when somebody resumes.

        Raises: IdempotencyMismatch.
        """
        receipt = perform(
            self._scripts,
            "pause",
            scope,
            act,
            idempotency=idempotency,
            now_ms=now_ms,
            kind=kind,
            until=until_ms,
            duration=duration_ms,
            recall=recall,
        )
        return _steered(kind, receipt)

    def resume(
        self,
        scope: Scope,
        *,
        kind: str = WHOLE_SCOPE,
        act: Act = SYSTEM,
        due_only: bool = False,
        idempotency: Idempotency | None = None,
        now_ms: int | None = None,
    ) -> Steered:
        """Let jobs start again; what is not paused stays as it is.

        Raises: IdempotencyMismatch.
        """
        receipt = perform(
            self._scripts,
            "resume",
            scope,
            act,
            idempotency=idempotency,
            now_ms=now_ms,
            kind=kind,
            due_only=due_only,
        )
        return _steered(kind, receipt)

    def of(self, scope: Scope) -> dict[str, Pause]:
        """Return the scope's pauses by job type; ``*`` is the whole scope's."""
        with store_errors():
            found = self._client.hgetall(self._keys("pauses", scope.key))
        return {kind: decode_pause(kind, orjson.loads(text)) for kind, text in found.items()}

    def around(self, scope: Scope, kind: str) -> Limits:
        """Return how many jobs of a scope and of a type may run at once, and how many do."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hget(self._keys("meta", scope.key), "max_running")
            pipe.zcard(self._keys("index", scope.key, "status", "Running"))
            pipe.hget(self._keys("type_limits"), kind)
            pipe.hget(self._keys("type_running"), kind)
            most, running, type_most, type_running = pipe.execute()
        return Limits(
            scope_limit=int(most) if most else None,
            scope_running=int(running),
            type_limit=int(type_most) if type_most else None,
            type_running=int(type_running or 0),
        )

    def due(self, *, now_ms: int, limit: int) -> list[tuple[Scope, str]]:
        """Return the scopes and job types whose pause has come to its end."""
        with store_errors():
            found = self._client.zrange(
                self._keys("resumes"), "-inf", now_ms, byscore=True, offset=0, num=limit
            )
        parts = (member.split("|", 1) for member in found)
        return [(Scope.from_key(scope), kind) for scope, kind in parts]

    def limit_scope(self, scope: Scope, most: int | None, *, act: Act | None = None) -> None:
        """Let at most ``most`` jobs of the scope run at once; None lifts the limit."""
        perform(self._scripts, "limit_scope", scope, act, most=most)

    def weigh_scope(self, scope: Scope, weight: float, *, act: Act | None = None) -> None:
        """Set a scope's share inside a tier against the others'; 1 is usual."""
        perform(self._scripts, "weigh_scope", scope, act, weight=str(weight))

    def limit_type(self, kind: str, most: int | None, *, act: Act | None = None) -> None:
        """Let at most ``most`` jobs of a type run at once in the fleet; None lifts the limit."""
        perform(self._scripts, "limit_type", FLEET, act, kind=kind, most=most)


def _steered(kind: str, receipt: Receipt) -> Steered:
    facts = receipt.facts
    pause = decode_pause(kind, facts["pause"]) if facts.get("pause") else None
    return Steered(pause, facts["queued"], facts["running"], facts["at_ms"], receipt.repeated)


def decode_pause(kind: str, data: dict[str, Any]) -> Pause:
    """Return a stored pause."""
    until = data.get("until_ms")
    return Pause(
        kind,
        unquote(data["by"]),
        int(data["at_ms"]),
        data.get("reason"),
        None if until is None else int(until),
    )
