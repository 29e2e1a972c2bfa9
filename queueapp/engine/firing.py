"""What happens when the moments of schedules come: a chore of whichever worker leads.

Each moment is handled by one script that knows it by name, so two leaders at once, a lost answer
or a death in between neither double it nor lose it. What cannot be handled now stays due.
"""

import time

import structlog

from queueapp.domain.errors import (
    JobNotCancellable,
    NotFound,
    QueueappError,
    QueueFull,
    Unavailable,
)
from queueapp.domain.schedule import Missed, Overlap, RunOutcome, Schedule, choose, reach_ms
from queueapp.domain.scope import Scope
from queueapp.engine.cron import Cron
from queueapp.engine.engine import Engine
from queueapp.engine.schedules import Made, Schedules, next_of
from queueapp.engine.workflows import Workflows
from queueapp.store.schedules import Moment

log = structlog.get_logger("queueapp.engine.firing")

BATCH = 100
# Of so many moments at most one schedule is brought up to date in one go.
MOMENTS_AT_ONCE = 10_100
FIRES_AT_ONCE = 10
# Other chores wait for this one; what is left over is due at the next look.
SECONDS_AT_ONCE = 1.0
FULL_LATER_MS = 5_000
BROKEN_LATER_MS = 60_000


class Firing:
    """Brings the schedules that are due up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = engine.store
        self._schedules = Schedules(engine)
        self._workflows = Workflows(engine)

    def fire_due(self, *, now_ms: int | None = None) -> int:
        """Handle the moments that have come; return how many schedules were looked at."""
        at_ms = self._store.now_ms() if now_ms is None else now_ms
        found = self._store.schedules.due(now_ms=at_ms, limit=BATCH)
        until = time.monotonic() + SECONDS_AT_ONCE
        for looked, (scope, schedule_id) in enumerate(found):
            if time.monotonic() > until:
                return looked
            self._looked_at(scope, schedule_id, at_ms)
        return len(found)

    def _looked_at(self, scope: Scope, schedule_id: str, now_ms: int) -> None:
        """Bring one schedule up to date; what is wrong with it delays no other."""
        try:
            for _ in range(FIRES_AT_ONCE):
                schedule = self._store.schedules.get(scope, schedule_id)
                if schedule.paused or not self._step(scope, schedule, now_ms):
                    return
        except Unavailable:
            raise
        except QueueFull:
            self._store.schedules.postpone(scope, schedule_id, now_ms + FULL_LATER_MS)
        except NotFound:
            return
        except Exception:
            log.exception("a schedule could not be fired", scope=scope.key, schedule=schedule_id)
            self._store.schedules.postpone(scope, schedule_id, now_ms + BROKEN_LATER_MS)

    def _step(self, scope: Scope, schedule: Schedule, now_ms: int) -> bool:
        """Handle one moment; tell whether there may be another one."""
        if schedule.next_ms is not None and schedule.next_ms <= now_ms:
            self._come(scope, schedule, schedule.next_ms, now_ms)
            return True
        if schedule.waiting_ms is not None:
            moment = Moment("waiting", schedule.waiting_ms)
            return self._fire(scope, schedule, moment) != "busy"
        return False

    def _come(self, scope: Scope, schedule: Schedule, next_ms: int, now_ms: int) -> None:
        plan = schedule.plan
        first = max(next_ms, now_ms - reach_ms(plan))
        until = now_ms if plan.end_ms is None else min(now_ms, plan.end_ms)
        cron = Cron(plan.cron, plan.time_zone)
        later = cron.after(first, MOMENTS_AT_ONCE, until_ms=until)
        due = choose(plan, next_ms, later, now_ms=now_ms)
        if due.missed is not None:
            following = due.fire_ms if due.fire_ms is not None else next_of(plan, now_ms)
            self._give_up(scope, schedule, due.missed, following)
        elif due.fire_ms is not None:
            self._fire(scope, schedule, Moment("due", due.fire_ms, next_of(plan, due.fire_ms)))

    def _give_up(
        self, scope: Scope, schedule: Schedule, missed: Missed, following: int | None
    ) -> None:
        self._store.schedules.pass_over(
            schedule,
            scope,
            Moment("due", missed.first_ms, following),
            outcome=RunOutcome.MISSED,
            reason="Nobody could fire in time.",
            until_ms=missed.last_ms,
            count=missed.count,
        )

    def _fire(self, scope: Scope, schedule: Schedule, moment: Moment) -> str:
        """Submit for one moment. Raises: Unavailable, QueueFull; the moment stays due then."""
        try:
            made = self._schedules.made(scope, schedule, moment.at_ms, name=f"at/{moment.at_ms}")
            return self._submitted(scope, schedule, moment, made)
        except (Unavailable, QueueFull):
            raise
        except QueueappError as error:
            self._store.schedules.pass_over(
                schedule, scope, moment, outcome=RunOutcome.FAILED, reason=_words(error)
            )
            return "failed"

    def _submitted(self, scope: Scope, schedule: Schedule, moment: Moment, made: Made) -> str:
        fired = self._engine.enqueue_many(
            made.specs,
            lambda specs: self._store.schedules.fire(
                schedule,
                scope,
                moment,
                specs,
                made.workflow,
                max_queued=self._engine.config.max_queued_jobs,
            ),
        )
        if fired.active and schedule.plan.overlap == Overlap.CANCEL_RUNNING:
            for run in fired.active:
                self._cancel(scope, schedule, run)
        return fired.how

    def _cancel(self, scope: Scope, schedule: Schedule, run: str) -> None:
        kind, _, run_id = run.partition("/")
        verb = self._workflows.cancel if kind == "workflow" else self._engine.cancel
        reason = f"The schedule {schedule.id} fired again."
        try:
            verb(scope, run_id, by=schedule.owner, reason=reason, wait_s=0)
        except (JobNotCancellable, NotFound):
            return


def _words(error: QueueappError) -> str:
    """Return why a submission was refused, field by field where that is known."""
    errors = getattr(error, "errors", None)
    told = "; ".join(f"{field}: {message}" for field, message in errors) if errors else ""
    return (told or error.message)[:500]
