"""Why a queued job does not run yet, in a code and in plain words, with what it needs next.

Pure: the engine brings what is known of the job, its scope and the fleet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from queueapp.domain.job import Job, JobSpec
from queueapp.domain.states import Status, WaitReason
from queueapp.domain.text import number


@dataclass(frozen=True)
class Wait:
    """The reason that holds a job back most; ``needs`` is what has to happen, if it can be said."""

    code: WaitReason
    text: str
    needs: str | None = None


@dataclass(frozen=True)
class Place:
    """A live worker as a job sees it: what it offers, and what its node has in all and free."""

    types: frozenset[str]
    cpu_units: int
    memory_mb: int
    free_cpu_units: int
    free_memory_mb: int
    worker: str = ""
    node: str = ""
    slots: int = 0

    def holds(self, spec: JobSpec) -> bool:
        """Tell whether it runs such jobs and its node is large enough when nothing else runs."""
        needs = spec.requirements
        large = self.cpu_units >= needs.cpu_units and self.memory_mb >= needs.memory_mb
        return large and spec.type in self.types


@dataclass(frozen=True)
class Surroundings:
    """What a job's wait depends on besides itself and its position: the same for all of a type."""

    places: Sequence[Place]
    scope_paused_until_ms: int | None = None
    scope_paused: bool = False
    type_paused_until_ms: int | None = None
    type_paused: bool = False
    scope_running: int = 0
    scope_limit: int | None = None
    type_running: int = 0
    type_limit: int | None = None


def why_waiting(job: Job, around: Surroundings, position: int | None = None) -> Wait | None:
    """Return why a queued job waits at its overall position; None for one that is not queued."""
    if job.status is not Status.QUEUED:
        return None
    for reason in _REASONS:
        wait = reason(job, around)
        if wait is not None:
            return wait
    return _turn(job, around, position)


def _own_reason(job: Job, _: Surroundings) -> Wait | None:
    if job.due_ms is not None and job.retrying:
        when = _moment(job.due_ms)
        return Wait(WaitReason.RETRY_BACKOFF, f"It failed and is attempted again at {when}.", when)
    if job.due_ms is not None:
        when = _moment(job.due_ms)
        return Wait(WaitReason.SCHEDULED, f"It is scheduled for {when}.", when)
    if job.unmet_dependencies > 0:
        left = _counted(job.unmet_dependencies, "job")
        have = "has" if job.unmet_dependencies == 1 else "have"
        return Wait(WaitReason.DEPENDENCY, f"{left} that it depends on {have} not ended.", left)
    return None


def _paused(job: Job, around: Surroundings) -> Wait | None:
    if around.scope_paused:
        until = _until(around.scope_paused_until_ms)
        return Wait(WaitReason.QUEUE_PAUSED, f"The queue is paused{until}.", "resume the queue")
    if around.type_paused:
        until = _until(around.type_paused_until_ms)
        kind = job.spec.type
        return Wait(WaitReason.TYPE_PAUSED, f"{kind} jobs are paused{until}.", f"resume {kind}")
    return None


def _no_room(job: Job, around: Surroundings) -> Wait | None:
    kind, needs = job.spec.type, job.spec.requirements
    offering = [place for place in around.places if kind in place.types]
    if not offering:
        needed = f"a worker that runs {kind} jobs"
        return Wait(WaitReason.NO_WORKERS, f"No live worker takes {kind} jobs.", needed)
    if any(place.holds(job.spec) for place in offering):
        return None
    cpu, memory = max(p.cpu_units for p in offering), max(p.memory_mb for p in offering)
    wants = f"{_counted(needs.cpu_units, 'CPU unit')} and {_gb(needs.memory_mb)}"
    has = f"the largest live node has {_counted(cpu, 'CPU unit')} and {_gb(memory)}"
    return Wait(WaitReason.RESOURCES, f"It needs {wants}; {has}.", wants)


def _host_busy(job: Job, _: Surroundings) -> Wait | None:
    if not job.waits_for_host:
        return None
    text = f"Another job has its turn on {job.spec.host}; one runs there at a time."
    return Wait(WaitReason.HOST_BUSY, text, f"its turn on {job.spec.host}")


def _limited(job: Job, around: Surroundings) -> Wait | None:
    if around.scope_limit is not None and around.scope_running >= around.scope_limit:
        text = f"The project may run {_counted(around.scope_limit, 'job')} at once and does."
        return Wait(WaitReason.CONCURRENCY_LIMIT, text, "the end of one of them")
    if around.type_limit is not None and around.type_running >= around.type_limit:
        text = f"{around.type_limit} {job.spec.type} jobs may run at once, and they do."
        return Wait(WaitReason.CONCURRENCY_LIMIT, text, "the end of one of them")
    return None


_REASONS = (_own_reason, _paused, _no_room, _host_busy, _limited)


def _turn(job: Job, around: Surroundings, position: int | None) -> Wait:
    ahead = (position or 1) - 1
    if ahead:
        verb = "is" if ahead == 1 else "are"
        return Wait(WaitReason.POSITION, f"{_counted(ahead, 'job')} {verb} ahead of it.")
    needs = job.spec.requirements
    free = any(
        job.spec.type in place.types
        and place.free_cpu_units >= needs.cpu_units
        and place.free_memory_mb >= needs.memory_mb
        for place in around.places
    )
    if free:
        return Wait(WaitReason.POSITION, "It is next and about to start.")
    wants = f"{_counted(needs.cpu_units, 'free CPU unit')} and {_gb(needs.memory_mb)} free"
    return Wait(WaitReason.POSITION, "It is next; all workers that fit are busy.", wants)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _gb(memory_mb: int) -> str:
    return f"{number(memory_mb / 1024)} GB"


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _until(at_ms: int | None) -> str:
    return "" if at_ms is None else f" until {_moment(at_ms)}"
