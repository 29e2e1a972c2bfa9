"""How answers show what many of them have: moments, sizes, shares done, estimates, waits.

Pure: records in, plain values out.
"""

from typing import Any

from queueapp.domain import text
from queueapp.domain.estimates import Duration
from queueapp.domain.job import Job
from queueapp.domain.outcome import Progress
from queueapp.domain.states import Status
from queueapp.domain.waiting import Wait
from queueapp.engine.answers import Estimate

Row = dict[str, Any]


def stamp(ms: int | None) -> str | None:
    """Return a moment as the API shows it, None for None."""
    return None if ms is None else text.timestamp(ms)


def size(n_bytes: int | None) -> str | None:
    """Return a number of bytes in words, None for None."""
    return None if n_bytes is None else text.size(n_bytes)


def percentage(job: Job) -> int:
    """Return how much of a job is done: 100 only when Completed, 0 while Queued."""
    if job.status is Status.COMPLETED:
        return 100
    if job.status is Status.QUEUED or job.started_ms is None:
        return 0
    return share_done(job.progress)


def share_done(progress: Progress) -> int:
    """Return how much of a running attempt is done, 0 to 99."""
    if progress.records_total:
        share = 100 * progress.records_done // progress.records_total
    elif progress.stages_total:
        share = 100 * progress.stages_done // progress.stages_total
    else:
        share = 0
    return max(0, min(99, share))


def basis(estimate: Estimate) -> Row:
    """Return what a duration estimate rests on."""
    return basis_row(estimate.duration)


def basis_row(duration: Duration) -> Row:
    """Return what a range for a run time rests on, and what was learnt of it in seconds."""
    lasts = (
        (duration.low_ms, duration.middle_ms, duration.high_ms) if duration.learnt else (None,) * 3
    )
    p10, p50, p90 = (text.seconds(ms) for ms in lasts)
    return {
        "scope": duration.basis,
        "samples": duration.samples,
        "learnt": duration.learnt,
        "p10": p10,
        "p50": p50,
        "p90": p90,
    }


def shown_wait(wait: Wait | None) -> Row | None:
    """Return why a job waits."""
    return None if wait is None else {"code": wait.code, "text": wait.text, "needs": wait.needs}
