"""Workers and the catalogue of job types in the store; their machines are in ``nodes``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from queueapp.domain.errors import Conflict
from queueapp.domain.fleet import (
    DEAD_AFTER_MS,
    JobTypeInfo,
    NodeSample,
    Worker,
)
from queueapp.domain.waiting import Place
from queueapp.store.codec import build, dumps
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts


class WorkerUnknown(Conflict):
    """The worker's registration is gone; it must register again."""


class Fleet:
    """Who works here, on what machines, and what they can run."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def register(
        self,
        worker: Worker,
        types: Iterable[JobTypeInfo],
        *,
        now_ms: int | None = None,
    ) -> None:
        """Enter a worker and its node; publish its job types in the catalogue."""
        published = {info.name: dumps(asdict(info)) for info in types}
        with store_errors():
            if published:
                self._client.hset(self._keys("catalogue"), mapping=published)
        self._scripts.call(
            "register",
            now_ms=now_ms,
            worker=worker.name,
            node=worker.node.id,
            hostname=worker.node.hostname,
            cpu=worker.node.cpu_units,
            mem=worker.node.memory_mb,
            pid=worker.pid,
            slots=worker.slots,
            born=worker.born_ms,
            version=worker.version,
            types="|" + "|".join(sorted(published)) + "|",
            pins=worker.node.pin_capacity,
        )
        self.count_slots(now_ms=now_ms)

    def count_slots(self, *, now_ms: int | None = None) -> int:
        """Count the live workers' slots for the history; at least each ``DEAD_AFTER_MS``."""
        slots = self._scripts.call("count_slots", dead_ms=DEAD_AFTER_MS, now_ms=now_ms)
        return int(slots)

    def heartbeat(
        self,
        worker: str,
        held: Sequence[tuple[str, int]],
        *,
        lease_ms: int,
        sample: NodeSample,
        idle_ms: int = 0,
        clock_ms: int | None = None,
        kept: Iterable[str] | None = None,
        now_ms: int | None = None,
    ) -> dict[str, Any]:
        """Renew the leases of ``held`` (id, epoch); return what was lost or asked to stop.

        ``idle_ms``: how long ago the worker last asked for a job; ``clock_ms``: the time that
        its machine has; ``kept``: the hosts whose sessions its node keeps, where it knows that.

        Raises: WorkerUnknown when the registration has expired.
        """
        try:
            answer = self._scripts.call(
                "heartbeat",
                worker=worker,
                jobs=[list(pair) for pair in held],
                lease_ms=lease_ms,
                cpu_pct=sample.cpu_percent,
                mem_pct=sample.memory_percent,
                disk_free=sample.disk_free_bytes,
                idle_ms=idle_ms,
                clock_ms=clock_ms,
                held=None if kept is None else sorted(kept),
                now_ms=now_ms,
            )
        except Conflict as error:
            raise WorkerUnknown(error.message) from error
        found: dict[str, Any] = orjson.loads(answer)
        return found

    def leave(self, worker: str, *, on_purpose: bool = True) -> None:
        """Take a worker that stops on purpose, or that is surely dead, out of the fleet."""
        self._scripts.call("leave", worker=worker, on_purpose=on_purpose)

    def disown(self, worker: str, *, max_lost: int, keep_ms: int) -> int:
        """Take back the jobs of a worker that is surely dead, and forget it; return how many."""
        taken = self._scripts.call("disown", worker=worker, max_lost=max_lost, keep_ms=keep_ms)
        self.leave(worker, on_purpose=False)
        return int(taken)

    def drain(self, worker: str) -> None:
        """Mark a worker so that it claims nothing more, and end its block."""
        with store_errors():
            pipe = self._client.pipeline()
            pipe.hset(self._keys("worker", worker), "draining", "1")
            pipe.rpush(self._keys("wake", worker), "1")
            pipe.pexpire(self._keys("wake", worker), 10_000)
            pipe.execute()

    def catalogue(self) -> dict[str, JobTypeInfo]:
        """Return every job type that a worker ever published, by name."""
        with store_errors():
            stored = self._client.hgetall(self._keys("catalogue"))
        return {name: _info(orjson.loads(text)) for name, text in sorted(stored.items())}

    def workers(self, *, now_ms: int) -> list[Mapping[str, str]]:
        """Return the registered workers as stored, with ``name`` and ``live`` added."""
        with store_errors():
            names = self._client.zrange(self._keys("workers"), 0, -1, withscores=True)
            pipe = self._client.pipeline(transaction=False)
            for name, _ in names:
                pipe.hgetall(self._keys("worker", name))
            rows = pipe.execute()
        return [
            {**row, "name": name, "live": _live(row, int(beat), now_ms)}
            for (name, beat), row in zip(names, rows, strict=True)
            if row
        ]

    def places(self, *, now_ms: int) -> list[Place]:
        """Return what each live worker that takes jobs offers, with its node's room."""
        workers = [
            worker
            for worker in self.workers(now_ms=now_ms)
            if worker["live"] and worker.get("draining") != "1"
        ]
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for worker in workers:
                pipe.hmget(self._keys("node", worker["node"]), *_ROOM)
            rooms = pipe.execute()
        return [
            _place(worker, [int(value or 0) for value in room])
            for worker, room in zip(workers, rooms, strict=True)
        ]

    def bury(self, *, now_ms: int, dead_ms: int, node_ms: int) -> None:
        """Forget workers silent for ``dead_ms`` and nodes silent for ``node_ms``."""
        with store_errors():
            dead = self._client.zrange(
                self._keys("workers"), "-inf", str(now_ms - dead_ms), byscore=True
            )
            old = self._client.zrange(
                self._keys("nodes"), "-inf", str(now_ms - node_ms), byscore=True
            )
        for worker in dead:
            self.leave(worker, on_purpose=False)
        with store_errors():
            for node in old:
                self._client.zrem(self._keys("nodes"), node)
                self._client.unlink(self._keys("node", node), self._keys("kept", node))


def _live(row: Mapping[str, str], beat: int, now_ms: int) -> str:
    """Return "1" for a worker that beats and also asks for jobs, else nothing."""
    heard_ms = min(beat, int(row.get("polled", beat)))
    return "1" if now_ms - heard_ms < DEAD_AFTER_MS else ""


_ROOM = ("cpu", "mem", "cpu_used", "mem_used")


def _place(worker: Mapping[str, str], room: list[int]) -> Place:
    cpu, mem, cpu_used, mem_used = room
    types = frozenset(worker["types"].strip("|").split("|"))
    return Place(
        types,
        cpu,
        mem,
        cpu - cpu_used,
        mem - mem_used,
        worker=worker["name"],
        node=worker["node"],
        slots=int(worker["slots"]),
    )


def _info(data: dict[str, Any]) -> JobTypeInfo:
    lists = {name: tuple(data.get(name, ())) for name in _LISTS}
    return build(JobTypeInfo, data, **lists)


_LISTS = ("resource_types", "datasets", "stages", "outputs")
