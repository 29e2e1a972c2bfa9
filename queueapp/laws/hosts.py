"""Laws of held hosts: what a node counts as in use, a job uses there."""

from collections.abc import Iterator

from queueapp.domain.states import Status
from queueapp.laws.jobs import scan
from queueapp.laws.violation import Kind, Violation
from queueapp.store import Store

IN_USE = float("inf")


def broken_hosts(store: Store) -> Iterator[Violation]:
    """Yield each host that takes room on a node although no job of it runs there."""
    for key in scan(store, "n", "*", "kept"):
        node = key.removeprefix(f"{store.keys.prefix}:n:").removesuffix(":kept")
        for place in store.client.zrange(key, IN_USE, IN_USE, byscore=True):
            if not _used(store, node, place) and store.client.zscore(key, place) == IN_USE:
                text = f"{key} has the host {place} in use, of which no job runs there."
                yield Violation(Kind.ENTRY, text, key=key, field=place)


def _used(store: Store, node: str, place: str) -> bool:
    scope, _, host = place.rpartition("|")
    job = store.client.get(store.keys("pin", scope, host))
    if job is None:
        return False
    status, at = store.client.hmget(store.keys("job", job), "status", "node")
    return (status, at) == (Status.RUNNING, node)
