"""What happened in a scope's queue in a stretch of time, exactly; stretches add up.

The store keeps a record of each hour in which something changed; this module reads such records,
fills the hours between them, and adds hours up. Pure; times are milliseconds since the epoch.
Source: decision 0027.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from queueapp.domain.states import WaitReason

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
HELD = (
    WaitReason.DEPENDENCY,
    WaitReason.SCHEDULED,
    WaitReason.RETRY_BACKOFF,
    WaitReason.HOST_BUSY,
)
PAUSED = (WaitReason.QUEUE_PAUSED, WaitReason.TYPE_PAUSED)

Sizes = tuple[int, int, int, int]
IdleAt = Callable[[int], float]


@dataclass(frozen=True)
class Standing:
    """How a queue stands at one moment: what a record of an hour begins with.

    ``queued`` is by tier, ``held`` how many queued jobs each reason keeps from being claimed.
    """

    queued: Sizes = (0, 0, 0, 0)
    running: int = 0
    waiting: bool = False
    held: Mapping[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """All queued jobs."""
        return sum(self.queued)


@dataclass(frozen=True)
class Rollup:
    """One stretch of time.

    ``counts`` are sums by (what, tier, job type): submitted, started, completed, failed,
    cancelled, and wait and run in ms. ``idle_ms`` is the fleet's idle slots, times ms, while jobs
    of the scope could have been claimed. ``reasons`` are queued jobs, times ms, by what they
    waited for.
    """

    start_ms: int
    end_ms: int
    first: Sizes = (0, 0, 0, 0)
    last: Sizes = (0, 0, 0, 0)
    size_ms: int = 0
    peak: Sizes = (0, 0, 0, 0)
    least: int = 0
    busy_ms: int = 0
    idle_ms: float = 0.0
    most_wait_ms: int | None = None
    least_wait_ms: int | None = None
    counts: Mapping[tuple[str, int, str], int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def length_ms(self) -> int:
        """How long the stretch is."""
        return self.end_ms - self.start_ms

    @property
    def peak_size(self) -> int:
        """The longest that the queue was."""
        return sum(self.peak)

    @property
    def average_size(self) -> float:
        """The mean length of the queue over the time."""
        return self.size_ms / self.length_ms if self.length_ms else float(sum(self.last))

    @property
    def average_wait_ms(self) -> float | None:
        """The mean wait of the jobs that were started; None if none was."""
        started = self.total("started")
        return self.total("wait") / started if started else None

    @property
    def processed(self) -> int:
        """The jobs that ended by themselves: completed or failed."""
        return self.total("completed") + self.total("failed")

    @property
    def efficiency(self) -> float | None:
        """What the slots did of what they could have done while there was work, 0 to 100.

        None where nothing ran and nothing waited for an idle slot.
        """
        could = self.busy_ms + self.idle_ms
        return 100 * self.busy_ms / could if could > 0 else None

    def total(self, what: str, *, kind: str | None = None) -> int:
        """Return a sum over all tiers, of one job type or of all."""
        return sum(
            n
            for (name, _, job_type), n in self.counts.items()
            if name == what and kind in (None, job_type)
        )


def added(earlier: Rollup, later: Rollup) -> Rollup:
    """Return two stretches, one right after the other, as one."""
    peaks = (earlier.peak, later.peak)
    return Rollup(
        start_ms=earlier.start_ms,
        end_ms=later.end_ms,
        first=earlier.first,
        last=later.last,
        size_ms=earlier.size_ms + later.size_ms,
        peak=max(peaks, key=sum),
        least=min(earlier.least, later.least),
        busy_ms=earlier.busy_ms + later.busy_ms,
        idle_ms=earlier.idle_ms + later.idle_ms,
        most_wait_ms=_of(max, earlier.most_wait_ms, later.most_wait_ms),
        least_wait_ms=_of(min, earlier.least_wait_ms, later.least_wait_ms),
        counts=Counter(earlier.counts) + Counter(later.counts),
        reasons=Counter(earlier.reasons) + Counter(later.reasons),
    )


def total(stretches: Iterable[Rollup]) -> Rollup:
    """Return stretches that follow one another as one; there must be one at least."""
    return reduce(added, stretches)


def _of(choose: Callable[[Iterable[int]], int], *values: int | None) -> int | None:
    known = [value for value in values if value is not None]
    return choose(known) if known else None


def read_hours(
    records: Mapping[int, Mapping[str, str]],
    hours: Sequence[int],
    *,
    after: Standing,
    idle_at: IdleAt,
    now_ms: int,
) -> list[Rollup]:
    """Return a roll-up for each of ``hours``, which follow one another, oldest first.

    ``records`` are the store's, by hour; ``after`` is how the queue stands when the last hour
    ends, or now if that is sooner; ``idle_at`` tells the fleet's idle sum at a moment.
    """
    found: list[Rollup] = []
    for hour in reversed(hours):
        record = records.get(hour)
        before = standing_of(record) if record else after
        start, end = hour * HOUR_MS, min((hour + 1) * HOUR_MS, now_ms)
        idle = (idle_at(start), idle_at(end))
        found.append(_hour(record or {}, (before, after), (start, end), idle))
        after = before
    return found[::-1]


def standing_of(record: Mapping[str, str]) -> Standing:
    """Return how the queue stood when the hour of a record began."""
    return Standing(
        queued=_sizes(record["from"]),
        running=int(record["from_running"]),
        waiting=record["from_waiting"] == "1",
        held={code: int(n) for code in HELD if (n := record.get(f"from_{code}"))},
    )


def _hour(
    record: Mapping[str, str],
    standing: tuple[Standing, Standing],
    span: tuple[int, int],
    idle_sums: tuple[float, float],
) -> Rollup:
    (before, after), (start, end) = standing, span
    state = record.get("state", "0 0 0 0 0 0 0 -1 -1 0 0 0").split()
    left = start + HOUR_MS - end
    size_ms = _lasted(before.size, after.size, int(state[9]), end - start, left)
    held = _held(record, before, after, end - start, left)
    return Rollup(
        start_ms=start,
        end_ms=end,
        first=before.queued,
        last=after.queued,
        size_ms=size_ms,
        peak=max((_sizes(record.get("peaked", "0 0 0 0")), before.queued, after.queued), key=sum),
        least=min([*([int(state[6])] if record else []), before.size, after.size]),
        busy_ms=_lasted(before.running, after.running, int(state[10]), end - start, left),
        idle_ms=_idle(before, after, float(state[11]), idle_sums),
        most_wait_ms=_known(state[7]),
        least_wait_ms=_known(state[8]),
        counts=dict(_counts(record)),
        reasons={**_seen(record, size_ms - sum(held.values())), **held},
    )


def _lasted(before: int, after: int, changes: int, length: int, left: int) -> int:
    """Return a number's sum over time: each change was counted until the end of its hour."""
    return before * length + changes - (after - before) * left


