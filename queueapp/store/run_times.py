"""What training learnt of how long jobs run, by user and by what alike jobs share.

Workers put it here after a forecast, estimates read it. Rows are named ``user/basis``.
"""

from collections.abc import Mapping, Sequence

from queueapp.domain.estimates import Runs
from queueapp.domain.rollup import DAY_MS
from queueapp.domain.scope import Scope
from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

KEPT_MS = 7 * DAY_MS


class RunTimes:
    """Keeps the learnt run times of each scope."""

    def __init__(self, client: Client, keys: Keys, _: Scripts) -> None:
        self._client = client
        self._keys = keys

    def put(self, scope: Scope, rows: Mapping[str, Sequence[int]], *, learnt_ms: int) -> None:
        """Keep what was learnt in place of what was; nothing, where that was too little.

        A row is (10 %, 50 %, 90 %, mean, runs), in ms.
        """
        key = self._keys("run_times", scope.key)
        told = {name: ":".join(map(str, row)) for name, row in rows.items()}
        with store_errors():
            pipe = self._client.pipeline(transaction=True)
            pipe.delete(key)
            if told:
                # Names hold a slash, so none is called like this one.
                pipe.hset(key, mapping={**told, "at": learnt_ms})
                pipe.pexpire(key, KEPT_MS)
            pipe.execute()

    def of(self, scope: Scope, names: Sequence[str]) -> list[Runs | None]:
        """Return what was learnt under each name."""
        with store_errors():
            found = self._client.hmget(self._keys("run_times", scope.key), list(names))
        return [_runs(text) if text else None for text in found]


def _runs(text: str) -> Runs:
    low, middle, high, mean, count = map(int, text.split(":"))
    return Runs(count, low, high, mean, middle_ms=middle, learnt=True)
