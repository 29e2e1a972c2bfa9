"""Workflows: graphs of jobs that are submitted together, and what can be foreseen of them.

A step is one job of a workflow by its name. Pure: the engine brings jobs and durations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from queueapp.domain.errors import ValidationFailed
from queueapp.domain.job import JobRequest
from queueapp.domain.states import Status

MAX_STEPS = 1_000
MAX_EDGES = 10_000


@dataclass(frozen=True)
class StepRequest:
    """A job of a workflow as a caller asks for it, and the steps that must end before it."""

    name: str
    request: JobRequest
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorkflowRequest:
    """A graph of jobs as a caller asks for it."""

    name: str
    steps: tuple[StepRequest, ...]
    description: str | None = None


@dataclass(frozen=True)
class Step:
    """A job of a workflow, by its name."""

    name: str
    job_id: str
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workflow:
    """A graph of jobs as the store knows it; ``ended`` counts its jobs by their last status.

    Lists leave the steps away, so ``total`` says how many there are.
    """

    id: str
    name: str
    submitted_by: str
    steps: tuple[Step, ...]
    description: str | None = None
    retry_of: str | None = None
    schedule_id: str | None = None
    scheduled_for_ms: int | None = None
    request_id: str | None = None
    status: Status = Status.QUEUED
    created_ms: int = 0
    started_ms: int | None = None
    ended_ms: int | None = None
    retried_as: str | None = None
    total: int = 0
    ended: Mapping[Status, int] | None = None


def check_graph(steps: Sequence[StepRequest]) -> None:
    """Raise ValidationFailed for names used twice, unknown names and circles, with the place."""
    names: dict[str, int] = {}
    errors: list[tuple[str, str]] = []
    for at, step in enumerate(steps):
        if step.name in names:
            first = names[step.name]
            errors.append((f"/jobs/{at}/name", f"{step.name!r} is the name of /jobs/{first} too."))
        names.setdefault(step.name, at)
    for at, step in enumerate(steps):
        for place, needed in enumerate(step.depends_on):
            if needed not in names:
                text = f"No job of the workflow is called {needed!r}."
                errors.append((f"/jobs/{at}/dependsOn/{place}", text))
    if sum(len(step.depends_on) for step in steps) > MAX_EDGES:
        errors.append(("/jobs", f"They may name {MAX_EDGES} dependencies in all."))
    if not errors and (circle := find_circle({s.name: s.depends_on for s in steps})):
        text = f"They wait for each other: {' -> '.join(circle)}."
        errors.append((f"/jobs/{names[circle[0]]}/dependsOn", text))
    if errors:
        raise ValidationFailed("The jobs do not make a workflow.", errors=errors)


def find_circle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names along one circle, the first one again at its end; none is empty."""
    left = set(needs) - set(in_order(needs))
    if not left:
        return []
    # Whatever is left needs something that is left: walking on must come to a name again.
    name, path = min(left), list[str]()
    while name not in path:
        path.append(name)
        name = next(one for one in needs[name] if one in left)
    return [*path[path.index(name) :], name]


def in_order(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names, each after all that it needs; those in circles are left out."""
    missing = {name: len(set(needed)) for name, needed in needs.items()}
    followers: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for one in dict.fromkeys(needed):
            followers[one].append(name)
    ready = [name for name in needs if not missing[name]]
    for name in ready:
        for follower in followers[name]:
            missing[follower] -= 1
            if not missing[follower]:
                ready.append(follower)
    return ready


@dataclass(frozen=True)
class Leg:
    """A step as foresight sees it.

    ``end_ms`` is known or foreseen of one that has started; else it starts at ``earliest_ms`` or
    when all that it needs has ended, and runs ``run_ms``. ``known`` is false where nobody can say
    when it starts, ``measured`` where no past run says how long it takes.
    """

    depends_on: tuple[str, ...]
    end_ms: float | None
    earliest_ms: float
    run_ms: float
    known: bool = True
    measured: bool = True


@dataclass(frozen=True)
class CriticalPath:
    """The chain of steps that decides when a workflow ends; no time where it cannot be said."""

    steps: tuple[str, ...]
    completion_ms: float | None
    measured: bool


def critical_path(legs: Mapping[str, Leg]) -> CriticalPath:
    """Return the longest chain through the steps, each of which starts when it may."""
    ends: dict[str, float] = {}
    before: dict[str, str | None] = {}
    sure: dict[str, bool] = {}
    for name in in_order({name: leg.depends_on for name, leg in legs.items()}):
        leg = legs[name]
        last = max(leg.depends_on, key=lambda one: ends[one], default=None)
        before[name] = last
        if leg.end_ms is not None:
            ends[name], sure[name] = leg.end_ms, True
        else:
            start = max(leg.earliest_ms, ends[last] if last is not None else 0)
            ends[name] = start + leg.run_ms
            sure[name] = leg.known and all(sure[one] for one in leg.depends_on)
    if not ends:
        return CriticalPath((), None, measured=False)
    at: str | None = max(ends, key=lambda one: ends[one])
    completion = ends[str(at)] if all(sure.values()) else None
    path: list[str] = []
    while at is not None:
        path.append(at)
        at = before[at]
    measured = all(legs[name].measured or legs[name].end_ms is not None for name in path)
    return CriticalPath(tuple(reversed(path)), completion, measured)
