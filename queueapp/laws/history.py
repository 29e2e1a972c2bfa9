"""Laws of history: what the newest hour's roll-up says of the queue is how the queue stands.

The sums over time are made of these numbers; both are read in one transaction.
"""

from collections.abc import Iterator

from queueapp.domain.queue import TIERS, score
from queueapp.domain.states import Status
from queueapp.laws.violation import Kind, Violation
from queueapp.store import Store


def wrong_history(store: Store) -> Iterator[Violation]:
    """Yield the scopes whose history has missed a change of the queue."""
    for scope in sorted(store.client.smembers(store.keys("scopes"))):
        newest = store.client.zrange(store.keys("hours", scope), -1, -1)
        if newest:
            yield from _judged(store, scope, store.keys("hour", scope, newest[0]))


def _judged(store: Store, scope: str, key: str) -> Iterator[Violation]:
    pipe = store.client.pipeline(transaction=True)
    pipe.hget(key, "state")
    for tier in range(len(TIERS)):
        pipe.zcount(store.keys("queue", scope), score(tier, 0), f"({score(tier + 1, 0)}")
    pipe.zcard(store.keys("index", scope, "status", Status.RUNNING))
    state, *real = pipe.execute()
    kept = [int(n) for n in (state or "").split()[: len(real)]]
    if kept != real:
        text = f"{key} counts queued and running jobs wrongly: {kept} are really {real}."
        yield Violation(Kind.COUNTER, text, key=key, shape=(scope, "", ""))
