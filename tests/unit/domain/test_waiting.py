"""Why a job waits: the strongest reason, with what it needs."""

from dataclasses import replace

import pytest

from queueapp.domain.fleet import Requirements
from queueapp.domain.job import Job
from queueapp.domain.states import Status, WaitReason
from queueapp.domain.waiting import Place, Surroundings, why_waiting
from tests.factories import spec

DUE_MS = 1_700_000_000_000
ROOMY = Place(frozenset({"Sleep"}), 8, 32_768, 8, 32_768)
BUSY = replace(ROOMY, free_cpu_units=0)
SMALL = Place(frozenset({"Sleep"}), 2, 8_192, 2, 8_192)
QUEUED = Job(spec(requirements=Requirements(1, 16_384)), Status.QUEUED, 0, 0)
FREE = Surroundings(places=[ROOMY])


@pytest.mark.parametrize(
    ("job", "around", "code", "text"),
    [
        (replace(QUEUED, due_ms=DUE_MS), FREE, WaitReason.SCHEDULED, "2023-11-14T22:13:20Z"),
        (
            replace(QUEUED, due_ms=DUE_MS, retrying=True),
            FREE,
            WaitReason.RETRY_BACKOFF,
            "attempted again at 2023-11-14T22:13:20Z",
        ),
        (replace(QUEUED, unmet_dependencies=2), FREE, WaitReason.DEPENDENCY, "2 jobs that"),
        (
            QUEUED,
            replace(FREE, scope_paused=True, scope_paused_until_ms=DUE_MS),
            WaitReason.QUEUE_PAUSED,
            "paused until 2023-11-14T22:13:20Z",
        ),
        (QUEUED, replace(FREE, type_paused=True), WaitReason.TYPE_PAUSED, "Sleep jobs are paused."),
        (QUEUED, replace(FREE, places=[]), WaitReason.NO_WORKERS, "No live worker takes Sleep"),
        (
            QUEUED,
            replace(FREE, places=[SMALL]),
            WaitReason.RESOURCES,
            "needs 1 CPU unit and 16 GB; the largest live node has 2 CPU units and 8 GB",
        ),
        (
            replace(QUEUED, spec=spec(requirements=Requirements(9, 256))),
            replace(FREE, places=[SMALL]),
            WaitReason.RESOURCES,
            "needs 9 CPU units and 0.25 GB; ",
        ),
        (
            QUEUED,
            replace(FREE, scope_limit=3, scope_running=3),
            WaitReason.CONCURRENCY_LIMIT,
            "3 jobs at once",
        ),
        (
            QUEUED,
            replace(FREE, type_limit=1, type_running=1),
            WaitReason.CONCURRENCY_LIMIT,
            "1 Sleep jobs may run",
        ),
        (QUEUED, FREE, WaitReason.POSITION, "about to start"),
        (QUEUED, replace(FREE, places=[BUSY]), WaitReason.POSITION, "workers that fit are busy"),
    ],
)
def test_each_reason_is_told(job: Job, around: Surroundings, code: str, text: str) -> None:
    """Each thing that holds a job back has its code and its words."""
    wait = why_waiting(job, around)

    assert wait is not None
    assert code == wait.code
    assert text in wait.text


@pytest.mark.parametrize(("position", "text"), [(2, "1 job is ahead"), (3, "2 jobs are ahead")])
def test_jobs_ahead_are_counted(position: int, text: str) -> None:
    """A job that could run waits for those before it."""
    wait = why_waiting(QUEUED, FREE, position)

    assert wait is not None
    assert text in wait.text


def test_a_job_that_is_not_queued_waits_for_nothing() -> None:
    """Running and ended jobs have no wait reason."""
    for status in set(Status) - {Status.QUEUED}:
        assert why_waiting(replace(QUEUED, status=status), FREE) is None
