"""Pauses and limits: what keeps a scope's runnable jobs from being claimed."""

from dataclasses import dataclass
from urllib.parse import unquote

import orjson

from queueapp.domain.scope import Scope, encode_part
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
    """The pause that was made or ended, and the scope's queued and running jobs then."""

    pause: Pause | None
    queued: int
    running: int


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
        by: str,
        reason: str | None = None,
        until_ms: int | None = None,
        recall: bool = False,
        now_ms: int | None = None,
    ) -> Steered:
        """Let no further job start; ``recall`` asks the running ones to go back."""
        at_ms, queued, running = self._scripts.call(
            "pause",
            scope=scope.key,
            kind=kind,
            by=encode_part(by),
            reason=reason,
            until=until_ms,
            recall=recall,
            now_ms=now_ms,
        )
        return Steered(Pause(kind, by, int(at_ms), reason, until_ms), queued, running)

    def resume(
        self,
        scope: Scope,
        *,
        kind: str = WHOLE_SCOPE,
        by: str,
        due_only: bool = False,
        now_ms: int | None = None,
    ) -> Steered:
        """Let jobs start again; what is not paused stays as it is."""
        known, queued, running = self._scripts.call(
            "resume",
            scope=scope.key,
            kind=kind,
            by=encode_part(by),
            due_only=due_only,
            now_ms=now_ms,
        )
        return Steered(_pause(kind, known) if known else None, queued, running)

    def of(self, scope: Scope) -> dict[str, Pause]:
        """Return the scope's pauses by job type; ``*`` is the whole scope's."""
        with store_errors():
            found = self._client.hgetall(self._keys("pauses", scope.key))
        return {kind: _pause(kind, text) for kind, text in found.items()}

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

    def limit_scope(self, scope: Scope, most: int | None) -> None:
        """Let at most ``most`` jobs of the scope run at once; None lifts the limit."""
        self._scripts.call("limit_scope", scope=scope.key, most=most)

    def weigh_scope(self, scope: Scope, weight: float) -> None:
        """Set a scope's share inside a tier against the others'; 1 is usual."""
        with store_errors():
            self._client.hset(self._keys("meta", scope.key), "weight", weight)

    def limit_type(self, kind: str, most: int | None) -> None:
        """Let at most ``most`` jobs of a type run at once in the fleet; None lifts the limit."""
        self._scripts.call("limit_type", kind=kind, most=most)


def _pause(kind: str, text: str) -> Pause:
    data = orjson.loads(text)
    return Pause(kind, unquote(data["by"]), int(data["at_ms"]), data["reason"], data["until_ms"])
