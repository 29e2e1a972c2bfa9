"""Eight clients hammer one queue: every answer is true in some order of the operations."""

import itertools
import random
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from queueapp.domain.audit import Act
from queueapp.domain.errors import Conflict
from queueapp.domain.queue import TIERS, Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import SCOPE, submit
from tests.integration.api.conftest import Api, _app, api, document
from tests.integration.store.steering_history import Told, check_history

__all__ = ("_app", "api", "document")
CLIENTS = 8
HTTP = "/api/t/p/execution"
Facts = dict[str, Any]


class Desk:
    """Does operations on one queue and returns what was answered; None if it was refused."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def submit(self, job: str, priority: Priority) -> tuple[str, Facts]:
        """Submit a job."""
        receipt = submit(self.store, id=job, priority=priority)
        return job, {"overall": receipt.position}

    def move(self, job: str, asked: int) -> Facts | None:
        """Move a job."""
        moved = self.store.queue.move(SCOPE, job, position=asked, clip=True, rows=1_000)
        return {**vars(moved), "asked": asked}

    def priority(self, job: str, priority: Priority) -> Facts | None:
        """Change a job's priority."""
        changed = self.store.queue.reprioritise(SCOPE, job, priority)
        return {**vars(changed), "priority": priority, "before": changed.priority_before}

    def cancel(self, job: str) -> Facts | None:
        """Cancel a job."""
        wish = {"by": "x", "reason": None, "force": False, "preserve": True, "keep_ms": 10**9}
        before, _ = self.store.jobs.cancel(SCOPE, job, **wish)  # type: ignore[arg-type]
        return {} if before == "Queued" else None

    def pause(self, reason: str) -> Facts:
        """Pause the queue, and resume it at once."""
        paused = self.store.pauses.pause(SCOPE, act=Act("x", reason))
        self.store.pauses.resume(SCOPE)
        return {"queued": paused.queued}


class HttpDesk(Desk):
    """The same over HTTP; only a conflict may be refused."""

    def __init__(self, api: Api) -> None:
        super().__init__(api.store)
        self.api = api

    def ask(self, method: str, path: str, body: Any) -> Facts | None:
        """Send a request; every answer is good or a conflict."""
        response = self.api.app.test_client().open(
            f"{HTTP}/{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self.api.token}"},
        )
        assert response.status_code in (200, 202, 409), response.get_data(as_text=True)
        found: Facts = response.get_json()
        return None if response.status_code == 409 else found

    def submit(self, job: str, priority: Priority) -> tuple[str, Facts]:
        """Submit a job."""
        row = self.ask("POST", "job", {"jobName": job, "jobType": "Sleep", "priority": priority})
        assert row is not None
        return row["jobId"], {"overall": row["queuePosition"]}

    def move(self, job: str, asked: int) -> Facts | None:
        """Move a job."""
        body = {"newPosition": asked, "respectPriorityBoundaries": False}
        row = self.ask("PUT", f"queue/job/{job}/position", body)
        return row and {
            "asked": asked,
            "priority": Priority(row["priority"]),
            "position_before": row["previousPosition"],
            "position": row["newPosition"],
            "overall_before": row["previousOverallPosition"],
            "overall": row["newOverallPosition"],
            "version": row["version"],
            "affected": [(one["jobId"], one["newPosition"]) for one in row["affectedJobs"]],
            "affected_count": row["affectedJobsCount"],
        }

    def priority(self, job: str, priority: Priority) -> Facts | None:
        """Change a job's priority."""
        row = self.ask("PUT", f"queue/job/{job}/priority", {"newPriority": priority})
        return row and {
            "priority": Priority(row["newPriority"]),
            "before": Priority(row["previousPriority"]),
            "overall_before": row["previousQueuePosition"],
            "overall": row["newQueuePosition"],
            "position": row["tierPosition"],
            "version": row["version"],
        }

    def cancel(self, job: str) -> Facts | None:
        """Cancel a job."""
        return self.ask("DELETE", f"job/{job}", None)

    def pause(self, reason: str) -> Facts:
        """Pause the queue, and resume it at once."""
        row = self.ask("POST", "queue/control", {"action": "pause", "reason": reason})
        self.ask("POST", "queue/control", {"action": "resume"})
        assert row is not None
        return {"queued": row["affectedJobs"]}


def hammer(desk: Desk, seed: int, rounds: int) -> list[Told]:
    """Let every client do random operations at the same time; return all answers."""
    known: list[str] = []
    numbers = itertools.count()

    def client(number: int) -> list[Told]:
        dice, told = random.Random(f"{seed}.{number}"), []
        for _ in range(rounds):
            told += act(dice)
        return told

    def act(dice: random.Random) -> list[Told]:
        kind = dice.choice(["submit"] * 3 + ["move"] * 4 + ["priority"] * 2 + ["cancel", "pause"])
        if not known:
            kind = "submit"
        job = str(uuid.UUID(int=next(numbers))) if kind == "submit" else dice.choice([*known])
        job = f"pause {next(numbers)}" if kind == "pause" else job
        asked: dict[str, Callable[[], Any]] = {
            "submit": lambda: desk.submit(job, dice.choice(TIERS)),
            "move": lambda: desk.move(job, dice.randint(1, 12)),
            "priority": lambda: desk.priority(job, dice.choice(TIERS)),
            "cancel": lambda: desk.cancel(job),
            "pause": lambda: desk.pause(job),
        }
        begun = time.monotonic()
        try:
            facts = asked[kind]()
        except Conflict:
            facts = None
        ended = time.monotonic()
        if kind == "submit":
            job, facts = facts
            known.append(job)
        return [] if facts is None else [Told(kind, job, begun, ended, facts)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [one for told in pool.map(client, range(CLIENTS)) for one in told]


def check(store: Store, scope: Scope, told: list[Told]) -> None:
    """Assert that the answers fit, and that the queue is what they say, positions 1 to n."""
    last = check_history(store, scope, told).moments[-1]
    page = store.queue.page(scope)
    wanted = [(tier, job) for tier in TIERS for job in last.tiers[tier]]

    assert [job for _, job in wanted] == [row.job_id for row in page.rows]
    assert [*range(1, len(wanted) + 1)] == [row.overall for row in page.rows]
    assert {tier: len(ids) for tier, ids in last.tiers.items()} == page.queued


def test_answers_of_the_store_fit_one_order(store: Store) -> None:
    """Moves, priorities, cancels, pauses and submissions of eight threads; a lie is noticed."""
    told = hammer(Desk(store), seed=4, rounds=60)
    check(store, SCOPE, told)
    moved = next(one for one in told if one.kind == "move" and one.facts["affected"])
    lie = replace(moved, facts={**moved.facts, "affected": moved.facts["affected"][1:]})
    with pytest.raises(AssertionError):
        check(store, SCOPE, [lie if one is moved else one for one in told])


def test_answers_over_http_fit_one_order(api: Api) -> None:
    """The same over HTTP: nothing but conflicts is refused."""
    check(api.store, Scope("t", "p"), hammer(HttpDesk(api), seed=5, rounds=12))