def _idle(before: Standing, after: Standing, turns: float, sums: tuple[float, float]) -> float:
    first, last = sums
    idle = turns + (last if after.waiting else 0.0) - (first if before.waiting else 0.0)
    return max(0.0, idle)  # slots of a worker that was found dead late may have counted as busy


def _seen(record: Mapping[str, str], waited_ms: int) -> dict[str, int]:
    """Return what the jobs waited for that could be claimed, which together was ``waited_ms``.

    Looks take the jobs that they see for the time since the look before, though some may have come
    meanwhile: what they say is cut to what there was. Pauses, which know their moments, go first.
    """
    found: dict[str, int] = {}
    left = max(0, waited_ms)
    seen = {name[4:]: int(n) for name, n in record.items() if name.startswith("why:")}
    for sure in (True, False):
        some = {code: ms for code, ms in seen.items() if (code in PAUSED) is sure}
        whole = sum(some.values())
        share = min(1.0, left / whole) if whole else 0.0
        found |= {code: cut for code, ms in some.items() if (cut := int(ms * share))}
        left -= int(whole * share)
    return found


def _held(
    record: Mapping[str, str], before: Standing, after: Standing, length: int, left: int
) -> dict[str, int]:
    held = {
        str(code): _lasted(
            before.held.get(code, 0),
            after.held.get(code, 0),
            int(record.get(f"held:{code}", 0)),
            length,
            left,
        )
        for code in HELD
    }
    return {code: ms for code, ms in held.items() if ms > 0}


def _counts(record: Mapping[str, str]) -> Iterable[tuple[tuple[str, int, str], int]]:
    for name, value in record.items():
        what, _, rest = name.partition(":")
        tier, colon, kind = rest.partition(":")
        if colon:
            yield (what, int(tier), kind), int(value)


def _sizes(text: str) -> Sizes:
    critical, high, normal, low = (int(n) for n in text.split())
    return critical, high, normal, low


def _known(text: str) -> int | None:
    return None if int(text) < 0 else int(text)
