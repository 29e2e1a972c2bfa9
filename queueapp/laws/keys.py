"""Laws of keys: each is of a known pattern, and has an owner that exists or an end.

Sets of jobs are read from their side too: whom they name must be there and belong there.
"""

from collections.abc import Callable, Iterator
from typing import Any

from queueapp.domain.states import Status
from queueapp.laws.jobs import Fields, chunks, indexes_of, kind_of, scan
from queueapp.laws.violation import Kind, Violation
from queueapp.store import Store
from queueapp.store.keys import PATTERNS

CHUNK = 500
MUST_END = frozenset(
    {
        "hour",
        "reasons",
        "paused",
        "load",
        "day",
        "bottlenecks",
        "watch",
        "runs",
        "idempotency",
        "claimed",
        "wake",
        "audit",
        "operation",
        "progress",
        "forecast",
        "run_times",
        "asked",
        "shown",
        "scored",
        "achieved",
        "tally",
        "sampled",
        "forecast_turn",
    }
)
READ = ("scope", "status", "tier", "shape", "user", "host", "node", "device", "filed")
# A key of the first kind is owned by a member of the second, by the part at the place given.
LISTED = {
    "worker": ("workers", 0),
    "node": ("nodes", 0),
    "kept": ("nodes", 0),
    "api_key": ("api_keys", 0),
    "dataset": ("datasets", 1),
    "dataset_jobs": ("datasets", 1),
    "pipeline": ("pipelines", 1),
    "workflow": ("workflows", 1),
    "schedule": ("schedules", 1),
    "schedule_runs": ("schedules", 1),
}


def _indexed(parts: list[str], row: Fields) -> bool:
    scope, name, value = parts
    if row["scope"] != scope:
        return False
    return value == (row["status"] if name == "status" else indexes_of(row)[name])


Belongs = Callable[[list[str], Fields], bool]
# For a set of jobs: whether a job's record says that it belongs there.
MEMBERS: dict[str, Belongs] = {
    "queue": lambda parts, row: row["scope"] == parts[0],
    "typed": lambda parts, row: [row["scope"], kind_of(str(row["shape"]))] == parts,
    "owned": lambda parts, row: [row["scope"], row["user"]] == parts,
    "all": lambda parts, row: row["scope"] == parts[0],
    "done": lambda _, row: row["status"] == Status.COMPLETED,
    "runnable": lambda parts, row: [row["scope"], row["tier"], row["shape"]] == parts,
    "index": _indexed,
    "host": lambda parts, row: (row["scope"], row["status"]) == (parts[0], Status.QUEUED),
    "due": lambda _, row: row["status"] == Status.QUEUED,
    "expiries": lambda _, row: row["status"] == Status.QUEUED,
    "leases": lambda _, row: row["status"] == Status.RUNNING,
    "ended": lambda _, row: row["status"] not in (Status.QUEUED, Status.RUNNING),
}


def name_of(parts: list[str]) -> tuple[str, list[str]] | None:
    """Return which key of the table the parts make, and what stands for its variables."""
    for name, pattern in PATTERNS.items():
        if len(pattern) == len(parts) and all(
            want in ("$", have) for want, have in zip(pattern, parts, strict=True)
        ):
            found = [have for want, have in zip(pattern, parts, strict=True) if want == "$"]
            return name, found
    return None


def broken_keys(store: Store) -> Iterator[Violation]:
    """Yield what is wrong with each key of the prefix."""
    start = len(store.keys.prefix) + 1
    for chunk in chunks(scan(store, "*"), CHUNK):
        known = [(key, name_of(key[start:].split(":"))) for key in chunk]
        for key, found in known:
            if found is None:
                yield Violation(Kind.KEY, f"Key {key} is of no known kind.", key=key)
            elif found[0] in MEMBERS:
                yield from _strangers(store, key, *found)
        yield from _unowned(store, [(key, *found) for key, found in known if found])


def _unowned(store: Store, known: list[tuple[str, str, list[str]]]) -> Iterator[Violation]:
    suspects = [one for one in known if _owner(store, one[1], one[2]) is not None]
    pipe = store.client.pipeline(transaction=False)
    for key, name, parts in suspects:
        pipe.pttl(key)
        _ask_owner(store, pipe, name, parts)
    answers = pipe.execute()
    for at, (key, name, parts) in enumerate(suspects):
        ttl, owner = answers[2 * at : 2 * at + 2]
        # -2: it has gone since it was listed; -1: it has no end.
        gone = owner is None if name in LISTED else not owner
        if ttl == -1 and (name in MUST_END or gone):
            job = parts[0] if PATTERNS[name][0] == "j" else None
            yield Violation(Kind.KEY, f"Key {key} has neither owner nor end.", job=job, key=key)


def _owner(store: Store, name: str, parts: list[str]) -> tuple[str, str] | None:
    """Return the set and the member that own a key, or ("", key) for one that must be there."""
    pattern = PATTERNS[name]
    if name in MUST_END:
        return "", store.keys("scopes")
    if name == "keeper":  # it ends by itself unless a job of the host runs
        return "", store.keys("pin", *parts)
    if name in LISTED:
        listing, at = LISTED[name]
        return store.keys(listing, *parts[:at]), parts[at]
    if name != "job" and pattern[0] == "j":
        return "", store.keys("job", parts[0])
    if name in ("queue", "typed", "owned", "behind", "runnable", "shapes", "all", "index", "done"):
        return store.keys("scopes"), parts[0]
    return None


def _ask_owner(store: Store, pipe: Any, name: str, parts: list[str]) -> None:
    owner = _owner(store, name, parts)
    listing, member = owner or ("", "")
    if not listing:
        pipe.exists(member)
    elif listing == store.keys("scopes"):
        pipe.sismember(listing, member)
    else:
        pipe.zscore(listing, member)


def _strangers(store: Store, key: str, name: str, parts: list[str]) -> Iterator[Violation]:
    members = (member for member, _ in store.client.zscan_iter(key, count=CHUNK))
    for chunk in chunks(members, CHUNK):
        pipe = store.client.pipeline(transaction=False)
        for job_id in chunk:
            pipe.hmget(store.keys("job", job_id), READ)
        for job_id, row in zip(chunk, pipe.execute(), strict=True):
            record = dict(zip(READ, row, strict=True))
            if record["scope"] is None:
                text = f"{key} names the job {job_id}, which is not there."
            elif not MEMBERS[name](parts, record):
                text = f"{key} names the job {job_id}, which does not belong there."
            else:
                continue
            yield Violation(Kind.ENTRY, text, job=job_id, key=key)
