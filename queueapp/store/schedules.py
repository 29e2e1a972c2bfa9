"""Schedules in the store: records, what is due, and fires that submit and go on in one script."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from queueapp.domain.audit import Act
from queueapp.domain.errors import NotFound
from queueapp.domain.job import JobSpec
from queueapp.domain.schedule import Plan, Schedule
from queueapp.domain.scope import Scope, encode_part, valid_id
from queueapp.domain.workflow import Workflow
from queueapp.store.acting import Receipt, encoded, perform
from queueapp.store.answers import Idempotency
from queueapp.store.codec import dumps
from queueapp.store.connect import Client, store_errors
from queueapp.store.graphs import described, texts
from queueapp.store.keys import Keys
from queueapp.store.plans import decoded
from queueapp.store.scripts import Scripts
from queueapp.store.workflows import encoded as encoded_workflow

RUNS_SHOWN = 20
# A version that there may be: its number, "*" for any; False for none, None for no matter.
Versions = Sequence[str] | bool | None


@dataclass(frozen=True)
class Moment:
    """A moment of a schedule that is handled: ``mode`` is due or waiting."""

    mode: str
    at_ms: int
    next_ms: int | None = None


@dataclass(frozen=True)
class Fired:
    """What a fire came to, and the runs that kept it from starting: job/ID or workflow/ID."""

    how: str
    active: tuple[str, ...]


class Schedules:
    """The schedules of all scopes."""

    def __init__(self, client: Client, keys: Keys, scripts: Scripts) -> None:
        self._client = client
        self._keys = keys
        self._scripts = scripts

    def put(
        self,
        scope: Scope,
        schedule_id: str,
        plan: Plan,
        *,
        fingerprint: str,
        next_ms: int | None,
        act: Act,
        paused: bool | None = None,
        versions: Versions = None,
        now_ms: int | None = None,
    ) -> str:
        """Create or replace a schedule; return new, replaced or same. Raises: VersionStale."""
        how, _ = self._scripts.call(
            "put_schedule",
            dumps(plan),
            scope=scope.key,
            id=encode_part(schedule_id),
            fingerprint=fingerprint,
            versions=versions,
            paused=paused,
            next=next_ms,
            act=encoded(act),
            op=uuid.uuid4().hex,
            now_ms=now_ms,
        )
        return str(how)

    def pause(
        self,
        scope: Scope,
        schedule_id: str,
        *,
        paused: bool,
        next_ms: int | None,
        act: Act,
        versions: Versions = None,
        idempotency: Idempotency | None = None,
        now_ms: int | None = None,
    ) -> Receipt:
        """Let a schedule fire no more, or again from ``next_ms`` on.

        Raises: NotFound, VersionStale, IdempotencyMismatch.
        """
        return perform(
            self._scripts,
            "pause_schedule",
            scope,
            act,
            idempotency=idempotency,
            now_ms=now_ms,
            id=encode_part(schedule_id),
            paused=paused,
            next=next_ms,
            versions=versions,
        )

    def delete(
        self, scope: Scope, schedule_id: str, *, act: Act, versions: Versions = None
    ) -> None:
        """Forget a schedule; what it has made stays. Raises: NotFound, VersionStale."""
        perform(
            self._scripts,
            "delete_schedule",
            scope,
            act,
            id=encode_part(schedule_id),
            versions=versions,
        )

    def run(
        self,
        schedule: Schedule,
        scope: Scope,
        specs: Sequence[JobSpec],
        workflow: Workflow | None,
        *,
        at_ms: int,
        act: Act,
        max_queued: int,
        idempotency: Idempotency | None = None,
    ) -> Receipt:
        """Submit at once what a schedule makes, whatever else of it runs.

        Raises: NotFound when another stands in its place, QueueFull, ValidationFailed,
        IdempotencyMismatch.
        """
        return perform(
            self._scripts,
            "run_schedule",
            scope,
            act,
            *(encoded_workflow(workflow) if workflow else ("", "")),
            *texts(specs),
            idempotency=idempotency,
            id=encode_part(schedule.id),
            born=schedule.created_ms,
            at=at_ms,
            **_accepting(scope, specs, workflow, max_queued),
        )

    def fire(
        self,
        schedule: Schedule,
        scope: Scope,
        moment: Moment,
        specs: Sequence[JobSpec],
        workflow: Workflow | None,
        *,
        max_queued: int,
        now_ms: int | None = None,
    ) -> Fired:
        """Submit what a schedule makes for a moment, and go on to the next one.

        Raises: QueueFull, ValidationFailed; the moment stays then.
        """
        how, active = self._scripts.call(
            "fire",
            *(encoded_workflow(workflow) if workflow else ("", "")),
            *texts(specs),
            scope=scope.key,
            id=encode_part(schedule.id),
            born=schedule.created_ms,
            mode=moment.mode,
            at=moment.at_ms,
            next=moment.next_ms,
            overlap=schedule.plan.overlap,
            **_accepting(scope, specs, workflow, max_queued),
            now_ms=now_ms,
        )
        return Fired(how, tuple(active))

    def pass_over(
        self,
        schedule: Schedule,
        scope: Scope,
        moment: Moment,
        *,
        outcome: str,
        reason: str | None = None,
        until_ms: int | None = None,
        count: int | None = None,
        now_ms: int | None = None,
    ) -> None:
        """Note that a moment came to nothing, and go on; a moment that is over is left alone."""
        self._scripts.call(
            "pass_over",
            scope=scope.key,
            id=encode_part(schedule.id),
            born=schedule.created_ms,
            mode=moment.mode,
            at=moment.at_ms,
            next=moment.next_ms,
            outcome=outcome,
            reason=reason,
            until_ms=until_ms,
            count=count,
            now_ms=now_ms,
        )

    def postpone(self, scope: Scope, schedule_id: str, until_ms: int) -> None:
        """Look at a schedule again later; its moments stay as they are."""
        member = f"{scope.key}|{encode_part(schedule_id)}"
        with store_errors():
            self._client.zadd(self._keys("fires"), {member: until_ms}, xx=True)

    def due(self, *, now_ms: int, limit: int) -> list[tuple[Scope, str]]:
        """Return the schedules that are to be looked at, the longest due first."""
        with store_errors():
            found = self._client.zrange(
                self._keys("fires"), "-inf", now_ms, byscore=True, offset=0, num=limit
            )
        parts = (member.split("|", 1) for member in found)
        return [(Scope.from_key(scope), unquote(schedule_id)) for scope, schedule_id in parts]

    def get(self, scope: Scope, schedule_id: str) -> Schedule:
        """Return a schedule of the scope with its newest runs. Raises: NotFound."""
        if not valid_id(schedule_id):
            raise NotFound("There is no such schedule.")
        part = encode_part(schedule_id)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.hgetall(self._keys("schedule", scope.key, part))
            pipe.lrange(self._keys("schedule_runs", scope.key, part), 0, RUNS_SHOWN - 1)
            data, runs = pipe.execute()
        if not data:
            raise NotFound("There is no such schedule.")
        return decoded(schedule_id, data, runs)

    def page(self, scope: Scope, page: int, page_size: int) -> tuple[list[Schedule], int]:
        """Return one page of the scope's schedules, newest first, without their runs."""
        first = (page - 1) * page_size
        key = self._keys("schedules", scope.key)
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            pipe.zrange(key, first, first + page_size - 1, desc=True)
            pipe.zcard(key)
            parts, total = pipe.execute()
            for part in parts:
                pipe.hgetall(self._keys("schedule", scope.key, part))
            rows = pipe.execute()
        # One that was deleted between the two looks is left out.
        found = zip(parts, rows, strict=True)
        return [decoded(unquote(part), row, []) for part, row in found if row], total


def _accepting(
    scope: Scope, specs: Sequence[JobSpec], workflow: Workflow | None, max_queued: int
) -> dict[str, Any]:
    """Return what the scripts are given that submit what a schedule makes."""
    return {
        "jobs": described(specs, at=None if workflow else "/job"),
        "workflow": workflow.id if workflow else None,
        "max_queued": max_queued,
        "tenant": encode_part(scope.tenant),
        "project": encode_part(scope.project),
    }
