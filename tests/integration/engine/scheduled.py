"""What tests of schedules share: an engine, plans, and what became of their moments."""

from dataclasses import replace
from typing import Any

from queueapp.domain.audit import Act
from queueapp.domain.job import JobRequest
from queueapp.domain.schedule import Plan, Run
from queueapp.domain.workflow import StepRequest, WorkflowRequest
from queueapp.engine.firing import Firing
from queueapp.store import Store
from tests.factories import SCOPE, claim, engine, finish

HOUR_MS = 3_600_000
NOON_MS = 1_767_268_800_000  # 2026-01-01T12:00:00Z
ACT = Act("ann")
JOB = JobRequest("A job", "Sleep")
FLOW = WorkflowRequest("A flow", (StepRequest("a", JOB), StepRequest("b", JOB, depends_on=("a",))))
HOURLY = Plan(cron="0 * * * *", time_zone="UTC", request=JOB, template={})


def put(store: Store, name: str = "hourly", *, next_ms: int = NOON_MS, **changes: Any) -> None:
    """Store a schedule whose next moment is known."""
    plan = replace(HOURLY, **changes)
    store.schedules.put(SCOPE, name, plan, fingerprint=str(plan), next_ms=next_ms, act=ACT)


def fire(store: Store, at_ms: int, **settings: Any) -> int:
    """Handle what is due at a time."""
    return Firing(engine(store, **settings)).fire_due(now_ms=at_ms)


def runs(store: Store, name: str = "hourly") -> list[Run]:
    """Return the runs of a schedule, oldest first."""
    return list(reversed(store.schedules.get(SCOPE, name).runs))


def outcomes(store: Store, name: str = "hourly") -> list[tuple[int, str]]:
    """Return each run's hour after noon and outcome."""
    return [((run.scheduled_ms - NOON_MS) // HOUR_MS, run.outcome) for run in runs(store, name)]


def end_job(store: Store) -> None:
    """Run the next job to its end."""
    held = claim(store)
    assert held is not None
    finish(store, held)
