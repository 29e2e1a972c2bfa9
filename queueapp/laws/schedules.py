"""Laws of schedules: one that fires is looked at in time, and only those that are there are."""

from collections.abc import Iterator

from queueapp.laws.violation import Kind, Violation
from queueapp.store import Store

FIELDS = ("created", "next", "waiting", "paused")


def broken_schedules(store: Store) -> Iterator[Violation]:
    """Yield the schedules that would not fire in time, and fires of none."""
    wanted = set(_firing(store))
    for member in sorted(wanted):
        key = store.keys("schedule", *member.split("|", 1))
        pipe = store.client.pipeline(transaction=True)
        pipe.hmget(key, FIELDS)
        pipe.zscore(store.keys("fires"), member)
        row, look = pipe.execute()
        yield from _judged(key, dict(zip(FIELDS, row, strict=True)), look)
    for member in store.client.zrange(store.keys("fires"), 0, -1):
        if member not in wanted:
            key = store.keys("schedule", *member.split("|", 1))
            if not store.client.exists(key):
                yield Violation(Kind.ENTRY, f"{key} is to fire and is not there.", key=key)


def _firing(store: Store) -> Iterator[str]:
    for scope in store.client.smembers(store.keys("scopes")):
        for part in store.client.zrange(store.keys("schedules", scope), 0, -1):
            yield f"{scope}|{part}"


def _judged(key: str, row: dict[str, str | None], look: float | None) -> Iterator[Violation]:
    if row["created"] is None:
        return
    fires = row["paused"] is None and (row["next"] is not None or row["waiting"] is not None)
    if fires != (look is not None):
        state = "is looked at though it does not fire" if look else "fires and is not looked at"
        yield Violation(Kind.ENTRY, f"{key} {state}.", key=key)
