"""Forecasts as workers make them: which are due, what a forecast is made of, where it goes.

A chore of the leader asks for them with jobs of queueapp's own, in a scope that no request can
name. The worker that runs such a job brings it a file with all it needs, and keeps what it wrote:
the job's code reaches no store. Decision 0046.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import structlog

import queueapp
from queueapp.domain.errors import QueueappError
from queueapp.domain.job import JobRequest, JobSpec
from queueapp.domain.outcome import Outcome
from queueapp.domain.queue import Priority
from queueapp.domain.rollup import HOUR_MS
from queueapp.domain.scope import Scope
from queueapp.domain.states import AttemptEnd
from queueapp.engine.engine import Engine
from queueapp.gathering import gathered
from queueapp.runner import DatasetInput
from queueapp.store import Store
from queueapp.store.forecasts import Turn

log = structlog.get_logger("queueapp.forecasts")

FORECAST_TYPE = "ForecastRefresh"
OWN = Scope("/queueapp", "forecasts")
"""No id of a request holds a slash, so nobody else can name or own this scope."""
BY = "queueapp"
PARAMETER = "jobs"
RESULT = "forecast.json"
KEPT_MS = HOUR_MS
"""How long the record of such a job is kept: there are many, and they tell little."""
LEAST_HISTORY_MS = HOUR_MS
"""Below it a forecast rests on nothing that guesses would not have."""
IDLE_MS = HOUR_MS
"""After so long a forecast is made anew although nothing changed, if somebody asks for it."""
IMPATIENT_MS = 300_000
MOST_WAITING = 50
SCOPES_AT_ONCE = 500


def due(turn: Turn, *, now_ms: int, every_ms: int) -> bool:
    """Tell whether a scope's forecast is to be made anew.

    At most once in ``every_ms``, where something changed; else each hour while somebody asks.
    """
    if turn.began_ms is None or now_ms - turn.began_ms < LEAST_HISTORY_MS:
        return False
    age = now_ms - turn.at_ms
    if turn.sign != turn.last_sign:
        return age >= every_ms
    return turn.asked and age >= max(IDLE_MS, every_ms)


class ForecastsDue:
    """Asks for forecasts; one object per leader."""

    def __init__(self, engine: Engine, *, every_ms: int) -> None:
        self._engine = engine
        self._store = engine.store
        self._every_ms = every_ms
        self._place = 0

    def ask(self) -> int:
        """Order the forecasts that are due; return how many. What waits too long goes ahead."""
        now = self._engine.now_ms()
        waiting = self._store.queue.page(OWN, limit=MOST_WAITING)
        self._hurry([row.job_id for row in waiting.rows], now)
        left = MOST_WAITING - waiting.matching
        ordered = 0
        for scope, turn in self._store.forecasts.turns(self._next_scopes()):
            if ordered < left and due(turn, now_ms=now, every_ms=self._every_ms):
                self.order(scope, turn.sign, now)
                ordered += 1
        return ordered

    def order(self, scope: Scope, sign: str, now_ms: int) -> str:
        """Submit the job that makes a scope's forecast; return its id."""
        self._store.forecasts.take_turn(scope, sign, now_ms)
        request = JobRequest(
            name="A forecast",
            type=FORECAST_TYPE,
            priority=Priority.LOW,
            parameters={"scope": scope.key},
            timeout_minutes=5,
        )
        return self._engine.submit(OWN, request, by=BY, internal=True).spec.id

    def _next_scopes(self) -> list[Scope]:
        """Return some of the scopes, others the next time where there are many."""
        scopes = [scope for scope in self._store.history.scopes() if scope != OWN]
        first = self._place if self._place < len(scopes) else 0
        self._place = first + SCOPES_AT_ONCE
        return scopes[first : self._place]

    def _hurry(self, waiting: list[str], now_ms: int) -> None:
        """Let a job that has waited for minutes pass: a queue is asked about when it is long."""
        for job in self._store.jobs.get_many(waiting):
            late = now_ms - job.created_ms > IMPATIENT_MS
            if late and job.spec.priority is not Priority.CRITICAL:
                try:
                    self._store.queue.reprioritise(OWN, job.id, Priority.CRITICAL)
                except QueueappError as error:
                    log.info("a forecast could not be hurried", reason=str(error))


@dataclass(frozen=True)
class ForecastErrand:
    """What a worker does around a forecast's job: brings what it needs, keeps what it made."""

    store: Store
    now_ms: Callable[[], int]
    keep_ms: int

    def bring(self, job: JobSpec, folder: Path) -> tuple[DatasetInput, ...]:
        """Write all that is known of the queue into a file, and return it as the job's input."""
        scope = Scope.from_key(job.parameters["scope"])
        path = folder / f"{PARAMETER}.json"
        path.write_bytes(orjson.dumps(gathered(self.store, scope, self.now_ms(), self.keep_ms)))
        plain: dict[str, Any] = {"format": "json", "columns": None, "options": {}, "sha256": ""}
        return (DatasetInput(PARAMETER, id=PARAMETER, name=path.name, path=path, **plain),)

    def take(self, job: JobSpec, outcome: Outcome) -> Outcome:
        """Keep the forecast, or note that none was made; nothing else of the job is published."""
        scope = Scope.from_key(job.parameters["scope"])
        made = [output.path for output in outcome.outputs if output.name == RESULT]
        if outcome.end is AttemptEnd.COMPLETED and made:
            self._keep(scope, orjson.loads(made[0].read_bytes()))
        elif outcome.end is AttemptEnd.FAILED:
            self.store.forecasts.mark_failed(scope, self.now_ms())
        return replace(outcome, outputs=tuple(one for one in outcome.outputs if one.name != RESULT))

    def _keep(self, scope: Scope, forecast: dict[str, Any]) -> None:
        learnt_ms = round(forecast["made_at"] * 1000)
        self.store.run_times.put(scope, forecast.pop("run_times"), learnt_ms=learnt_ms)
        self.store.forecasts.put(scope, {**forecast, "package": queueapp.__version__})
