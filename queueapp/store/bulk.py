"""Operations on many jobs in the store: opened, counted and carried out in bounded steps.

Each step is one script of a few milliseconds that is done once, whoever drives it and however
often: the web process while a request waits, upkeep when that process is gone.
"""

import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import orjson

from queueapp.domain.audit import Act
from queueapp.domain.bulk import MOVES, Bulk, BulkAction, BulkFilter, BulkState, Kept, Meant
from queueapp.domain.errors import NotFound
from queueapp.domain.queue import TIERS, Priority
from queueapp.domain.scope import Scope, encode_part
from queueapp.store.acting import Receipt, encoded, perform
from queueapp.store.answers import Idempotency
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

# Chosen so that a step holds the server for less than 20 ms.
LOOK = 500
BATCH = 100
TOLD_ROWS = 1_000
_REASONS = tuple(Kept)


class Bulks:
    """Operations on many jobs of a scope."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def open(
        self,
        scope: Scope,
        action: BulkAction,
        wanted: BulkFilter,
        act: Act,
        *,
        priority: Priority | None = None,
        dry: bool = False,
        idempotency: Idempotency | None = None,
    ) -> tuple[str, Receipt]:
        """Begin an operation; return its id. Raises: IdempotencyMismatch."""
        receipt = perform(
            self._scripts,
            "bulk_open",
            scope,
            act,
            idempotency=idempotency,
            id=str(uuid.uuid4()),
            action=action,
            args=_args(priority),
            wanted=_wanted(wanted),
            ids=None if wanted.job_ids is None else list(wanted.job_ids),
            dry=dry,
        )
        return str(receipt.facts["id"]), receipt

    def go(
        self,
        scope: Scope,
        bulk_id: str,
        action: BulkAction,
        act: Act,
        *,
        priority: Priority | None = None,
        idempotency: Idempotency | None = None,
    ) -> tuple[str, Receipt]:
        """Let a counted operation act on exactly what was counted.

        Raises: NotFound, Conflict, IdempotencyMismatch.
        """
        _check_id(bulk_id)
        receipt = perform(
            self._scripts,
            "bulk_go",
            scope,
            act,
            idempotency=idempotency,
            id=bulk_id,
            action=action,
            args=_args(priority),
        )
        return str(receipt.facts["id"]), receipt

    def step(self, scope: Scope, bulk: Bulk, *, keep_ms: int) -> tuple[BulkState, int]:
        """Do the next step of an operation unless somebody else has; return where it is.

        Raises: NotFound when it has expired.
        """
        common: dict[str, Any] = {"scope": scope.key, "id": bulk.id, "step": bulk.step}
        if bulk.state is BulkState.COUNTING:
            state, step = self._scripts.call("bulk_count", look=LOOK, **common)
        else:
            common |= {"limit": BATCH, "act": encoded(bulk.act)}
            if bulk.action is BulkAction.CANCEL:
                state, step = self._scripts.call("cancel_many", keep_ms=keep_ms, **common)
            elif bulk.action in MOVES:
                head = bulk.action is BulkAction.MOVE_TO_HEAD
                state, step = self._scripts.call("move_many", head=head, **common)
            else:
                state, step = self._scripts.call("reprioritise_many", **common)
        return BulkState(state), step

    def upcoming(self, scope: Scope, bulk: Bulk, limit: int) -> list[str]:
        """Return the ids of the next jobs of the set."""
        with store_errors():
            key = self._keys("bulk_jobs", scope.key, bulk.id)
            found: list[str] = self._client.zrange(key, 0, limit - 1)
        return found

    def retried(
        self, scope: Scope, bulk: Bulk, results: Sequence[tuple[str, Kept | None]]
    ) -> tuple[BulkState, int]:
        """Note which of the next jobs were retried, and why others were not.

        Raises: NotFound when the operation has expired.
        """
        state, step = self._scripts.call(
            "retried_many",
            scope=scope.key,
            id=bulk.id,
            step=bulk.step,
            results=[
                [job_id, 0 if reason is None else _REASONS.index(reason) + 1]
                for job_id, reason in results
            ],
            act=encoded(bulk.act),
        )
        return BulkState(state), step

    def get(self, scope: Scope, bulk_id: str) -> Bulk:
        """Return an operation as it stands. Raises: NotFound."""
        _check_id(bulk_id)
        key, kept = (self._keys(name, scope.key, bulk_id) for name in ("bulk", "bulk_kept"))
        with store_errors():
            pipe = self._client.pipeline()
            pipe.hgetall(key)
            pipe.pexpiretime(key)
            for number in range(1, len(_REASONS) + 1):
                pipe.zcount(kept, number, number)
            pipe.zrange(kept, 0, TOLD_ROWS - 1, withscores=True)
            data, expires, *counts, left = pipe.execute()
        if not data:
            raise NotFound("There is no such operation.")
        reasons = [(job_id, _REASONS[int(number) - 1]) for job_id, number in left]
        return _bulk(bulk_id, data, expires, dict(zip(_REASONS, counts, strict=True)), reasons)

    def forget(self, scope: Scope, bulk_id: str) -> None:
        """Stop looking for an operation that has expired."""
        with store_errors():
            self._client.zrem(self._keys("bulks"), f"{scope.key}|{bulk_id}")

    def waiting(self, *, before_ms: int, limit: int) -> list[tuple[Scope, str]]:
        """Return the operations that nobody has driven since a time."""
        with store_errors():
            found = self._client.zrange(
                self._keys("bulks"), "-inf", before_ms, byscore=True, offset=0, num=limit
            )
        parts = (member.split("|", 1) for member in found)
        return [(Scope.from_key(scope), bulk_id) for scope, bulk_id in parts]


def _check_id(bulk_id: str) -> None:
    """Refuse what would be part of another key."""
    try:
        known = str(uuid.UUID(bulk_id)) == bulk_id
    except ValueError:
        known = False
    if not known:
        raise NotFound("There is no such operation.")


def _args(priority: Priority | None) -> dict[str, Any]:
    return {} if priority is None else {"tier": priority.tier}


def _wanted(wanted: BulkFilter) -> dict[str, Any]:
    return {
        "status": wanted.status,
        "tier": None if wanted.priority is None else wanted.priority.tier,
        "type": wanted.type,
        "user": None if wanted.user is None else encode_part(wanted.user),
        "from_ms": wanted.created_from_ms,
        "to_ms": wanted.created_to_ms,
        "types": None if wanted.types is None else list(wanted.types),
        "excluded": list(wanted.excluded),
        "tell": wanted.tell,
    }


def _bulk(
    bulk_id: str,
    data: dict[str, str],
    expires_ms: int,
    kept: dict[Kept, int],
    left: list[tuple[str, Kept]],
) -> Bulk:
    tier = orjson.loads(data["args"]).get("tier")
    rows = orjson.loads(data.get("rows") or "[]")
    return Bulk(
        id=bulk_id,
        state=BulkState(data["state"]),
        step=int(data["step"]),
        action=BulkAction(data["action"]),
        dry=data["dry"] == "1",
        act=Act(unquote(data["by"]), data["reason"] or None, data["request"] or None),
        begun_ms=int(data["begun"]),
        ended_ms=int(data["ended"]) if "ended" in data else None,
        expires_ms=expires_ms if expires_ms > 0 else None,
        matched=int(data["matched"]) if "matched" in data else None,
        changed=int(data["changed"]),
        kept={reason: number for reason, number in kept.items() if number},
        priority=None if tier is None else TIERS[tier],
        meant=[Meant(job_id, TIERS[one], place) for job_id, one, place in rows],
        left=left,
    )
