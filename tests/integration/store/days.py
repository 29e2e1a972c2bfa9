"""A random day of a queue, driven at times of its own, and its history recounted from events."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from queueapp.domain.fleet import Node
from queueapp.domain.job import Claim, RetryPolicy
from queueapp.domain.queue import TIERS
from queueapp.domain.rollup import DAY_MS, HOUR_MS
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, beat, claim, finish, report, spec

DAY = 1_790_000_000_000 // DAY_MS * DAY_MS
SLOTS = 3
COUNTED_FOR_MS = 15_000
NODE = Node("n", "n", cpu_units=SLOTS, memory_mb=10**6)
ENDS = ("completed", "completed", "completed", "failed", "cancelled", "lost", "given_back")


@dataclass(frozen=True)
class Seen:
    """What was so from a moment on: of the queue, and of the fleet."""

    at: int
    queued: tuple[int, ...]
    running: int
    waiting: bool
    held: Counter[str]
    slots_until: int


@dataclass
class Day:
    """Drives a store through a day; what it saw is half of the recount."""

    store: Store
    seed: int
    now: int = DAY
    held: list[Claim] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    slots_until: int = 0
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        add_worker(self.store, node=NODE, types=("Sleep", "Dig.Deep"))
        self.count_slots()
        self.look()

    def run(self) -> None:
        """Live through the day, and some hours more in which hardly anything happens."""
        acts = [self.submit] * 6 + [self.claim] * 5 + [self.end] * 5 + [self.count_slots] * 4
        acts += [self.cancel, self.raise_tier, self.pause, self.promote, self.promote, self.reap]
        acts += [self.expire]
        while self.now < DAY + DAY_MS:
            self.pass_time()
            self.random.choice(acts)()
            self.look()
            self.cascade()
            self.look()
        self.now = DAY + DAY_MS + 4 * HOUR_MS + 1234  # after the longest step
        self.promote()
        self.expire()
        self.look()

    def pass_time(self) -> None:
        """Mostly minutes, sometimes hours, sometimes to the very end of an hour."""
        kind = self.random.random()
        step = self.random.randrange(0, 600_000)
        if kind < 0.01:
            step = self.random.randrange(HOUR_MS, 4 * HOUR_MS)
        elif kind < 0.05:
            step = -self.now % HOUR_MS - self.random.randrange(2)
        self.now += max(0, step)

    def submit(self) -> None:
        """A job that may have a time, a host, a dependency, further attempts."""
        known = [held.job.id for held in self.held] + self.ids[-3:]
        due = self.now + self.random.randrange(1, 3_000_000)
        host = self.random.choice("ab") if self._one_in(6) else None
        changes: dict[str, Any] = {
            "scheduled_ms": due if self.random.random() < 0.2 else None,
            "dependencies": (self.random.choice(known),) if known and self._one_in(6) else (),
            "host": host,
            "device": host if len(self.ids) % 3 else None,
            "queue_ttl_ms": self.random.randrange(1, 9_000_000) if self._one_in(6) else None,
            "keep_ms": 10**12,
            "once": self._one_in(6),
            "retry": RetryPolicy(2, 1000, 60_000) if self._one_in(4) else RetryPolicy(),
        }
        kind, level = self.random.choice(("Sleep", "Dig.Deep")), self.random.choice(TIERS)
        job = spec(type=kind, priority=level, **changes)
        self.store.jobs.submit(job, now_ms=self.now)
        self.ids.append(job.id)

    def _one_in(self, n: int) -> bool:
        return self.random.randrange(n) == 0

    def claim(self) -> None:
        """Take what there is."""
        if held := claim(self.store, now_ms=self.now):
            self.held.append(held)

    def end(self) -> None:
        """An attempt ends in some way, retryable failures too."""
        if self.held:
            held = self.held.pop(self.random.randrange(len(self.held)))
            outcome = self.random.choice(ENDS)
            changes: dict[str, Any] = {"kept_ms": 60_000 if len(self.ids) % 2 else None}
            if outcome == "failed" and self._one_in(2):
                failure = report("failed").failure
                changes = {"failure": failure and type(failure)("busy", "later", retryable=True)}
            finish(self.store, held, outcome, now_ms=self.now, changes=changes)

    def cancel(self) -> None:
        """A queued job is not wanted any more."""
        if queue := self.queue():
            self.store.jobs.cancel(
                SCOPE,
                self.random.choice(queue),
                by="x",
                reason=None,
                force=False,
                preserve=True,
                keep_ms=10**12,
                now_ms=self.now,
            )

    def raise_tier(self) -> None:
        """A queued job changes its tier."""
        if queue := self.queue():
            level = self.random.choice(TIERS)
            self.store.queue.reprioritise(SCOPE, self.random.choice(queue), level, now_ms=self.now)

    def pause(self) -> None:
        """The queue is paused, or runs again."""
        if self.store.pauses.of(SCOPE):
            self.store.pauses.resume(SCOPE, now_ms=self.now)
        else:
            self.store.pauses.pause(SCOPE, now_ms=self.now)

    def promote(self) -> None:
        """Scheduled jobs become ready."""
        self.store.scripts.call("promote", limit=100, now_ms=self.now)

    def expire(self) -> None:
        """Jobs that have been queued for too long fail."""
        self.store.scripts.call("expire", limit=100, keep_ms=10**12, now_ms=self.now)

    def cascade(self) -> None:
        """Dependents are told."""
        self.store.scripts.call("cascade", limit=100, keep_ms=10**12, now_ms=self.now)

    def reap(self) -> None:
        """All leases that are over are taken back."""
        self.store.scripts.call("reap", max_lost=3, keep_ms=10**12, limit=9, now_ms=self.now)
        running = set(self.store.jobs.running(SCOPE))
        self.held = [held for held in self.held if held.job.id in running]

    def count_slots(self) -> None:
        """The worker lives and is counted."""
        beat(self.store, "w1", [(held.job.id, held.epoch) for held in self.held], now_ms=self.now)
        self.store.fleet.count_slots(now_ms=self.now)
        self.slots_until = self.now + COUNTED_FOR_MS

    def queue(self) -> list[str]:
        """The queued jobs."""
        found: list[str] = self.store.client.zrange(self.store.keys("queue", SCOPE.key), 0, -1)
        return found

    def look(self) -> None:
        """Recount the queue from the jobs themselves."""
        jobs = self.queue()
        pipe = self.store.client.pipeline(transaction=False)
        for job_id in jobs:
            pipe.hmget(self.store.keys("job", job_id), "tier", "hold")
        rows = pipe.execute()
        tiers = Counter(int(tier) for tier, _ in rows)
        holds = Counter(code for _, code in rows if code)
        ready = len(jobs) - holds.total()
        self.seen.append(
            Seen(
                at=self.now,
                queued=tuple(tiers[tier] for tier in range(4)),
                running=len(self.store.jobs.running(SCOPE)),
                waiting=ready > 0 and not self.store.pauses.of(SCOPE),
                held=holds,
                slots_until=self.slots_until,
            )
        )


@dataclass
class Recount:
    """An hour, counted from the stream of events and from what was seen."""

    counts: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    size_ms: int = 0
    busy_ms: int = 0
    idle_ms: int = 0
    held_ms: Counter[str] = field(default_factory=Counter)
    sizes: list[tuple[int, ...]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)


def recount(day: Day) -> dict[int, Recount]:
    """Count each hour of the day anew."""
    found = {hour: Recount() for hour in range(DAY // HOUR_MS, day.now // HOUR_MS + 1)}
    _count_events(day, found)
    for one, then in zip(day.seen, [*day.seen[1:], None], strict=True):
        found[one.at // HOUR_MS].sizes.append(one.queued)
        _add_stretch(one, then.at if then else one.at, found)
    return found


def _add_stretch(one: Seen, until: int, found: dict[int, Recount]) -> None:
    at = one.at
    while at < until:
        end = min(until, (at // HOUR_MS + 1) * HOUR_MS)
        hour = found[at // HOUR_MS]
        hour.sizes.append(one.queued)
        hour.size_ms += sum(one.queued) * (end - at)
        hour.busy_ms += one.running * (end - at)
        hour.held_ms.update({code: n * (end - at) for code, n in one.held.items()})
        if one.waiting:
            there = max(0, min(end, one.slots_until) - at)
            hour.idle_ms += SLOTS * there - one.running * (end - at)
        at = end
    # An hour begins with what the one before it left, even if that changes in the same instant.
    if until % HOUR_MS == 0 and until // HOUR_MS in found:
        found[until // HOUR_MS].sizes.append(one.queued)


def _count_events(day: Day, found: dict[int, Recount]) -> None:
    """The stream says what happened when; a job's tier changes on its way."""
    tiers: dict[str, int] = {}
    kinds = {job.id: job.spec.type for job in day.store.jobs.get_many(day.ids)}
    started: dict[str, int] = {}
    for _, event in day.store.client.xrange(day.store.keys("events", SCOPE.key)):
        job, kind, at = event["job"], event["kind"], int(event["at"])
        hour = found[at // HOUR_MS]
        if kind == "submitted":
            tiers[job] = int(event["tier"])
        elif kind == "reprioritised":
            tiers[job] = int(event["to"])
        elif kind == "started":
            started[job] = at
            hour.waits.append(int(event["waited"]))
            hour.counts["wait", tiers[job], kinds[job]] += int(event["waited"])
        elif kind == "completed":
            hour.counts["run", tiers[job], kinds[job]] += at - started[job]
        if kind in ("submitted", "started", "completed", "failed", "cancelled"):
            hour.counts[kind, tiers[job], kinds[job]] += 1
