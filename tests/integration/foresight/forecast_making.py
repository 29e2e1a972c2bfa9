"""What tests of forecasts share: a project that was lived through, and its forecast made."""

from pathlib import Path

from actors.forecast_refresh import forecast_refresh
from queueapp.domain.job import Resource
from queueapp.domain.outcome import Outcome
from queueapp.domain.scope import Scope
from queueapp.forecasts import (
    FORECAST_TYPE,
    OWN,
    ForecastErrand,
)
from queueapp.store import Store
from queueapp.testing import run_job
from tests.factories import SCOPE, add_worker, claim, finish, spec, submit

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
KEEP_MS = 30 * DAY_MS
RUN_MS = 1_200_000
LOG = Resource("Dataset", "some/log", "A log")


def live_through(store: Store, hours: int, *, until_ms: int) -> None:
    """Let three jobs of twenty minutes come each hour of the day's first half, and run at once."""
    add_worker(store)
    for hour in range(until_ms // HOUR_MS - hours, until_ms // HOUR_MS):
        for n in range(3 if hour % 24 < 12 else 1):
            at = hour * HOUR_MS + n * 60_000
            submit(store, now_ms=at, submitted_by=f"user {n}", resource=LOG)
            held = claim(store, now_ms=at)
            assert held is not None
            finish(store, held, now_ms=at + RUN_MS, keep_ms=KEEP_MS)


def made(store: Store, folder: Path, scope: Scope = SCOPE) -> Outcome:
    """Make a scope's forecast as a worker does, without its processes, and keep it."""
    errand = ForecastErrand(store, store.now_ms, KEEP_MS)
    job = spec(type=FORECAST_TYPE, scope=OWN, parameters={"scope": scope.key})
    folder.mkdir()
    brought = errand.bring(job, folder)
    outcome = run_job(
        forecast_refresh,
        folder / "run",
        {"scope": scope.key},
        datasets={brought[0].parameter: brought[0].path},
        now_ms=store.now_ms(),
    )
    assert outcome.failure is None, outcome.failure
    return errand.take(job, outcome)
