"""A burst of one tenant holds nobody else up, with a real worker."""

from queueapp.domain.job import JobRequest
from queueapp.domain.scope import Scope
from tests.integration.worker.conftest import RunningWorker
from tests.waiting import eventually

BURST, OTHER = Scope("busy", "p"), Scope("quiet", "p")


def test_a_single_job_waits_for_no_more_than_what_runs(worker: RunningWorker) -> None:
    """Of a thousand jobs that were there first, only as many start first as there are slots."""
    engine, name = worker.engine, worker.process.station.worker
    request = JobRequest(name="one of many", type="Zoo.NothingThread")
    engine.store.workers.drain(name, by="ann")
    burst = [engine.submit(BURST, request, by="ann").spec.id for _ in range(1_000)]
    single = engine.submit(OTHER, request, by="bob").spec.id
    engine.store.workers.undrain(name)
    eventually(lambda: engine.job(BURST, burst[-1]).ended, 100)
    (mine,) = engine.store.jobs.get_many([single])
    starts = [job.started_ms for job in engine.store.jobs.get_many(burst) if job.started_ms]

    assert mine.started_ms is not None
    assert 1_000 == len(starts)
    assert sum(at < mine.started_ms for at in starts) <= worker.process.station.slots
