"""Schedules: what is submitted when, by a cron expression in a time zone, and what came of it.

Pure: who computes fire times hands them in; moments are milliseconds since the epoch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from queueapp.domain.job import JobRequest
from queueapp.domain.workflow import WorkflowRequest

MINUTE_MS = 60_000
# A fire that is not later than this counts as on time: a worker was busy or just started.
GRACE_MS = MINUTE_MS
MAX_CATCH_UP = 100
MAX_CATCH_UP_MINUTES = 7 * 24 * 60


class Overlap(StrEnum):
    """What becomes of a fire while an earlier run of the schedule has not ended."""

    ALLOW = "allow"
    SKIP = "skip"
    QUEUE = "queue"
    CANCEL_RUNNING = "cancelRunning"


class CatchUp(StrEnum):
    """Which of the fires that were missed while nobody could fire are made up for."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


class RunOutcome(StrEnum):
    """What became of a fire."""

    SUBMITTED = "submitted"
    SKIPPED = "skipped"
    MISSED = "missed"
    FAILED = "failed"


class ScheduleState(StrEnum):
    """Whether a schedule fires."""

    ACTIVE = "Active"
    PAUSED = "Paused"
    ENDED = "Ended"


@dataclass(frozen=True)
class Plan:
    """What a caller says of a schedule.

    ``request`` is what each fire submits, ``template`` the same as it was sent, to be shown.
    """

    cron: str
    time_zone: str
    request: JobRequest | WorkflowRequest
    template: dict[str, Any]
    description: str | None = None
    overlap: str = Overlap.SKIP
    catch_up: str = CatchUp.NONE
    catch_up_limit: int = 10
    catch_up_minutes: int = 1_440
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True)
class Run:
    """One fire of a schedule: for which moment, when it was handled, what it made.

    ``count`` is how many moments a missed one stands for, None if nobody counted.
    """

    scheduled_ms: int
    at_ms: int
    outcome: str
    job_id: str | None = None
    workflow_id: str | None = None
    manual: bool = False
    reason: str | None = None
    until_ms: int | None = None
    count: int | None = None


@dataclass(frozen=True)
class Schedule:
    """A schedule as the store knows it; ``version`` rises with each change that people make."""

    id: str
    plan: Plan
    owner: str
    created_ms: int
    updated_ms: int
    version: int
    paused: bool = False
    paused_by: str | None = None
    paused_reason: str | None = None
    next_ms: int | None = None
    waiting_ms: int | None = None  # the fire that waits for the run before it
    active: tuple[str, ...] = ()  # "job/ID" and "workflow/ID" of runs that may not have ended
    runs: tuple[Run, ...] = ()

    @property
    def state(self) -> ScheduleState:
        """Whether it fires."""
        if self.paused:
            return ScheduleState.PAUSED
        waits = self.next_ms is not None or self.waiting_ms is not None
        return ScheduleState.ACTIVE if waits else ScheduleState.ENDED


@dataclass(frozen=True)
class Missed:
    """Moments that passed without a fire and are not made up for."""

    first_ms: int
    last_ms: int
    count: int | None


@dataclass(frozen=True)
class Due:
    """What is to be done about the moments that have come: give some up, or fire one."""

    missed: Missed | None
    fire_ms: int | None


def choose(plan: Plan, next_ms: int, later_ms: Sequence[int], *, now_ms: int) -> Due:
    """Return which of the moments that have come is fired first, and which are given up before.

    ``later_ms``: the moments after ``next_ms`` up to now, oldest first, within the plan's reach;
    ``next_ms`` itself was promised and is one of them whatever the expression says by now.
    """
    first = [next_ms] if next_ms >= now_ms - reach_ms(plan) else []
    times = [*first, *later_ms]
    if plan.catch_up == CatchUp.ALL:
        kept = times[-plan.catch_up_limit :]
    elif plan.catch_up == CatchUp.LATEST:
        kept = times[-1:]
    else:
        kept = [one for one in times if one >= now_ms - GRACE_MS][-1:]
    fire = kept[0] if kept else None
    if fire == next_ms:
        return Due(None, fire)
    given_up = [one for one in times if fire is None or one < fire]
    last = given_up[-1] if given_up else next_ms
    # What lies beyond the reach was not looked at, so nobody can say how many there were.
    return Due(Missed(next_ms, last, len(given_up) if first else None), fire)


def reach_ms(plan: Plan) -> int:
    """Return how far back missed moments are looked for; on-time ones always are."""
    if plan.catch_up == CatchUp.NONE:
        return GRACE_MS
    return max(GRACE_MS, plan.catch_up_minutes * MINUTE_MS)
