"""The job types that workers have published, as a process knows them.

The engine, and the API where it lists them, ask it. It reads the store at most each two seconds.
"""

import time

from queueapp.domain.errors import JobTypeUnavailable, Unavailable
from queueapp.domain.fleet import JobTypeInfo
from queueapp.store import Store

MAX_AGE_S = 2.0


class Catalogue:
    """Remembers what can be run; one object per engine."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: tuple[float, dict[str, JobTypeInfo]] = (float("-inf"), {})

    def all(self) -> dict[str, JobTypeInfo]:
        """Return the published job types by name, at most two seconds old.

        Raises: Unavailable when no worker has ever published any.
        """
        read_at, known = self._known
        if time.monotonic() - read_at > MAX_AGE_S or not known:
            known = self._store.fleet.catalogue()
            self._known = (time.monotonic(), known)
        if not known:
            raise Unavailable("No worker has started yet, so no job type is known.")
        return known

    def named(self, name: str) -> JobTypeInfo:
        """Return a job type by name in any case. Raises: JobTypeUnavailable, Unavailable."""
        known = {info.name.lower(): info for info in self.all().values()}
        found = known.get(name.lower())
        if found is None:
            offered = ", ".join(i.name for i in known.values() if not i.internal)
            raise JobTypeUnavailable(f"No worker offers {name!r}; offered are: {offered}.")
        return found
