"""One job under a fault: submitted, begun on a machine, ended."""

import uuid

from queueapp.domain.fleet import Requirements
from queueapp.domain.job import Job, JobSpec
from queueapp.domain.queue import Priority
from queueapp.domain.states import Status
from tests.faults.ground import SCOPE, Ground, Machine
from tests.waiting import eventually


def submit(ground: Ground, ms: int) -> str:
    """Submit a job and return its id."""
    job_id = str(uuid.uuid4())
    job = JobSpec(
        id=job_id,
        scope=SCOPE,
        name="a job",
        type="Fenced",
        priority=Priority.NORMAL,
        submitted_by="ann",
        parameters={"log": str(ground.log), "ms": ms},
        requirements=Requirements(1, 64),
    )
    ground.store.jobs.submit(job)
    return job_id


def begun_on(ground: Ground, ms: int) -> tuple[str, Machine]:
    """Submit a job, wait until it lives, and return it with the machine that runs it."""
    job_id = submit(ground, ms)
    ground.begun(job_id)
    node = ground.job(job_id).node
    return job_id, next(one for one in ground.machines if one.name == node)


def ended(ground: Ground, job_id: str, within_s: float = 60) -> Job:
    """Wait for a job's end; what must hold at every end is asserted here."""
    eventually(lambda: ground.job(job_id).ended, within_s)
    job = ground.job(job_id)
    ends = [line for line in ground.lines() if (line.job, line.fact) == (job_id, "end")]

    assert Status.COMPLETED == job.status
    assert 1 == [attempt.end for attempt in job.attempts].count("completed")
    assert 1 == len(ends)
    return job


def first_ended_s(job: Job, since_ms: int) -> float:
    """Return how long after a moment the job's first attempt was over."""
    ended_ms = job.attempts[0].ended_ms
    assert ended_ms is not None
    return (ended_ms - since_ms) / 1000


def two_machines(ground: Ground) -> None:
    """Start two workers on two machines."""
    for _ in range(2):
        ground.add_machine()
    ground.ready(2)
