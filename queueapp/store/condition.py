"""How the server itself is: what health checks ask of it."""

import time
from dataclasses import dataclass

from queueapp.store.connect import Client, store_errors
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts

KEEPS_ALL = "noeviction"


@dataclass(frozen=True)
class Condition:
    """The server's state; None is what it does not tell (managed servers hide some)."""

    response_ms: float
    used_memory_bytes: int | None
    max_memory_bytes: int | None
    eviction: str | None
    appends: bool | None
    saves: bool | None
    connections_in_use: int
    connections_max: int

    @property
    def evicts(self) -> bool:
        """Whether it may throw keys away when memory runs out: then jobs can be lost."""
        return self.eviction is not None and self.eviction != KEEPS_ALL

    @property
    def forgets(self) -> bool:
        """Whether it writes nothing to disk: then its end is the end of all jobs."""
        return self.appends is False and self.saves is False


class Conditions:
    """Looks at the server."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client

    def look(self) -> Condition:
        """Return how the server is now. Raises: Unavailable."""
        with store_errors():
            began = time.perf_counter()
            self._client.ping()
            response_ms = (time.perf_counter() - began) * 1000
            told = {**self._client.info("memory"), **self._client.info("persistence")}
        pool = self._client.connection_pool
        limit = _number(told.get("maxmemory"))
        return Condition(
            response_ms=round(response_ms, 3),
            used_memory_bytes=_number(told.get("used_memory")),
            max_memory_bytes=limit or None,
            eviction=str(told["maxmemory_policy"]) if "maxmemory_policy" in told else None,
            appends=bool(told["aof_enabled"]) if "aof_enabled" in told else None,
            saves=self._saves(),
            connections_in_use=len(getattr(pool, "_connections", ())),
            connections_max=int(pool.max_connections),
        )

    def _saves(self) -> bool | None:
        """Tell whether snapshots are written; managed servers refuse the question."""
        try:
            found = self._client.config_get("save")
        except Exception:  # noqa: BLE001 - refused in as many ways as there are providers
            return None
        return bool(found.get("save")) if found else None


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | float | str) and str(value).isdigit() else None
