"""Attempts in the store: taken under a lease, told of while they run, and ended.

A worker's consumer claims and finishes, its execution reports. Each call carries the attempt's
epoch, and a stale one is refused.
"""

import threading
from collections.abc import Sequence
from typing import Any

import orjson

from queueapp.domain.job import Claim
from queueapp.domain.outcome import Progress, Usage
from queueapp.domain.states import Status
from queueapp.store.answers import FinishReport, Next
from queueapp.store.codec import decode_claim, dumps, encode
from queueapp.store.keys import Keys
from queueapp.store.scripts import Scripts


class Attempts:
    """The attempts of all jobs; a worker's thread repeats its own calls only."""

    def __init__(self, keys: Keys, scripts: Scripts) -> None:
        self._keys = keys
        self._scripts = scripts

    def claim(
        self,
        worker: str,
        *,
        operation: str,
        lease_ms: int,
        wait_s: float | None = None,
        now_ms: int | None = None,
    ) -> Claim | None:
        """Take the best job for ``worker``, or park the worker and return None.

        ``wait_s``: block first until somebody wakes the parked worker, so many seconds at the most.
        The server claims as soon as it wakes: the call that asks is there already.
        """
        wait = (b"BLPOP", self._keys("wake", worker).encode(), b"%.3f" % wait_s) if wait_s else ()
        answer = self._scripts.call(
            "claim",
            first=wait,
            worker=worker,
            slot=_slot(),
            op=operation,
            lease_ms=lease_ms,
            now_ms=now_ms,
        )
        return decode_claim(answer) if answer else None

    def report(
        self,
        job_id: str,
        epoch: int,
        progress: Progress,
        usage: Usage,
        *,
        log_tail: dict[str, Any] | None = None,
        now_ms: int | None = None,
    ) -> dict[str, Any] | None:
        """Store how far an attempt is; return the cancel request if there is one.

        ``log_tail`` is the newest of its log, None when there is nothing new.
        """
        wish = self._scripts.call(
            "report",
            dumps(progress),
            dumps(usage),
            dumps({**log_tail, "epoch": epoch}) if log_tail else "",
            id=job_id,
            epoch=epoch,
            now_ms=now_ms,
        )
        return orjson.loads(wish) if wish else None

    def finish(
        self,
        job_id: str,
        epoch: int,
        report: FinishReport,
        *,
        max_lost: int,
        keep_ms: int,
        now_ms: int | None = None,
    ) -> Status:
        """End an attempt; return the job's status after it."""
        then = Next(now_ms=now_ms)
        return self._finish(job_id, epoch, report, max_lost=max_lost, keep_ms=keep_ms, then=then)[0]

    def finish_and_claim(
        self,
        job_id: str,
        epoch: int,
        report: FinishReport,
        *,
        max_lost: int,
        keep_ms: int,
        worker: str,
        lease_ms: int,
        now_ms: int | None = None,
    ) -> tuple[Status, Claim | None]:
        """End an attempt and take the worker's next job, if there is one, in the same call."""
        then = Next(worker, lease_ms, now_ms)
        status, answer = self._finish(
            job_id, epoch, report, max_lost=max_lost, keep_ms=keep_ms, then=then
        )
        return status, decode_claim(answer) if answer else None

    def _finish(
        self,
        job_id: str,
        epoch: int,
        report: FinishReport,
        *,
        max_lost: int,
        keep_ms: int,
        then: Next,
    ) -> tuple[Status, Sequence[Any]]:
        published = [text for item in report.artifacts for text in (item.id, dumps(item))]
        failure = report.failure
        status, following = self._scripts.call(
            "finish",
            dumps(report.result) if report.result else "",
            encode(report.progress),
            encode(report.usage),
            dumps(failure) if failure else "",
            *published,
            id=job_id,
            epoch=epoch,
            outcome=report.outcome,
            worker=then.worker,
            slot=_slot(),
            next_lease_ms=then.lease_ms,
            retryable=bool(failure and failure.retryable),
            code=failure.code if failure else None,
            message=failure.message if failure else None,
            max_lost=max_lost,
            keep_ms=keep_ms,
            bases={"keys": list(report.bases), "written": report.usage.written_bytes},
            artifacts=len(report.artifacts),
            logs=list(report.logs) or None,
            jitter=report.jitter,
            retry_after=failure.retry_after_ms if failure else None,
            kept_ms=report.kept_ms,
            now_ms=then.now_ms,
        )
        return Status(status), following


def _slot() -> str:
    """Return the calling thread's name for itself: it repeats its own calls only."""
    return str(threading.get_ident())
