"""Laws of single jobs: each stands in exactly the places that its own record says.

A job's record and its places are read in one transaction, so no move can come between them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from queueapp.domain.queue import TIER_SPAN, TIERS
from queueapp.domain.states import TERMINAL, Status
from queueapp.laws.violation import Kind, Violation
from queueapp.store import Store
from queueapp.store.clock import in_ms

CHUNK = 100
LOOKS = 3
# Upkeep acts within a second or two; what is later than this has been forgotten.
FORGOTTEN_MS = 10_000
FIELDS = (
    "scope",
    "status",
    "tier",
    "shape",
    "user",
    "score",
    "epoch",
    "unmet",
    "worker",
    "node",
    "host",
    "device",
    "expires",
    "filed",
)

Fields = dict[str, str | None]


@dataclass(frozen=True)
class Facts:
    """A job's record and where it stands; a place is None or its score."""

    id: str
    record: Fields
    spec: bool
    statuses: dict[Status, float | None]
    indexes: dict[str, float | None]
    queue: float | None
    typed: float | None
    owned: float | None
    runnable: float | None
    due: float | None
    expiry: float | None
    lease: float | None
    ended: float | None
    behind: bool
    attempts: list[str]
    now_ms: int

    @property
    def status(self) -> str:
        """The job's status as recorded."""
        return str(self.record["status"])


def kind_of(shape: str) -> str:
    """Return the job type that a shape begins with."""
    return shape.rpartition(".")[0]


def chunks(ids: Iterable[str], size: int = CHUNK) -> Iterator[list[str]]:
    """Return ids in lists of at most ``size``."""
    rest = iter(ids)
    while chunk := list(islice(rest, size)):
        yield chunk


def scan(store: Store, *pattern: str) -> Iterator[str]:
    """Return the keys that fit a glob below the prefix."""
    prefix = "".join(f"[{one}]" if one in "{}[]*?" else one for one in store.keys.prefix)
    return iter(store.client.scan_iter(":".join([prefix, *pattern]), count=1000))


def broken_jobs(store: Store) -> Iterator[Violation]:
    """Yield what is wrong with each job."""
    start = len(store.keys("job", ""))
    ids = (key[start:] for key in scan(store, "j", "*"))
    for chunk in chunks(one for one in ids if ":" not in one):
        for facts in _looked_at(store, chunk):
            yield from _judged(facts)


def _looked_at(store: Store, ids: list[str]) -> Iterator[Facts]:
    """Read the facts of jobs; one that moves at every look is left for another time."""
    waiting = ids
    for _ in range(LOOKS):
        records = _records(store, waiting)
        found = _facts(store, [(one, row) for one, row in records.items() if row["scope"]])
        yield from (facts for facts in found if facts.record == records[facts.id])
        waiting = [facts.id for facts in found if facts.record != records[facts.id]]
        if not waiting:
            return


def _records(store: Store, ids: list[str]) -> dict[str, Fields]:
    pipe = store.client.pipeline(transaction=False)
    for job_id in ids:
        pipe.hmget(store.keys("job", job_id), FIELDS)
    return {
        job_id: dict(zip(FIELDS, row, strict=True))
        for job_id, row in zip(ids, pipe.execute(), strict=True)
    }


def _facts(store: Store, known: list[tuple[str, Fields]]) -> list[Facts]:
    if not known:
        return []
    pipe = store.client.pipeline(transaction=True)
    pipe.time()
    for job_id, row in known:
        _ask(store, pipe, job_id, row)
    told, *answers = pipe.execute()
    each = len(answers) // len(known)
    now_ms = in_ms(told)
    return [
        _understood(job_id, answers[at * each : (at + 1) * each], now_ms)
        for at, (job_id, _) in enumerate(known)
    ]


def indexes_of(row: Fields) -> dict[str, str | None]:
    """Return the indexes of jobs, besides that of status: the value a job stands in, or None.

    A job that changed its tier a moment ago names the one that it is still filed under.
    """
    return {
        "type": kind_of(str(row["shape"])),
        "user": str(row["user"]),
        "priority": str(TIERS[int(row["filed"] or row["tier"] or 0)]),
        "host": row["host"] or row["device"],
        "pinned": "yes" if row["host"] else None,
        "node": row["node"],
    }


def _ask(store: Store, pipe: Any, job_id: str, row: Fields) -> None:
    keys, scope = store.keys, row["scope"]
    pipe.hmget(keys("job", job_id), FIELDS)
    pipe.exists(keys("spec", job_id))
    pipe.lrange(keys("attempts", job_id), 0, -1)
    places = [keys("index", scope, "status", status) for status in Status]
    places += [keys("index", scope, name, value) for name, value in indexes_of(row).items()]
    places += [keys("all", scope), keys("queue", scope)]
    places += [keys("typed", scope, kind_of(str(row["shape"]))), keys("owned", scope, row["user"])]
    places += [keys("runnable", scope, row["tier"], row["shape"])]
    places += [keys("due"), keys("expiries"), keys("leases"), keys("ended")]
    for place in places:
        pipe.zscore(place, job_id)
    pipe.sismember(keys("behind", scope), job_id)


