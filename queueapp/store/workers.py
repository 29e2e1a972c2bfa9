"""Workers as operators see and steer them; their own calls are in ``fleet``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import orjson

from queueapp.domain.audit import SYSTEM, Act
from queueapp.domain.errors import NotFound
from queueapp.domain.fleet import Drain, HeldHost, Node, Occupation, Orders, Worker, WorkerStatus
from queueapp.domain.scope import FLEET, Scope
from queueapp.store.acting import Receipt, perform
from queueapp.store.answers import Idempotency
from queueapp.store.clock import in_ms
from queueapp.store.codec import build
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

# A deleted worker that was frozen must not come back to life as if nothing had happened.
MEMORY_MS = 86_400_000
# A job that fails costs the store some 0.1 ms, in which it serves nobody else.
MOST_FAILED = 500
_ROOM = ("hostname", "cpu", "mem", "cpu_used", "mem_used")
_JOB = ("worker", "scope", "host", "started")


class Workers:
    """Reads and steers the registered workers."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def all(self) -> list[WorkerStatus]:
        """Return every registered worker by birth, the dead of the last minutes too.

        The cost grows with the workers and the running jobs, never with the queued ones.
        """
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(self._keys("workers"), 0, -1)
            pipe.zrange(self._keys("leases"), 0, -1)
            pipe.time()
            names, running, (seconds, _) = pipe.execute()
            return self._statuses(names, self._occupations(running), seconds * 1000)

    def get(self, name: str) -> WorkerStatus:
        """Return one worker. Raises: NotFound."""
        for status in self.all():
            if status.worker.name == name:
                return status
        raise NotFound(f"There is no worker {name!r}.")

    def drain(
        self,
        name: str,
        *,
        by: str,
        reason: str | None = None,
        until_ms: int | None = None,
        restart: bool = False,
        request_id: str | None = None,
        idempotency: Idempotency | None = None,
    ) -> Receipt:
        """Let a worker take no further job; say how many are ``running``.

        Raises: NotFound, IdempotencyMismatch.
        """
        return perform(
            self._scripts,
            "drain",
            FLEET,
            Act(by, reason, request_id),
            idempotency=idempotency,
            worker=name,
            until=until_ms,
            restart=restart,
        )

    def undrain(
        self, name: str, *, act: Act = SYSTEM, idempotency: Idempotency | None = None
    ) -> Receipt:
        """Let a worker take jobs again; say whether it ``was`` draining.

        Raises: NotFound, IdempotencyMismatch.
        """
        return perform(self._scripts, "undrain", FLEET, act, idempotency=idempotency, worker=name)

    def dismiss(
        self,
        names: Iterable[str],
        *,
        by: str,
        reason: str | None,
        keep_ms: int,
        request_id: str | None = None,
        most: int = MOST_FAILED,
    ) -> dict[str, list[str]]:
        """Delete workers in one step, as long as at most ``most`` jobs fail by it, else in several.

        Returns: by the name of each that was known, the ids of its jobs, which have failed.
        Raises: NotFound when none is known.
        """
        why = f" Reason: {reason}" if reason else ""
        left = list(names)
        deleted: dict[str, list[str]] = {}
        while left:
            try:
                receipt = perform(
                    self._scripts,
                    "dismiss",
                    FLEET,
                    Act(by, reason, request_id),
                    workers=[[one, f"The worker {one} was deleted by {by}.{why}"] for one in left],
                    most=most,
                    keep_ms=keep_ms,
                    memory_ms=MEMORY_MS,
                )
            except NotFound:
                if not deleted:
                    raise
                break
            deleted |= {name: ids for name, *ids in receipt.facts["deleted"]}
            left = receipt.facts.get("left", [])
        return deleted

    def orders(self, name: str) -> Orders:
        """Return what a worker is told to do with itself."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.time()
            pipe.hmget(self._keys("worker", name), ["dismissed", "drain"])
            told, (dismissed, drain) = pipe.execute()
        wish = _drain(drain)
        if wish is None:
            return Orders(dismissed=dismissed is not None)
        now_ms = in_ms(told)
        left_ms = None if wish.until_ms is None else max(0, wish.until_ms - now_ms)
        return Orders(dismissed is not None, True, wish.restart, left_ms)

    def _occupations(self, running: Iterable[str]) -> dict[str, list[Occupation]]:
        pipe = self._client.pipeline(transaction=False)
        ids = list(running)
        for job_id in ids:
            pipe.hmget(self._keys("job", job_id), _JOB)
        found: dict[str, list[Occupation]] = {}
        for job_id, (worker, scope, host, started) in zip(ids, pipe.execute(), strict=True):
            if worker and scope:
                begun = int(float(started or 0))
                pinned = unquote(host) if host else None
                one = Occupation(job_id, Scope.from_key(scope), pinned, begun)
                found.setdefault(worker, []).append(one)
        return found

    def _statuses(
        self, names: Sequence[str], jobs: Mapping[str, list[Occupation]], now_ms: int
    ) -> list[WorkerStatus]:
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(self._keys("worker", name))
        rows = dict(zip(names, pipe.execute(), strict=True))
        nodes = sorted({row["node"] for row in rows.values() if "node" in row})
        for node in nodes:
            pipe.hmget(self._keys("node", node), _ROOM)
        rooms = dict(zip(nodes, pipe.execute(), strict=True))
        for node in nodes:
            pipe.zrange(self._keys("kept", node), now_ms, "+inf", byscore=True)
        held = {node: _held(names) for node, names in zip(nodes, pipe.execute(), strict=True)}
        found = [
            replace(
                _status(name, row, rooms[row["node"]], tuple(jobs.get(name, ()))),
                held=held[row["node"]],
            )
            for name, row in rows.items()
            if "node" in row
        ]
        return sorted(found, key=lambda status: (status.worker.born_ms, status.worker.name))


def _held(places: Iterable[str]) -> tuple[HeldHost, ...]:
    pairs = (place.rsplit("|", 1) for place in places)
    return tuple(HeldHost(Scope.from_key(scope), unquote(host)) for scope, host in pairs)


def _status(
    name: str, row: Mapping[str, str], room: Sequence[str | None], jobs: tuple[Occupation, ...]
) -> WorkerStatus:
    cpu, mem, cpu_used, mem_used = (int(value or 0) for value in room[1:])
    beat = int(float(row["heartbeat"]))
    worker = Worker(
        name=name,
        node=Node(row["node"], room[0] or row["hostname"], cpu, mem),
        pid=int(row["pid"]),
        slots=int(row["slots"]),
        born_ms=int(row["born"]),
        version=row["version"],
    )
    return WorkerStatus(
        worker=worker,
        types=tuple(kind for kind in row["types"].split("|") if kind),
        heartbeat_ms=beat,
        polled_ms=int(row.get("polled", beat)),
        succeeded=int(row.get("succeeded", 0)),
        failed=int(row.get("failed", 0)),
        free_cpu_units=cpu - cpu_used,
        free_memory_mb=mem - mem_used,
        jobs=jobs,
        drain=_drain(row.get("drain")) or _stopping(row, beat),
    )


def _stopping(row: Mapping[str, str], beat: int) -> Drain | None:
    """A worker that was told to end by its platform drains too."""
    return Drain(by="system", at_ms=beat) if row.get("draining") == "1" else None


def _drain(text: str | None) -> Drain | None:
    if text is None:
        return None
    told: dict[str, Any] = orjson.loads(text)
    return build(Drain, told, by=unquote(told["by"]), restart=bool(told.get("restart")))
