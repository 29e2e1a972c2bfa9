"""Times in which jobs waited longer than usual because of one thing: found while they last.

A queue is watched at regular looks; each says how long it is, how long it usually is, and what
holds it up. Pure: upkeep brings the looks and keeps what is found.
Times are milliseconds since the epoch, sums over time jobs or slots times milliseconds.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from queueapp.domain.rollup import HOUR_MS

FEWEST = 5
SHORTEST_MS = 15 * 60_000
GAP_MS = 30 * 60_000
LONGEST_LOOK_MS = 60_000  # what lies between two looks further apart nobody saw
MANY_BUSY = 0.95
BURST = 3.0  # times the usual submissions
OTHER_WORK = ""
UNRESOLVED = "Unresolved"


class Hindrance(StrEnum):
    """What keeps a queue from being worked off."""

    PAUSED = "paused"
    NO_WORKERS = "no_workers"
    SHORTAGE = "shortage"
    LIMIT = "limit"
    BUSY = "busy"


@dataclass(frozen=True)
class Look:
    """One look at a scope's queue and the fleet.

    ``submitted`` counts the scope's submissions since ever; ``running`` are the slots in use by
    the scope's own job types, all others' under ``OTHER_WORK``; ``lacking`` is what no live node
    has, in words; ``joined`` names the newest worker.
    """

    at_ms: int
    size: int
    usual_size: float
    submitted: int
    usual_per_hour: float
    slots: int
    running: Mapping[str, int] = field(default_factory=dict)
    paused: bool = False
    lacking: str | None = None
    limited: bool = False
    joined: str | None = None

    @property
    def busy(self) -> int:
        """The slots in use."""
        return sum(self.running.values())

    @property
    def hindrance(self) -> Hindrance | None:
        """What holds the queue up, if it is longer than usual."""
        if self.size < FEWEST or self.size <= self.usual_size:
            return None
        if self.paused:
            return Hindrance.PAUSED
        if self.slots == 0:
            return Hindrance.NO_WORKERS
        if self.lacking is not None:
            return Hindrance.SHORTAGE
        if self.limited:
            return Hindrance.LIMIT
        return Hindrance.BUSY if self.busy >= MANY_BUSY * self.slots else None


@dataclass(frozen=True)
class Bottleneck:
    """A time of long waits, and why; ``end_ms`` is None while it lasts."""

    start_ms: int
    end_ms: int | None
    issue: str
    delay_ms: float
    affected_jobs: int
    resolution: str


@dataclass(frozen=True)
class Watch:
    """What is known of a bottleneck that may be one: since when, and what was seen of it.

    ``resolution`` is set once nothing holds the queue up any more; it is open until that has
    lasted ``GAP_MS``.
    """

    start_ms: int
    seen_ms: int
    held_ms: int
    first_size: int
    first_submitted: int
    submitted: int
    slots: int
    usual_per_hour: float
    joined: str | None = None
    excess_ms: float = 0.0
    hindrance: Hindrance = Hindrance.BUSY
    hindered_ms: Mapping[str, int] = field(default_factory=dict)
    running_ms: Mapping[str, int] = field(default_factory=dict)
    lacking: str | None = None
    resolution: str | None = None

    @property
    def affected_jobs(self) -> int:
        """The jobs that were there or came."""
        return max(1, self.first_size + self.submitted - self.first_submitted)

    @property
    def lasted(self) -> bool:
        """Whether it was long enough to be told."""
        return self.held_ms - self.start_ms >= SHORTEST_MS

    def found(self) -> Bottleneck:
        """Return it as it is told; open unless its resolution is known."""
        over = self.resolution is not None
        return Bottleneck(
            start_ms=self.start_ms,
            end_ms=self.held_ms if over else None,
            issue=issue_of(self),
            delay_ms=self.excess_ms / self.affected_jobs,
            affected_jobs=self.affected_jobs,
            resolution=self.resolution or UNRESOLVED,
        )


def watched(watch: Watch | None, look: Look) -> tuple[Watch | None, Bottleneck | None]:
    """Return what is watched after a look, and the bottleneck that this look showed to be over."""
    if look.hindrance is None:
        return _quiet(watch, look)
    if watch is None or look.at_ms - watch.held_ms > GAP_MS:
        return _begun(look, look.hindrance), _told(watch)
    return _held(watch, look, look.hindrance), None


def _begun(look: Look, hindrance: Hindrance) -> Watch:
    return Watch(
        start_ms=look.at_ms,
        seen_ms=look.at_ms,
        held_ms=look.at_ms,
        first_size=look.size,
        first_submitted=look.submitted,
        submitted=look.submitted,
        slots=look.slots,
        usual_per_hour=look.usual_per_hour,
        joined=look.joined,
        hindrance=hindrance,
        lacking=look.lacking,
    )


def _held(watch: Watch, look: Look, hindrance: Hindrance) -> Watch:
    lasted = min(look.at_ms - watch.seen_ms, LONGEST_LOOK_MS)
    running = {kind: lasted * n for kind, n in look.running.items()}
    return replace(
        watch,
        seen_ms=look.at_ms,
        held_ms=look.at_ms,
        submitted=look.submitted,
        slots=look.slots,
        joined=look.joined,
        excess_ms=watch.excess_ms + lasted * max(0.0, look.size - look.usual_size),
        hindrance=hindrance,
        hindered_ms=_sum(watch.hindered_ms, {str(hindrance): lasted}),
        running_ms=_sum(watch.running_ms, running),
        lacking=look.lacking or watch.lacking,
        resolution=None,
    )


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    # A plain dictionary: asdict counts the entries of a Counter instead of copying them.
    return dict(Counter(one) + Counter(other))


def _quiet(watch: Watch | None, look: Look) -> tuple[Watch | None, Bottleneck | None]:
    if watch is None:
        return None, None
    if look.at_ms - watch.held_ms > GAP_MS:
        return None, _told(watch)
    if watch.resolution is not None:
        return watch, None
    return replace(watch, seen_ms=look.at_ms, resolution=_resolution(watch, look)), None


def _told(watch: Watch | None) -> Bottleneck | None:
    if watch is None or not watch.lasted:
        return None
    return replace(watch, resolution=watch.resolution or UNRESOLVED).found()


def _resolution(watch: Watch, look: Look) -> str:
    if watch.hindrance is Hindrance.PAUSED and not look.paused:
        return "Queue resumed"
    joined = look.joined is not None and look.joined != watch.joined
    if joined and (look.slots > watch.slots or watch.hindrance is Hindrance.SHORTAGE):
        return f"Worker {look.joined} joined"
    if look.size < FEWEST or look.size <= look.usual_size:
        return "Backlog drained"
    return "Limit lifted" if watch.hindrance is Hindrance.LIMIT else "Slots became free"


def issue_of(watch: Watch) -> str:
    """Say in plain words what held the queue up most of the time."""
    main = max(watch.hindered_ms, key=lambda one: watch.hindered_ms[one], default=watch.hindrance)
    if main == Hindrance.PAUSED:
        return "The queue was paused"
    if main == Hindrance.NO_WORKERS:
        return "No worker was live"
    if main == Hindrance.SHORTAGE:
        return f"No live node had what jobs needed: {watch.lacking}"
    if main == Hindrance.LIMIT:
        return "As many jobs ran as may run at once"
    return _busy(watch)


def _busy(watch: Watch) -> str:
    came = watch.submitted - watch.first_submitted + watch.first_size
    usual = watch.usual_per_hour * (watch.held_ms - watch.start_ms) / HOUR_MS
    total = sum(watch.running_ms.values())
    kind, most = max(watch.running_ms.items(), key=lambda one: one[1], default=(OTHER_WORK, 0))
    share = round(100 * most / total) if total else 0
    who = "other work on shared workers" if kind == OTHER_WORK else f"{kind} jobs"
    if kind != OTHER_WORK and came > max(2 * FEWEST, BURST * usual):
        return f"All slots busy after a burst of {came} jobs; {share}% of them with {who}"
    return f"All slots busy, {share}% of them with {who}"
