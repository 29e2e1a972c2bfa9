"""Schedules: what people do with them; ``firing`` is what happens when their moments come.

It checks a plan as a submission is checked, and leaves every write to the store.
"""

import hashlib
import uuid
from dataclasses import dataclass, replace

import orjson

from queueapp.domain.audit import Act
from queueapp.domain.errors import QueueappError, ValidationFailed
from queueapp.domain.job import JobRequest, JobSpec
from queueapp.domain.schedule import Plan, Run, RunOutcome, Schedule, ScheduleState
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.domain.workflow import Workflow
from queueapp.engine.cron import Cron
from queueapp.engine.engine import Engine
from queueapp.engine.graphs import decided, located
from queueapp.engine.workflows import Workflows
from queueapp.store.answers import Idempotency
from queueapp.store.schedules import Versions

# Ids of what schedules make follow from this, the schedule and the moment.
NAMESPACE = uuid.UUID("5f0d5d0c-6f3e-4d55-9d0c-6f5a8f1f4c2e")
NEXT_SHOWN = 5


@dataclass(frozen=True)
class PutSchedule:
    """A schedule as it is after a put; ``how`` is new, replaced or same."""

    how: str
    schedule: Schedule


@dataclass(frozen=True)
class SteeredSchedule:
    """A schedule after a pause or a resume, and whether the request was a repeat."""

    schedule: Schedule
    repeated: bool


@dataclass(frozen=True)
class RunNow:
    """What running a schedule by hand submitted, and whether the request was a repeat."""

    run: Run
    repeated: bool


@dataclass(frozen=True)
class Made:
    """What a schedule makes for one moment: jobs, and the workflow if they are one."""

    id: str
    specs: tuple[JobSpec, ...]
    workflow: Workflow | None


@dataclass(frozen=True)
class ScheduleView:
    """A schedule with its next moments and what became of its newest runs."""

    schedule: Schedule
    next_ms: tuple[int, ...]
    statuses: dict[str, Status]  # by job or workflow id, of those that are still there


