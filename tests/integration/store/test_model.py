"""Random operations against a plain Python model: the store must agree after every step."""

import os
import random
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

import pytest

from queueapp.domain.audit import Act
from queueapp.domain.errors import JobNotCancellable, LeaseLost
from queueapp.domain.fleet import Node
from queueapp.domain.job import Claim, JobSpec
from queueapp.domain.queue import TIERS
from queueapp.domain.scope import Scope
from queueapp.domain.workflow import Step, Workflow
from queueapp.store import Store
from tests import laws
from tests.factories import add_worker, claim, finish, spec

SCOPES = (Scope("a", "1"), Scope("a", "2"), Scope("b", "1"))
NODE = Node("n", "n", cpu_units=3, memory_mb=10**6)
KEEP_MS = 10**9
STEPS = 600
# The nightly run walks 84 times: 50,400 operations.
WALKS = int(os.environ.get("QUEUEAPP_MODEL_WALKS", "4"))


@dataclass
class Model:
    """What should be true: jobs by status, in the order they should run."""

    status: dict[str, str] = field(default_factory=dict)
    order: dict[str, tuple[int, Fraction]] = field(default_factory=dict)
    scope: dict[str, Scope] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    home: dict[str, Fraction] = field(default_factory=dict)
    needs: dict[str, set[str]] = field(default_factory=dict)

    def first(self, scope: Scope) -> list[str]:
        """The first of a scope's queued jobs that waits for no other, if there is one."""
        return [job for job in self.queue(scope) if not self.needs.get(job)][:1]

    def settle(self) -> None:
        """Jobs hear of what they need: a good end lets them go, another ends them too."""
        for job, needs in self.needs.items():  # in the order in which they were submitted
            ended = {self.status[one] for one in needs}
            if self.status[job] == "Queued" and ended & {"Failed", "Cancelled"}:
                self.status[job] = "Cancelled"
            self.needs[job] = {one for one in needs if self.status[one] != "Completed"}

    def queue(self, scope: Scope) -> list[str]:
        """The ids of a scope's queued jobs, in order."""
        ids = [job for job, status in self.status.items() if status == "Queued"]
        return sorted((j for j in ids if self.scope[j] == scope), key=lambda j: (self.order[j], j))


