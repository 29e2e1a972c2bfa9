"""A burst of one tenant holds nobody else up, with a real worker."""

from queueapp.domain.job import JobRequest
from queueapp.domain.scope import Scope
from tests.integration.running import until
from tests.integration.worker.conftest import RunningWorker

BURST, OTHER = Scope("busy", "p"), Scope("quiet", "p")


def test_a_single_job_waits_for_no_more_than_what_runs(worker: RunningWorker) -> None:
    """Of a thousand jobs of another tenant only those start first that had begun already."""
    request = JobRequest(name="one of many", type="Zoo.NothingThread")
    burst = [worker.engine.submit(BURST, request, by="ann").spec.id for _ in range(1_000)]
    single = worker.engine.submit(OTHER, request, by="bob").spec.id
    until(lambda: worker.engine.job(BURST, burst[-1]).ended, 100)
    jobs = worker.engine.store.jobs.get_many(burst)
    (mine,) = worker.engine.store.jobs.get_many([single])

    assert mine.started_ms is not None
    starts = [job.started_ms for job in jobs if job.started_ms is not None]
    assert 1_000 == len(starts)
    assert max(starts) > mine.started_ms  # the burst was not over
    between = [at for at in starts if mine.created_ms < at < mine.started_ms]
    assert len(between) <= worker.process.station.slots