def _understood(job_id: str, answers: list[Any], now_ms: int) -> Facts:
    row, spec, attempts, *scores = answers
    statuses, scores = dict(zip(Status, scores, strict=False)), scores[len(Status) :]
    record = dict(zip(FIELDS, row, strict=True))
    names = (*indexes_of(record), "all")
    indexes, scores = dict(zip(names, scores, strict=False)), scores[len(names) :]
    queue, typed, owned, runnable, due, expiry, lease, ended, behind = scores
    return Facts(
        id=job_id,
        record=record,
        spec=bool(spec),
        statuses=statuses,
        indexes=indexes,
        queue=queue,
        typed=typed,
        owned=owned,
        runnable=runnable,
        due=due,
        expiry=expiry,
        lease=lease,
        ended=ended,
        behind=bool(behind),
        attempts=attempts,
        now_ms=now_ms,
    )


def _judged(facts: Facts) -> Iterator[Violation]:
    if facts.status not in set(Status):
        yield _broken(facts, Kind.PLACE, f"has the unknown status {facts.status}")
        return
    yield from (_broken(facts, Kind.PLACE, text) for text in _misplaced(facts))
    yield from (_broken(facts, Kind.OVERDUE, text) for text in _forgotten(facts))
    yield from (_broken(facts, Kind.EPOCH, text) for text in _doubled(facts))


def _broken(facts: Facts, kind: Kind, text: str) -> Violation:
    return Violation(kind, f"Job {facts.id} {text}.", job=facts.id)


def _misplaced(facts: Facts) -> Iterator[str]:
    status = facts.status
    queued, running = status == Status.QUEUED, status == Status.RUNNING
    waits = facts.due is not None or int(facts.record["unmet"] or 0) > 0
    for name, score in facts.statuses.items():
        if (score is not None) != (name == status):
            yield f"is {status} and {_stands(score)} in the index of {name}"
    for place, score, wanted in (
        ("the queue", facts.queue, queued),
        *((place, score, queued) for place, score in _following(facts)),
        ("the leases", facts.lease, running),
        ("the jobs to be forgotten", facts.ended, status in TERMINAL),
        ("what can be claimed", facts.runnable, queued and not waits),
        ("the jobs that expire", facts.expiry, queued and facts.record["expires"] is not None),
        ("the scheduled jobs", facts.due, queued and facts.due is not None),
    ):
        if (score is not None) != wanted:
            yield f"is {status} and {_stands(score)} in {place}"
    wanted_in = {**indexes_of(facts.record), "all": "yes"}
    for index, score in facts.indexes.items():
        if score is None and wanted_in[index] is not None:
            yield f"is missing in the index {index}"
    if facts.record["filed"] is not None and not facts.behind:
        yield "is filed under another priority than its own"
    if not facts.spec:
        yield "has lost its spec"
    yield from _disordered(facts)


def _following(facts: Facts) -> list[tuple[str, float | None]]:
    """Return the places that follow the queue; none while it is known that they are behind."""
    if facts.behind:
        return []
    return [("the queue of its type", facts.typed), ("the queue of its user", facts.owned)]


def _stands(score: float | None) -> str:
    return "is missing" if score is None else "stands"


def _disordered(facts: Facts) -> Iterator[str]:
    wanted, tier = float(facts.record["score"] or 0), int(facts.record["tier"] or 0)
    if wanted // TIER_SPAN != tier:
        yield f"has a place outside of its tier {tier}"
    for place, score in (
        ("the queue", facts.queue),
        *_following(facts),
        ("what can be claimed", facts.runnable),
    ):
        if score is not None and score != wanted:
            yield f"has another place in {place} than in its record"


def _forgotten(facts: Facts) -> Iterator[str]:
    if facts.lease is not None and facts.lease < facts.now_ms - FORGOTTEN_MS:
        yield "has a lease that ended long ago and was not taken back"
    if facts.due is not None and facts.due < facts.now_ms - FORGOTTEN_MS:
        yield "was due long ago and is still not let go"
    if facts.expiry is not None and facts.expiry < facts.now_ms - FORGOTTEN_MS:
        yield "should have expired long ago and is still queued"


def _doubled(facts: Facts) -> Iterator[str]:
    ended = [int(orjson.loads(text)["epoch"]) for text in facts.attempts]
    epoch = int(facts.record["epoch"] or 0)
    if ended != sorted(set(ended)) or any(one > epoch for one in ended):
        yield f"has ended attempts {ended} out of order"
    if facts.status == Status.RUNNING and epoch in ended:
        yield f"runs as an attempt that has ended, {epoch}"
    if facts.status == Status.RUNNING and not (facts.record["worker"] and facts.record["node"]):
        yield "runs on no known worker"
