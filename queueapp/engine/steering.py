"""Steering a queue: moves, priorities and pauses, with what each of them means for the starts.

The engine offers it; every write is one script of the store. It decides nothing about roles: the
caller says for whom the job must be (``owner``) and who acts (``act``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from queueapp.domain.audit import Act
from queueapp.domain.job import Job
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.foresight.outlook import Outlook
from queueapp.store import Store
from queueapp.store.answers import Idempotency, Moved, Reprioritised
from queueapp.store.pauses import WHOLE_SCOPE, Steered

#: Affected jobs that an answer lists; their number is always told.
MAX_AFFECTED = 1_000

Change = TypeVar("Change", Moved, Reprioritised)


@dataclass(frozen=True)
class Affected:
    """Another job whose position changed: its new position in the tier, its expected start."""

    job_id: str
    position: int
    start_ms: int | None


@dataclass(frozen=True)
class Shift(Generic[Change]):
    """A move or a change of priority, and when the job was and is expected to start."""

    change: Change
    start_before_ms: int | None
    start_ms: int | None
    affected: list[Affected]


class Steering:
    """What people do to the order of a queue, and to whether it runs."""

    def __init__(self, store: Store, outlook: Outlook) -> None:
        self._store = store
        self._outlook = outlook

    def move(
        self,
        job: Job,
        *,
        act: Act,
        position: int | None = None,
        before: str | None = None,
        seen: Sequence[tuple[Priority, int]] | None = None,
        clip: bool = False,
        owner: str | None = None,
        idempotency: Idempotency | None = None,
    ) -> Shift[Moved]:
        """Give a queued job another place in its tier.

        Raises: as the store's move.
        """
        scope = job.spec.scope
        was = self._start_of(job)
        moved = self._store.queue.move(
            scope,
            job.id,
            position=position,
            before=before,
            seen=seen,
            clip=clip,
            owner=owner,
            rows=MAX_AFFECTED,
            act=act,
            idempotency=idempotency,
        )
        others = dict(moved.affected)
        ahead = moved.overall - moved.position
        found = self._store.jobs.get_many(others)
        places = [(one, ahead + others[one.id]) for one in found if one.status is Status.QUEUED]
        starts = self._starts(scope, [(job, moved.overall), *places])
        rows = [Affected(one, place, starts.get(one)) for one, place in moved.affected]
        return Shift(moved, was, starts[job.id], rows)

    def reprioritise(
        self,
        job: Job,
        priority: Priority,
        *,
        act: Act,
        seen: Sequence[tuple[Priority, int]] | None = None,
        owner: str | None = None,
        idempotency: Idempotency | None = None,
    ) -> Shift[Reprioritised]:
        """Put a queued job into another tier, at the place of its own submission.

        Raises: as the store's reprioritise.
        """
        was = self._start_of(job)
        changed = self._store.queue.reprioritise(
            job.spec.scope,
            job.id,
            priority,
            seen=seen,
            owner=owner,
            act=act,
            idempotency=idempotency,
        )
        now = replace(job, spec=replace(job.spec, priority=priority))
        start = self._starts(job.spec.scope, [(now, changed.overall)])[job.id]
        return Shift(changed, was, start, [])

    def _start_of(self, job: Job) -> int | None:
        position = self._store.jobs.position(job.spec.scope, job.id)
        if position is None:
            return None
        return self._starts(job.spec.scope, [(job, position)])[job.id]

    def _starts(self, scope: Scope, jobs: Sequence[tuple[Job, int]]) -> dict[str, int | None]:
        """Return the expected starts of jobs at overall positions, all from one simulation."""
        found = self._outlook.foresee(self._outlook.foresight(scope), jobs)
        return {one.job_id: one.start_ms for one in found}

    def pause(
        self,
        scope: Scope,
        *,
        act: Act,
        kind: str = WHOLE_SCOPE,
        until_ms: int | None = None,
        duration_ms: int | None = None,
        recall: bool = False,
        idempotency: Idempotency | None = None,
    ) -> Steered:
        """Let no further job of the scope, or of one of its types, start.

        ``recall`` asks the running ones to stop and to go back to their old place.
        Raises: IdempotencyMismatch.
        """
        return self._store.pauses.pause(
            scope,
            kind=kind,
            act=act,
            until_ms=until_ms,
            duration_ms=duration_ms,
            recall=recall,
            idempotency=idempotency,
        )

    def resume(
        self,
        scope: Scope,
        *,
        act: Act,
        kind: str = WHOLE_SCOPE,
        idempotency: Idempotency | None = None,
    ) -> Steered:
        """Let jobs start again. Raises: IdempotencyMismatch."""
        return self._store.pauses.resume(scope, kind=kind, act=act, idempotency=idempotency)
