"""What datasets and pipelines have in common: records of a scope that are put, listed, deleted.

The two nouns build on it; it decides nothing about them.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import orjson

from queueapp.domain.audit import Act
from queueapp.domain.errors import NotFound
from queueapp.domain.scope import Scope, encode_part, valid_id
from queueapp.store.acting import encoded, perform
from queueapp.store.codec import dumps
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

FIELDS = ("record", "created", "updated")
LOOKED_AT_ONCE = 500
# A hold is taken within moments of its job; a job that is not there after this never came.
HOLD_GRACE_MS = 60_000
# Longer than any job may run, so that none loses what it is reading.
LINGER_MS = 25 * 3_600_000


class _Kept(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...


Record = TypeVar("Record", bound=_Kept)


@dataclass(frozen=True)
class Put(Generic[Record]):
    """What a put came to: ``how`` is new, replaced, same or stale; the record as stored.

    ``left`` is the object that nobody needs any more.
    """

    how: str
    record: Record
    left: str | None


class Records(Generic[Record]):
    """The records of one kind in all scopes."""

    def __init__(
        self,
        kind: str,
        build: Callable[[dict[str, Any]], Record],
        parts: tuple[Client, Keys, Scripts],
    ) -> None:
        self._kind = kind
        self._build = build
        self._client, self._keys, self._scripts = parts

    def get(self, scope: Scope, record_id: str) -> Record:
        """Return a record of the scope. Raises: NotFound."""
        self._check_id(record_id)
        with store_errors():
            key = self._keys(self._kind, scope.key, encode_part(record_id))
            row: Any = self._client.hmget(key, FIELDS)
        found = self._decoded(row)
        if found is None:
            raise NotFound(f"There is no such {self._kind}.")
        return found

    def put(
        self,
        scope: Scope,
        record: Record,
        *,
        object_key: str | None = None,
        expect: str | None = None,
        act: Act | None = None,
        now_ms: int | None = None,
    ) -> Put[Record]:
        """Create or replace a record; one that says the same as before changes nothing.

        With ``expect`` it is only replaced while it names that object, else the put is stale.
        Without an ``act`` it is not written down: nobody asked for it.
        """
        text = dumps(record)
        how, created, updated, left = self._scripts.call(
            "put_record",
            text,
            kind=self._kind,
            scope=scope.key,
            id=encode_part(record.id),
            fingerprint=record.fingerprint,
            object=object_key,
            expect=expect,
            linger_ms=LINGER_MS,
            act=act and encoded(act),
            op=uuid.uuid4().hex,
            now_ms=now_ms,
        )
        if how in ("same", "stale"):
            return Put(how, self.get(scope, record.id), None)
        return Put(how, self._decode(text, created, updated), left or None)

    def page(self, scope: Scope, page: int, page_size: int) -> tuple[list[Record], int]:
        """Return one page of the scope's records, newest first, and how many there are."""
        first = (page - 1) * page_size
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(self._listed(scope), first, first + page_size - 1, desc=True)
            pipe.zcard(self._listed(scope))
            members, total = pipe.execute()
            for member in members:
                pipe.hmget(self._keys(self._kind, scope.key, member), FIELDS)
            rows = pipe.execute()
        # One that was deleted between the two looks is left out.
        return [found for row in rows if (found := self._decoded(row))], total

    def delete(
        self,
        scope: Scope,
        record_id: str,
        *,
        act: Act | None = None,
        grace_ms: int = HOLD_GRACE_MS,
        now_ms: int | None = None,
    ) -> str | None:
        """Forget a record; return the object that nobody names any more.

        Raises: NotFound, InUse.
        """
        self._check_id(record_id)
        while True:
            told = perform(
                self._scripts,
                "delete_record",
                scope,
                act,
                now_ms=now_ms,
                kind=self._kind,
                id=encode_part(record_id),
                limit=LOOKED_AT_ONCE,
                grace_ms=grace_ms,
            ).facts
            if not told["more"]:
                return told["left"] or None

    def _check_id(self, record_id: str) -> None:
        if not valid_id(record_id):
            raise NotFound(f"There is no such {self._kind}.")

    def _listed(self, scope: Scope) -> str:
        return self._keys(f"{self._kind}s", scope.key)

    def _decoded(self, row: list[str | None]) -> Record | None:
        text, created, updated = row
        return None if text is None else self._decode(text, int(created or 0), int(updated or 0))

    def _decode(self, text: str, created_ms: int, updated_ms: int) -> Record:
        data = orjson.loads(text)
        return self._build({**data, "created_ms": created_ms, "updated_ms": updated_ms})