class Walk:
    """One random walk over store and model together."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)
        self.model = Model()
        self.held: list[Claim] = []
        self.turns = dict.fromkeys(SCOPES, 0)
        self.paused: set[Scope] = set()
        add_worker(store, node=NODE)

    def submit(self) -> None:
        """A new job goes to the end of its tier, or to its head."""
        scope, level = self.random.choice(SCOPES), self.random.choice(TIERS)
        job = spec(scope=scope, priority=level)
        head = self.random.random() < 0.1
        tier = [self.model.order[j] for j in self.model.queue(scope)]
        places = [place for rank, place in tier if rank == level.tier]
        self.turns[scope] += 1
        last = Fraction(self.turns[scope])
        place = min([*places, last]) - 1 if head and places else last
        self.store.jobs.submit(job, head=head)
        self.model.status[job.id] = "Queued"
        self.model.order[job.id] = (level.tier, place)
        self.model.scope[job.id] = scope
        self.model.lost[job.id] = 0
        self.model.home[job.id] = last

    def flow(self) -> None:
        """Of a workflow's jobs each waits for those before it; all stand at the end."""
        scope, workflow_id = self.random.choice(SCOPES), str(self.random.random())
        specs: list[JobSpec] = []
        for _ in range(3):
            level, needs = self.random.choice(TIERS), tuple(one.id for one in specs)
            job = spec(scope=scope, priority=level, dependencies=needs, workflow_id=workflow_id)
            specs.append(job)
            self.turns[scope] += 1
            self.model.status[job.id] = "Queued"
            self.model.order[job.id] = (level.tier, Fraction(self.turns[scope]))
            self.model.scope[job.id] = scope
            self.model.lost[job.id] = 0
            self.model.needs[job.id] = set(needs)
            self.model.home[job.id] = Fraction(self.turns[scope])
        steps = tuple(Step(one.id, one.id, one.dependencies) for one in specs)
        workflow = Workflow(workflow_id, "a workflow", "ann", steps)
        self.store.workflows.submit(scope, workflow, specs, max_queued=10**6)

    def claim(self) -> None:
        """The claimed job is the first of its scope, in the best tier there is."""
        held = claim(self.store)
        open_ = [scope for scope in SCOPES if scope not in self.paused]
        heads = [job for scope in open_ for job in self.model.first(scope)]
        if held is None:
            assert len(self.held) == NODE.cpu_units or not heads
            return
        assert held.job.id in heads
        best = min(self.model.order[head][0] for head in heads)
        assert best == self.model.order[held.job.id][0]
        self.model.status[held.job.id] = "Running"
        self.held.append(held)

    def end(self) -> None:
        """An attempt ends in one of the five ways."""
        if not self.held:
            return
        held = self.held.pop(self.random.randrange(len(self.held)))
        outcome = self.random.choice(["completed", "failed", "cancelled", "lost", "given_back"])
        wanted = {"completed": "Completed", "failed": "Failed", "cancelled": "Cancelled"}
        if outcome == "lost":
            self.model.lost[held.job.id] += 1
        again = "Failed" if self.model.lost[held.job.id] >= 3 else "Queued"
        status = finish(self.store, held, outcome)
        if outcome == "given_back":
            again = "Queued"
        assert wanted.get(outcome, again) == status
        self.model.status[held.job.id] = status

    def cancel(self) -> None:
        """Queued jobs end, ended ones refuse."""
        waiting = [job for job, status in self.model.status.items() if status != "Running"]
        if not waiting:
            return
        job = self.random.choice(waiting)
        queued = self.model.status[job] == "Queued"
        try:
            self.store.jobs.cancel(
                self.model.scope[job],
                job,
                by="x",
                reason=None,
                force=False,
                preserve=True,
                keep_ms=KEEP_MS,
            )
        except JobNotCancellable:
            assert not queued
        else:
            assert queued
            self.model.status[job] = "Cancelled"

    def move(self) -> None:
        """A moved job stands where it was put, and nobody else changes order."""
        scope = self.random.choice(SCOPES)
        tier = [j for j in self.model.queue(scope) if self.model.order[j][0] == 2]
        if not tier:
            return
        job, to = self.random.choice(tier), self.random.randrange(len(tier))
        others = [self.model.order[one][1] for one in tier if one != job]
        under, over = others[to - 1] if to else None, others[to] if to < len(others) else None
        if under is not None and under == over:
            return  # jobs that share a place are spread by the store, which this model cannot
        moved = self.store.queue.move(scope, job, position=to + 1)
        assert (tier.index(job) + 1, to + 1) == (moved.position_before, moved.position)
        if to != tier.index(job):
            self.model.order[job] = (2, self._between(scope, under, over))

    def _between(self, scope: Scope, under: Fraction | None, over: Fraction | None) -> Fraction:
        """A moved job takes the place between its neighbours; new jobs stay behind the last."""
        if under is None:
            assert over is not None
            return over - 1
        if over is None:
            self.turns[scope] = max(self.turns[scope], ceil(under + 1))
            return under + 1
        return (under + over) / 2

    def reprioritise(self) -> None:
        """In another tier a job takes the place of its own submission, wherever it was moved."""
        scope = self.random.choice(SCOPES)
        queue = self.model.queue(scope)
        if not queue:
            return
        job, level = self.random.choice(queue), self.random.choice(TIERS)
        changed = self.store.queue.reprioritise(scope, job, level)
        assert TIERS[self.model.order[job][0]] == changed.priority_before
        if level != changed.priority_before:
            self.model.order[job] = (level.tier, self.model.home[job])
        after = self.model.queue(scope)
        assert (queue.index(job) + 1, after.index(job) + 1) == (
            changed.overall_before,
            changed.overall,
        )

    def pause(self) -> None:
        """A paused scope's jobs are not claimed, a resumed one's are."""
        scope = self.random.choice(SCOPES)
        if scope in self.paused:
            self.store.pauses.resume(scope, act=Act("x"))
            self.paused.discard(scope)
        else:
            self.store.pauses.pause(scope, act=Act("x"))
            self.paused.add(scope)

    def stale(self) -> None:
        """An attempt of another epoch can do nothing."""
        if self.held:
            held = self.held[0]
            with pytest.raises(LeaseLost):
                self.store.attempts.report(held.job.id, held.epoch + 1, *_nothing())

    def check(self) -> None:
        """Every queue stands as the model says, positions 1..n."""
        for scope in SCOPES:
            key = self.store.keys("queue", scope.key)
            assert self.model.queue(scope) == self.store.client.zrange(key, 0, -1)


def _nothing() -> tuple[object, object]:
    from queueapp.domain.outcome import Progress, Usage

    return Progress(), Usage()


@pytest.mark.parametrize("seed", range(WALKS))
def test_store_agrees_with_the_model(store: Store, seed: int) -> None:
    """After any sequence of operations the store holds what a plain model holds."""
    walk = Walk(store, seed)
    acts = [walk.submit] * 4 + [walk.claim] * 3 + [walk.end] * 2 + [walk.move] * 2
    acts += [walk.cancel, walk.stale, walk.pause, walk.reprioritise, walk.flow]
    for step in range(STEPS):
        walk.random.choice(acts)()
        store.scripts.call("cascade", limit=1_000, keep_ms=KEEP_MS)
        walk.model.settle()
        walk.check()
        if step % 100 == 0:
            laws.check(store)
