"""Remembers some of the predictions that people see, and compares them with what came.

The engine notes what is shown, a chore of the leader compares, the API tells. Sampled: a queue's
points at most every ten minutes, a submission's estimate at most every half minute a process.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

from queueapp.domain.estimates import Duration
from queueapp.domain.predictions import Point
from queueapp.domain.report_card import Scored, Shown, scored
from queueapp.domain.rollup import DAY_MS, HOUR_MS
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.foresight.predictions import Predicted
from queueapp.store import Store

EVERY_S = 30.0
MOST_REMEMBERED = 1_000
BATCH = 200
LATER_MS = 600_000
GIVEN_UP_MS = 7 * DAY_MS
JOBS_READ = 200


class ReportCard:
    """Notes and compares predictions; any thread may call it."""

    def __init__(self, store: Store, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._noted: dict[Scope, float] = {}

    # -- what is shown --------------------------------------------------------------------

    def predicted(self, scope: Scope, found: Predicted) -> None:
        """Remember the points of a queue; a wait is known an hour after its jobs came."""
        now = found.now_ms
        self._store.shown.remember(
            scope,
            [
                *(_shown("size", point, now, 0) for point in found.sizes),
                *(_shown("wait", point, now, HOUR_MS) for point in found.waits),
            ],
        )

    def estimated(
        self, scope: Scope, job_id: str, start_ms: int | None, duration: Duration
    ) -> None:
        """Remember a submitted job's estimate, if it rests on past runs and none was lately."""
        lately = time.monotonic() - self._noted.get(scope, float("-inf")) < EVERY_S
        if lately or start_ms is None or duration.mean_ms is None:
            return
        others = self._noted if len(self._noted) < MOST_REMEMBERED else {}
        self._noted = {**others, scope: time.monotonic()}
        now = self._now_ms()
        high, middle = duration.high_ms, duration.middle_ms or duration.mean_ms
        ends = int(start_ms + high)
        # A start is told as the moment by which it should have come.
        wait = float(start_ms - now)
        self._store.shown.remember(
            scope,
            [
                Shown("start", now, start_ms, start_ms, 0.0, wait, wait, job_id),
                Shown("duration", now, ends, start_ms, duration.low_ms, middle, high, job_id),
            ],
        )

    # -- what came ------------------------------------------------------------------------

    def compare(self) -> int:
        """Compare what is due; return how many were compared. What nobody can know is dropped."""
        now = self._now_ms()
        scopes = self._store.history.scopes()
        compared = 0
        for scope, found in zip(
            scopes, self._store.shown.due(scopes, now_ms=now, limit=BATCH), strict=True
        ):
            if found:
                compared += self._compare(scope, found, now)
        return compared

    def _compare(self, scope: Scope, found: list[Shown], now: int) -> int:
        results: list[Scored] = []
        later: list[Shown] = []
        for one in found:
            truth = self._truth(scope, one, now)
            if truth is not None:
                results.append(scored(one, truth, now))
            elif self._may_come(scope, one, now):
                later.append(replace(one, due_ms=now + LATER_MS))
        self._store.shown.settle(scope, found, results, now_ms=now)
        self._store.shown.remember(scope, later)
        return len(results)

    def _truth(self, scope: Scope, one: Shown, now: int) -> float | None:
        """Return what came: jobs for sizes, else ms; None where nobody knows."""
        if one.what == "size":
            hour = self._store.history.hours(scope, one.about_ms - HOUR_MS, one.about_ms)
            return float(sum(hour[-1].last)) if hour else None
        if one.what == "wait":
            return self._wait(scope, one.about_ms, now)
        [*jobs] = self._store.jobs.get_many([one.job_id or ""])
        if not jobs or jobs[0].started_ms is None:
            return None
        job, started = jobs[0], jobs[0].started_ms
        if one.what == "start":
            return float(max(0, started - one.told_ms)) if job.epoch == 1 else None
        done = job.status is Status.COMPLETED and job.ended_ms is not None
        return float((job.ended_ms or 0) - started) if done else None

    def _wait(self, scope: Scope, until_ms: int, now: int) -> float | None:
        """Return the mean wait of the jobs that came in an hour, so far where they still wait."""
        ids = self._store.past.came(scope, until_ms - HOUR_MS, until_ms, limit=JOBS_READ)
        waits = [
            float((job.started_ms or now) - (job.eligible_ms or job.created_ms))
            for job in self._store.jobs.get_many(ids)
            if job.started_ms is not None or job.status is Status.QUEUED
        ]
        return fmean(max(0.0, wait) for wait in waits) if waits else None

    def _may_come(self, scope: Scope, one: Shown, now: int) -> bool:
        if one.job_id is None or now - one.told_ms > GIVEN_UP_MS:
            return False
        status = self._store.jobs.statuses([one.job_id]).get(one.job_id)
        waiting = (Status.QUEUED,) if one.what == "start" else (Status.QUEUED, Status.RUNNING)
        return status in waiting


def _shown(what: str, point: Point, now: int, later_ms: int) -> Shown:
    at = point.time_ms
    return Shown(what, now, at + later_ms, at, point.lower, point.middle, point.upper)
