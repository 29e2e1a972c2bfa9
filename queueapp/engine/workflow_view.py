"""Looks at a workflow: its steps as they are, and the chain that decides when it ends.

What many steps have in common is read once, and the queue is played forward once for all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from queueapp.domain.estimates import Duration
from queueapp.domain.job import Job
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.domain.waiting import Surroundings, Wait, why_waiting
from queueapp.domain.workflow import CriticalPath, Leg, Step, Workflow, critical_path
from queueapp.engine.engine import Engine

WAITS_EXPLAINED = 100


@dataclass(frozen=True)
class StepView:
    """A step now; ``job`` is None once it was forgotten."""

    step: Step
    job: Job | None
    position: int | None
    wait: Wait | None
    duration: Duration | None


@dataclass(frozen=True)
class WorkflowView:
    """A workflow with its steps as they are, and the chain that decides when it ends."""

    workflow: Workflow
    steps: tuple[StepView, ...]
    path: CriticalPath


class WorkflowViews:
    """Reads what a workflow's view is made of."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = engine.store

    def of(self, scope: Scope, workflow: Workflow) -> WorkflowView:
        """Return a workflow with its steps as they are now."""
        jobs = self._store.workflows.jobs(workflow)
        queued = [job.id for job in jobs.values() if job.status is Status.QUEUED]
        positions = self._store.workflows.positions(scope, queued)
        durations = self._durations(jobs)
        waits = self._waits(jobs, positions)
        steps = tuple(
            StepView(
                step,
                job := jobs.get(step.name),
                positions.get(step.job_id),
                waits.get(step.name),
                durations.get(step.name) if job else None,
            )
            for step in workflow.steps
        )
        return WorkflowView(workflow, steps, self._path(workflow, jobs, positions, durations))

    def _durations(self, jobs: dict[str, Job]) -> dict[str, Duration]:
        found = self._engine.outlook.durations(list(jobs.values()))
        return {name: found[job.id] for name, job in jobs.items()}

    def _waits(self, jobs: dict[str, Job], positions: dict[str, int]) -> dict[str, Wait | None]:
        """Return why steps wait; of very many ready ones, the first in the queue are told."""
        alone = Surroundings(places=())
        found: dict[str, Wait | None] = {}
        ready = []
        for name, job in jobs.items():
            if job.due_ms is not None or job.unmet_dependencies:
                found[name] = why_waiting(job, alone)
            elif job.status is Status.QUEUED:
                ready.append((positions.get(job.id, 0), name))
        for position, name in sorted(ready)[:WAITS_EXPLAINED]:
            found[name] = self._engine.outlook.wait(jobs[name], position or None)
        return found

    def _path(
        self,
        workflow: Workflow,
        jobs: dict[str, Job],
        positions: dict[str, int],
        durations: dict[str, Duration],
    ) -> CriticalPath:
        starts = dict(self._starts(jobs, positions))
        legs = {}
        for step in workflow.steps:
            job = jobs.get(step.name)
            if job is None:
                # It was forgotten, so it has ended: longer ago than anything that is left.
                legs[step.name] = Leg(step.depends_on, 0, 0, 0)
                continue
            run = durations[step.name]
            start = starts.get(step.name, job.due_ms or 0)
            legs[step.name] = Leg(
                depends_on=step.depends_on,
                end_ms=self._end_of(job, run),
                earliest_ms=max(start or 0, self._engine.now_ms()),
                run_ms=run.high_ms,
                known=start is not None,
                measured=run.mean_ms is not None,
            )
        return critical_path(legs)

    def _end_of(self, job: Job, run: Duration) -> float | None:
        if job.ended:
            return job.ended_ms
        if job.status is Status.RUNNING:
            return self._engine.outlook.completion(job, run)
        return None

    def _starts(
        self, jobs: dict[str, Job], positions: dict[str, int]
    ) -> Iterator[tuple[str, float | None]]:
        """Yield when ready steps start, from one simulation; None where nobody can say."""
        ready = {
            job.id: (name, job)
            for name, job in jobs.items()
            if job.id in positions and not job.unmet_dependencies and job.due_ms is None
        }
        if not ready:
            return
        outlook = self._engine.outlook
        sight = outlook.foresight(next(iter(ready.values()))[1].spec.scope)
        for found in outlook.foresee(
            sight, [(job, positions[job.id]) for _, job in ready.values()]
        ):
            yield ready[found.job_id][0], found.start_ms