class Schedules:
    """A few methods over an engine; it keeps nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = engine.store
        self._workflows = Workflows(engine)

    # -- change -----------------------------------------------------------------------------

    def put(
        self,
        scope: Scope,
        schedule_id: str,
        plan: Plan,
        *,
        act: Act,
        paused: bool | None = None,
        versions: Versions = None,
    ) -> PutSchedule:
        """Create or replace a schedule; the same again changes nothing.

        Raises: ValidationFailed (also for what its jobs could not be submitted with), VersionStale.
        """
        now_ms = self._store.now_ms()
        next_ms = next_of(plan, now_ms)
        if next_ms is None and (plan.end_ms is None or plan.end_ms > now_ms):
            text = "It names no moment from startAt to endAt."
            raise ValidationFailed(text, errors=[("/cron", text)])
        self._try(scope, plan, act.by)
        how = self._store.schedules.put(
            scope,
            schedule_id,
            plan,
            fingerprint=_digest(plan),
            next_ms=None if paused else next_ms,
            act=act,
            paused=paused,
            versions=versions,
        )
        return PutSchedule(how, self._store.schedules.get(scope, schedule_id))

    def _try(self, scope: Scope, plan: Plan, by: str) -> None:
        """Decide what the first fire would submit, to tell now what would fail then."""
        at = "/job" if isinstance(plan.request, JobRequest) else "/workflow"
        try:
            self._decided(scope, plan, by, str(uuid.uuid4()))
        except QueueappError as error:
            found = located(error, at)
            raise ValidationFailed("The schedule's template is not valid.", errors=found) from error

    def _decided(self, scope: Scope, plan: Plan, by: str, made_id: str) -> Made:
        if isinstance(plan.request, JobRequest):
            spec = self._engine.decider(scope).decide(plan.request, by=by, job_id=made_id)
            return Made(made_id, (spec,), None)
        decider = self._engine.decider(scope)
        workflow, specs = decided(decider, plan.request, by=by, workflow_id=made_id)
        return Made(made_id, tuple(specs), workflow)

    def made(self, scope: Scope, schedule: Schedule, moment_ms: int, *, name: str) -> Made:
        """Decide what a schedule submits for a moment: the same ids however often it is asked.

        Raises: whatever a submission is refused with.
        """
        parts = (scope.key, schedule.id, schedule.created_ms, name)
        made_id = str(uuid.uuid5(NAMESPACE, orjson.dumps(parts).decode()))
        made = self._decided(scope, schedule.plan, schedule.owner, made_id)
        marks = {"schedule_id": schedule.id, "scheduled_for_ms": moment_ms}
        specs = tuple(replace(spec, **marks) for spec in made.specs)  # type: ignore[arg-type] # both fit
        workflow = made.workflow and replace(made.workflow, **marks)  # type: ignore[arg-type] # both fit
        self._workflows.hold(scope, specs)
        return Made(made_id, specs, workflow)

    def pause(
        self,
        scope: Scope,
        schedule_id: str,
        *,
        act: Act,
        versions: Versions = None,
        idempotency: Idempotency | None = None,
    ) -> SteeredSchedule:
        """Let a schedule fire no more until it is resumed.

        Raises: NotFound, VersionStale, IdempotencyMismatch.
        """
        receipt = self._store.schedules.pause(
            scope,
            schedule_id,
            paused=True,
            next_ms=None,
            act=act,
            versions=versions,
            idempotency=idempotency,
        )
        return SteeredSchedule(self._store.schedules.get(scope, schedule_id), receipt.repeated)

    def resume(
        self,
        scope: Scope,
        schedule_id: str,
        *,
        act: Act,
        versions: Versions = None,
        idempotency: Idempotency | None = None,
    ) -> SteeredSchedule:
        """Let a schedule fire again: what came while it was paused is not made up for.

        Raises: NotFound, VersionStale, IdempotencyMismatch.
        """
        plan = self._store.schedules.get(scope, schedule_id).plan
        receipt = self._store.schedules.pause(
            scope,
            schedule_id,
            paused=False,
            next_ms=next_of(plan, self._store.now_ms()),
            act=act,
            versions=versions,
            idempotency=idempotency,
        )
        return SteeredSchedule(self._store.schedules.get(scope, schedule_id), receipt.repeated)

    def delete(
        self, scope: Scope, schedule_id: str, *, act: Act, versions: Versions = None
    ) -> None:
        """Forget a schedule; what it has made stays. Raises: NotFound, VersionStale."""
        self._store.schedules.delete(scope, schedule_id, act=act, versions=versions)

    def run_now(
        self, scope: Scope, schedule_id: str, *, act: Act, idempotency: Idempotency | None = None
    ) -> RunNow:
        """Submit at once what the schedule makes, whatever else of it runs.

        Raises: NotFound, ValidationFailed, QueueFull, IdempotencyMismatch, and what else a
        submission is refused with.
        """
        schedule = self._store.schedules.get(scope, schedule_id)
        now_ms = self._store.now_ms()
        made = self.made(scope, schedule, now_ms, name=f"now/{uuid.uuid4()}")
        receipt = self._engine.enqueue_many(
            made.specs,
            lambda specs: self._store.schedules.run(
                schedule,
                scope,
                specs,
                made.workflow,
                at_ms=now_ms,
                act=act,
                max_queued=self._engine.config.max_queued_jobs,
                idempotency=idempotency,
            ),
        )
        told = receipt.facts
        run = Run(
            scheduled_ms=told["at_ms"],
            at_ms=told["at_ms"],
            outcome=RunOutcome.SUBMITTED,
            job_id=told.get("job"),
            workflow_id=told.get("workflow"),
            manual=True,
        )
        return RunNow(run, receipt.repeated)

    # -- look -------------------------------------------------------------------------------

    def get(self, scope: Scope, schedule_id: str) -> Schedule:
        """Return a schedule. Raises: NotFound."""
        return self._store.schedules.get(scope, schedule_id)

    def view(self, scope: Scope, schedule_id: str) -> ScheduleView:
        """Return a schedule with its next moments and its newest runs. Raises: NotFound."""
        return self.seen(scope, self._store.schedules.get(scope, schedule_id))

    def seen(self, scope: Scope, schedule: Schedule) -> ScheduleView:
        """Return what can be said of a schedule now."""
        jobs = [run.job_id for run in schedule.runs if run.job_id]
        found = {job.id: job.status for job in self._store.jobs.get_many(jobs)}
        flows = [run.workflow_id for run in schedule.runs if run.workflow_id]
        found |= self._store.workflows.statuses(scope, flows)
        return ScheduleView(schedule, tuple(_coming(schedule)), found)

    def page(self, scope: Scope, *, page: int, page_size: int) -> tuple[list[Schedule], int]:
        """Return one page of the scope's schedules, newest first, and how many there are."""
        return self._store.schedules.page(scope, page, page_size)


def next_of(plan: Plan, after_ms: int) -> int | None:
    """Return the first moment of a plan after another one, within its start and end."""
    start = after_ms if plan.start_ms is None else max(after_ms, plan.start_ms - 1)
    found = Cron(plan.cron, plan.time_zone).after(start, 1, until_ms=plan.end_ms)
    return found[0] if found else None


def _coming(schedule: Schedule) -> list[int]:
    if schedule.state is not ScheduleState.ACTIVE or schedule.next_ms is None:
        return []
    plan = schedule.plan
    cron = Cron(plan.cron, plan.time_zone)
    later = cron.after(schedule.next_ms, NEXT_SHOWN - 1, until_ms=plan.end_ms)
    return [schedule.next_ms, *later]


def _digest(plan: Plan) -> str:
    return hashlib.sha256(orjson.dumps(plan, option=orjson.OPT_SORT_KEYS)).hexdigest()
