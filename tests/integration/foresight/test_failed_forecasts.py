"""A forecast that is not made leaves the one before, which is then called stale."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from queueapp.domain.job import Claim
from queueapp.domain.outcome import Outcome
from queueapp.domain.states import AttemptEnd
from queueapp.engine.engine import Engine
from queueapp.forecasts import FORECAST_TYPE, OWN, ForecastErrand
from queueapp.foresight.predictions import OVERDUE_MS, Predictions
from queueapp.job_types import load_modules
from queueapp.runner import Runner, Task
from queueapp.store import Store
from tests.factories import SCOPE, spec
from tests.integration.foresight.forecast_making import KEEP_MS, live_through, made

MODULE = "actors.forecast_refresh"
MIB = 1024**2


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """What runs forecasts in processes of their own."""
    load_modules([MODULE])
    started = Runner(
        modules=[MODULE], work_dir=tmp_path_factory.mktemp("work"), slots=1, grace_s=1.0
    )
    started.start()
    yield started
    started.close()


def attempt(
    store: Store, runner: Runner, folder: Path, *, told: str = "", **limits: Any
) -> Outcome:
    """Let a real process make the scope's forecast, or fail to, and do the errand around it.

    `told` stands for what it is brought.
    """
    errand = ForecastErrand(store, store.now_ms, KEEP_MS)
    job = spec(type=FORECAST_TYPE, scope=OWN, parameters={"scope": SCOPE.key})
    folder.mkdir()
    inputs = errand.bring(job, folder)
    if told:
        inputs[0].path.write_text(told)
    task = Task(
        claim=Claim(job, epoch=1, attempt=1, lease_until_ms=0, started_ms=store.now_ms()),
        directory=folder / "run",
        inputs=inputs,
        **{"memory_limit_bytes": 1024 * MIB, "timeout_ms": 60_000, **limits},
        now_ms=store.now_ms(),
    )
    return errand.take(job, runner.run(task, lambda *_: None))


@pytest.mark.parametrize(
    "case",
    [
        ({"job_error"}, {"told": "not JSON"}),
        ({"timeout"}, {"timeout_ms": 1}),
        # What meets the limit first decides whether it is known as such.
        ({"out_of_memory", "job_error"}, {"memory_limit_bytes": MIB}),
    ],
)
def test_a_process_that_fails_leaves_the_old_forecast(
    store: Store,
    engine: Engine,
    runner: Runner,
    tmp_path: Path,
    case: tuple[set[str], dict[str, Any]],
) -> None:
    """By an error, by its time, by its memory: points, run times and advice stand, called stale."""
    codes, limits = case
    live_through(store, 12, until_ms=store.now_ms())
    made(store, tmp_path / "made")
    looked = Predictions(store, engine.outlook)
    before = looked.look(SCOPE, 4)
    times = store.client.hgetall(store.keys("run_times", SCOPE.key))
    outcome = attempt(store, runner, tmp_path / "failed", **limits)
    after = looked.look(SCOPE, 4)

    assert outcome.failure is not None
    assert AttemptEnd.FAILED == outcome.end
    assert outcome.failure.code in codes
    assert [False, True] == [before.stale, after.stale]
    assert before.forecast["learnt"] == after.forecast["learnt"]
    assert before.forecast["made_at"] == after.forecast["made_at"]
    assert times == store.client.hgetall(store.keys("run_times", SCOPE.key))
    assert AttemptEnd.COMPLETED == attempt(store, runner, tmp_path / "again").end
    assert not looked.look(SCOPE, 4).stale


def test_an_order_that_came_to_nothing_is_told(
    store: Store, engine: Engine, tmp_path: Path
) -> None:
    """Also where its worker died or none was free: nobody was left to say that it failed."""
    live_through(store, 3, until_ms=store.now_ms())
    made(store, tmp_path / "made")
    looked = Predictions(store, engine.outlook)
    now = store.now_ms()
    store.forecasts.take_turn(SCOPE, "sign", now)
    found = looked.look(SCOPE, 4)

    assert not found.stale
    assert not replace(found, now_ms=now + OVERDUE_MS).stale
    assert replace(found, now_ms=now + OVERDUE_MS + 1).stale
