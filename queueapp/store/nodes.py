"""Machines in the store: what they offer and do, their load over time, their clocks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from queueapp.domain.fleet import DEAD_AFTER_MS, Node, NodeLoad, NodeSample, NodeStatus
from queueapp.store.clock import server_ms
from queueapp.store.connect import Client, store_errors
from queueapp.store.fleet import Fleet
from queueapp.store.keys import Keys

LOADS_KEPT = 8 * 1_440  # samples of a node's load, one a minute


class Nodes:
    """The nodes that workers have told of."""

    def __init__(self, client: Client, keys: Keys, fleet: Fleet) -> None:
        self._client = client
        self._keys = keys
        self._fleet = fleet

    def all(self, *, now_ms: int) -> list[NodeStatus]:
        """Return every listed node with its newest sample, by id."""
        workers = self._fleet.workers(now_ms=now_ms)
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
        nodes = [node for node in self.all(now_ms=now) if node.live]
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for node in nodes:
                key, load = self._keys("load", node.node.id), node.sample
                row = [now, load.cpu_percent, load.memory_percent, node.active_jobs, node.slots]
                pipe.lpush(key, orjson.dumps([*row, load.disk_free_bytes]))
                pipe.ltrim(key, 0, LOADS_KEPT - 1)
                pipe.expire(key, LOADS_KEPT * 60)
            pipe.execute()

    def loads(self, node: str, *, limit: int = LOADS_KEPT) -> list[NodeLoad]:
        """Return the newest samples of a node's load, newest first."""
        return [NodeLoad(*row) for row in self._load(node, limit)]

    def load_rows(self, node: str, *, limit: int = LOADS_KEPT) -> list[list[Any]]:
        """Return the same as plain rows: the first five fields of ``NodeLoad``."""
        return [row[:5] for row in self._load(node, limit)]

    def _load(self, node: str, limit: int) -> list[list[Any]]:
        with store_errors():
            texts = self._client.lrange(self._keys("load", node), 0, limit - 1)
        rows: list[list[Any]] = orjson.loads(f"[{','.join(texts)}]")
        return rows


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
        left_ms=int(row["left"]) if row.get("left") else None,
    )


def _float(text: str | None) -> float | None:
    return float(text) if text else None
