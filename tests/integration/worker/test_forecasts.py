"""A forecast made by a real worker: ordered by its chore, run in a child, kept, served."""

from queueapp.config import Config
from queueapp.domain.job import Job
from queueapp.forecasts import OWN, ForecastsDue
from queueapp.store import Store
from tests.factories import SCOPE
from tests.integration.foresight.forecast_making import live_through
from tests.integration.worker.conftest import RunningWorker
from tests.waiting import eventually


def ended(store: Store, job_id: str) -> Job | None:
    """Return the job of a forecast once it has ended."""
    job = store.jobs.get(OWN, job_id)
    return job if job.ended else None


def test_a_worker_makes_the_forecast_that_is_served(store: Store, config: Config) -> None:
    """The job runs beside the users' jobs, publishes nothing of its own and is soon forgotten."""
    live_through(store, 3, until_ms=store.now_ms())
    running = RunningWorker(config)
    try:
        ForecastsDue(running.engine, every_ms=config.forecast_ms).ask()
        [job_id] = store.client.zrange(store.keys("all", OWN.key), 0, -1)
        job = eventually(lambda: ended(store, job_id))
        found = running.engine.predictions.look(SCOPE, 4)
    finally:
        running.stop()

    assert "Completed" == job.status, job.failure
    assert () == job.artifacts
    assert "hours" == found.basis
    assert found.forecast["cost"]["making_seconds"] > 0
    assert 4 == len(found.sizes)
    assert 0 == store.queue.page(SCOPE).matching
    ends = store.client.zscore(store.keys("ended"), job_id)
    assert ends is not None
    assert ends - store.now_ms() <= 3_600_000
