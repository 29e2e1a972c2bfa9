"""Commits what came of attempts, and takes the worker's next job in the same call.

The consumer calls it when Dramatiq acknowledges a message. What the store does not take is undone
here: the files of a stale attempt, or of one that is tried again.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import structlog

from queueapp.config import Config
from queueapp.consumer import Station
from queueapp.domain.errors import LeaseLost
from queueapp.domain.job import Claim
from queueapp.domain.outcome import Failure
from queueapp.domain.scope import Scope
from queueapp.domain.states import TERMINAL, AttemptEnd, Status
from queueapp.forecasts import FORECAST_TYPE
from queueapp.forecasts import KEPT_MS as FORECAST_KEPT_MS
from queueapp.job_types import JobType
from queueapp.middleware.lifecycle import facts_of
from queueapp.store.answers import FinishReport
from queueapp.worker.execution import Execution, lost

log = structlog.get_logger()


class Endings:
    """Ends the attempts of one worker process; called from its threads."""

    def __init__(
        self,
        station: Station,
        config: Config,
        execution: Execution,
        *,
        types: Mapping[str, JobType],
        job_ended: Callable[[Scope, str], None],
    ) -> None:
        self._station = station
        self._config = config
        self._execution = execution
        self._types = types
        self._job_ended = job_ended

    def commit(self, claim: Claim, report: FinishReport | None) -> Claim | None:
        """Commit what came of an attempt and return the next job; a stale one is discarded.

        Raises: Unavailable; the caller tries again later.
        """
        report = self._checked(claim, report)
        try:
            status, following = self._written(claim, report)
        except LeaseLost:
            log.warning("the attempt was stale; its result is discarded", **facts_of(claim))
            self._execution.files.discard(report)
            return None
        if status is Status.QUEUED:
            self._execution.files.discard(report, keep_logs=True)
        # Dramatiq sends each line through its master: what went well is not worth one.
        if status is not Status.COMPLETED:
            told = {"outcome": str(report.outcome), "status": str(status)}
            log.info("attempt ended", **facts_of(claim), **told)
        if status in TERMINAL and self._types[claim.job.type].info.internal:
            self._job_ended(claim.job.scope, claim.job.id)
        return following

    def _written(self, claim: Claim, report: FinishReport) -> tuple[Status, Claim | None]:
        station, config = self._station, self._config
        passing = claim.job.type == FORECAST_TYPE
        keep_ms = min(config.keep_ms, FORECAST_KEPT_MS) if passing else config.keep_ms
        limits = {"max_lost": config.max_lost_attempts, "keep_ms": keep_ms}
        if station.draining.is_set() or station.consumer_thread is None:
            return station.store.attempts.finish(claim.job.id, claim.epoch, report, **limits), None
        return station.store.attempts.finish_and_claim(
            claim.job.id,
            claim.epoch,
            report,
            worker=station.worker,
            lease_ms=station.lease_ms,
            **limits,
        )

    def _checked(self, claim: Claim, report: FinishReport | None) -> FinishReport:
        if report is None:
            return FinishReport.of(lost("worker_lost", "The attempt ended without a report."))
        if report.outcome == AttemptEnd.GIVEN_BACK and not self._was_told(claim):
            # Nobody asked for it here: the job was told to end by somebody else, or by itself.
            failure = Failure("killed", "The job's process was told to end.")
            return replace(report, outcome=AttemptEnd.LOST, failure=failure)
        return report

    def _was_told(self, claim: Claim) -> bool:
        """Whether this worker is stopping, or the job was asked back because of a pause."""
        attempt = (claim.job.id, claim.epoch)
        return self._station.draining.is_set() or attempt in self._execution.recalled
