"""The status of the whole system as one tenant sees it: its own jobs, everybody's nodes.

The engine offers it to the API. It adds up what the store counts, and foresees only when the
queues will be worked off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from queueapp.domain.fleet import NodeStatus
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.foresight.fleet_view import FleetView
from queueapp.foresight.outlook import Outlook
from queueapp.foresight.work_left import drain_ms
from queueapp.store import Store

DAY_MS = 86_400_000


@dataclass(frozen=True)
class SystemStatus:
    """The figures of the system status, over one tenant's jobs and the shared fleet."""

    now_ms: int
    nodes: list[NodeStatus]
    queued: dict[Priority, int]
    average_wait_ms: float
    drain_ms: float | None
    completed_today: int
    failed_today: int
    average_run_ms: float | None
    completed_last_24h: int
    all_slots_busy: bool


class SystemViews:
    """Reads the status; one object per engine."""

    def __init__(self, store: Store, outlook: Outlook, *, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._outlook = outlook
        self._now_ms = now_ms

    def of(self, tenant: str, *, project: str | None = None) -> SystemStatus:
        """Return the system status that ``tenant`` sees: its own jobs, everybody's nodes.

        ``project``: the only one whose jobs are counted.
        """
        now = self._now_ms()
        day = now - now % DAY_MS
        names = self._store.figures.projects(tenant) if project is None else [project]
        scopes = [Scope(tenant, name) for name in names]
        figures = [self._store.figures.of(scope, day_ms=day, now_ms=now) for scope in scopes]
        eligible = sum(t.eligible for t in figures)
        waited = sum(t.eligible * now - t.eligible_since_ms for t in figures)
        completed = sum(t.completed_today for t in figures)
        run = sum(t.completed_run_ms for t in figures)
        queued = {p: sum(t.queued[p] for t in figures) for p in Priority}
        fleet = self._outlook.fleet()
        waiting = [s for s, t in zip(scopes, figures, strict=True) if any(t.queued.values())]
        return SystemStatus(
            now_ms=now,
            nodes=self._store.nodes.all(now_ms=now),
            queued=queued,
            average_wait_ms=waited / eligible if eligible else 0.0,
            drain_ms=self._drain(fleet, waiting),
            completed_today=completed,
            failed_today=sum(t.failed_today for t in figures),
            average_run_ms=run / completed if completed else None,
            completed_last_24h=sum(t.completed_last_24h for t in figures),
            all_slots_busy=fleet.all_busy,
        )

    def _drain(self, fleet: FleetView, scopes: Sequence[Scope]) -> float | None:
        sights = [self._outlook.foresight(scope) for scope in scopes]
        return drain_ms(fleet, [sight.backlog() for sight in sights])
