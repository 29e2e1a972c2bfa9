"""Workers, nodes and the catalogue of job types in the store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import orjson

from queueapp.domain.errors import Conflict
from queueapp.domain.fleet import (
    DEAD_AFTER_MS,
    JobTypeInfo,
    Node,
    NodeLoad,
    NodeSample,
    NodeStatus,
    Worker,
)
from queueapp.domain.waiting import Place
from queueapp.store.clock import server_ms
from queueapp.store.codec import build, dumps
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

LOADS_KEPT = 8 * 1_440  # samples of a node's load, one a minute


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

    def leave(self, worker: str) -> None:
        """Take a worker that stops on purpose out of the fleet."""
        with store_errors():
            pipe = self._client.pipeline()
            pipe.zrem(self._keys("workers"), worker)
            pipe.zrem(self._keys("idle"), worker)
            pipe.unlink(
                self._keys("worker", worker),
                self._keys("claimed", worker),
                self._keys("wake", worker),
            )
            pipe.execute()

    def disown(self, worker: str, *, max_lost: int, keep_ms: int) -> int:
        """Take back the jobs of a worker that is surely dead, and forget it; return how many."""
        taken = self._scripts.call("disown", worker=worker, max_lost=max_lost, keep_ms=keep_ms)
        self.leave(worker)
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

    def nodes(self, *, now_ms: int) -> list[NodeStatus]:
        """Return every listed node with its newest sample, by id."""
        workers = self.workers(now_ms=now_ms)
        with store_errors():
            beats = self._client.zrange(self._keys("nodes"), 0, -1, withscores=True)
            pipe = self._client.pipeline(transaction=False)
            for node_id, _ in beats:
                pipe.hgetall(self._keys("node", node_id))
                pipe.zcount(self._keys("kept", node_id), now_ms, "+inf")
            found = pipe.execute()
        return sorted(
            (
                replace(_node_status(node_id, row, int(beat), workers, now_ms), held_hosts=held)
                for (node_id, beat), row, held in zip(beats, found[::2], found[1::2], strict=True)
                if row
            ),
            key=lambda status: status.node.id,
        )

    def skews(self) -> dict[str, int]:
        """Return by how many ms each node's clock is ahead of the store's, as last heard."""
        with store_errors():
            nodes = self._client.zrange(self._keys("nodes"), 0, -1)
            pipe = self._client.pipeline(transaction=False)
            for node in nodes:
                pipe.hget(self._keys("node", node), "skew")
            found = pipe.execute()
        return {node: int(skew) for node, skew in zip(nodes, found, strict=True) if skew}

    def note_load(self, *, now_ms: int | None = None) -> None:
        """Keep a sample of each live node's load; one a minute makes ``LOADS_KEPT`` eight days."""
        now = server_ms(self._client) if now_ms is None else now_ms
        nodes = [node for node in self.nodes(now_ms=now) if node.live]
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for node in nodes:
                key, load = self._keys("load", node.node.id), node.sample
                row = [now, load.cpu_percent, load.memory_percent, node.active_jobs, node.slots]
                pipe.lpush(key, orjson.dumps(row))
                pipe.ltrim(key, 0, LOADS_KEPT - 1)
                pipe.expire(key, LOADS_KEPT * 60)
            pipe.execute()

    def loads(self, node: str, *, limit: int = LOADS_KEPT) -> list[NodeLoad]:
        """Return the newest samples of a node's load, newest first."""
        with store_errors():
            texts = self._client.lrange(self._keys("load", node), 0, limit - 1)
        return [NodeLoad(*orjson.loads(text)) for text in texts]

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
            self.leave(worker)
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


def _node_status(
    node_id: str,
    row: Mapping[str, str],
    beat: int,
    workers: Sequence[Mapping[str, str]],
    now_ms: int,
) -> NodeStatus:
    here = [worker for worker in workers if worker.get("node") == node_id and worker["live"]]
    draining = [worker for worker in here if worker.get("draining") == "1"]
    return NodeStatus(
        node=Node(
            id=node_id,
            hostname=row.get("hostname", ""),
            cpu_units=int(row["cpu"]),
            memory_mb=int(row["mem"]),
            pin_capacity=int(row["pins"]) if row.get("pins") else None,
        ),
        sample=NodeSample(
            cpu_percent=_float(row.get("cpu_pct")),
            memory_percent=_float(row.get("mem_pct")),
            disk_free_bytes=int(float(row["disk_free"])) if row.get("disk_free") else None,
        ),
        last_heartbeat_ms=beat,
        slots=sum(int(worker["slots"]) for worker in here),
        active_jobs=int(row.get("active", 0)),
        draining=bool(here) and len(draining) == len(here),
        live=bool(here) and now_ms - beat < DEAD_AFTER_MS,
    )


def _float(text: str | None) -> float | None:
    return float(text) if text else None
