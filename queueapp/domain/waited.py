"""How long a job has waited for what, made of what held it and of what was seen of its shape.

What holds one job (a time, a dependency, a host, a retry's delay) is kept with it, to the
millisecond. Jobs that can be claimed share their reason with all of their shape: that is seen
every few seconds and kept as a timeline. Pure; times are milliseconds since the epoch.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from queueapp.domain.job import Job
from queueapp.domain.states import Status, WaitReason

Timeline = Sequence[tuple[int, str]]
Span = tuple[int, int]


def ready_spans(job: Job, now_ms: int) -> list[Span]:
    """Return when the job could have been claimed: from being ready until a start or an end."""
    spans = [
        (attempt.eligible_ms, attempt.started_ms)
        for attempt in job.attempts
        if attempt.eligible_ms is not None
    ]
    since = job.eligible_ms
    after = max((attempt.ended_ms or 0 for attempt in job.attempts), default=0)
    if since is None or since < after or job.hold is not None:
        return spans
    if job.status is Status.QUEUED:
        return [*spans, (since, now_ms)]
    until = job.started_ms if job.status is Status.RUNNING else job.ended_ms
    return [*spans, (since, until)] if until is not None else spans


def waited(job: Job, timeline: Timeline, now_ms: int) -> dict[str, int]:
    """Return for how many ms the job waited for each thing; together all that it was queued."""
    found: Counter[str] = Counter(job.waited_ms)
    if job.hold is not None and job.held_since_ms is not None:
        found[job.hold] += max(0, now_ms - job.held_since_ms)
    for start, end in ready_spans(job, now_ms):
        for code, ms in _overlap(timeline, start, end):
            found[code] += ms
    return {code: ms for code, ms in found.items() if ms > 0}


def with_pauses(seen: Timeline, of_scope: Timeline, of_type: Timeline) -> Timeline:
    """Return what was seen with the pauses put in, which are known by their own moments.

    An empty reason ends a pause. Where notes tell of a kind of pause, one that they do not tell of
    was none; before an end without a beginning, and without notes, what was seen holds.
    """
    if not of_scope and not of_type:
        return seen
    lines = (_whole(seen), of_scope, of_type)
    moments = sorted({at for line in lines for at, _ in line})
    return [(at, _reason(*(_at(line, at) for line in lines))) for at in moments]


def _whole(seen: Timeline) -> Timeline:
    """Return what was seen, at any time: what nobody saw counts as what was seen next."""
    following, found = str(WaitReason.POSITION), []
    for at, code in reversed([(0, ""), *seen]):
        following = code or following
        found.append((at, following))
    return found[::-1]


def _at(line: Timeline, moment: int) -> str | None:
    """Return what a timeline says of a moment; "" before a beginning, None before an end."""
    index = bisect_right(line, moment, key=lambda one: one[0])
    if index:
        return line[index - 1][1]
    return "" if line and line[0][1] else None


def _reason(seen: str | None, of_scope: str | None, of_type: str | None) -> str:
    known = {WaitReason.QUEUE_PAUSED: of_scope, WaitReason.TYPE_PAUSED: of_type}
    for code, pause in known.items():
        if pause:
            return str(code)
        if seen == code and pause is not None:
            seen = str(WaitReason.POSITION)
    return seen or str(WaitReason.POSITION)


def _overlap(timeline: Timeline, start: int, end: int) -> Iterator[tuple[str, int]]:
    """Cut a span; what nobody saw counts as what was seen next, else as its turn."""
    inside = [(at, code) for at, code in timeline if at < end]
    before = [code for at, code in inside if at <= start]
    cuts = [(start, before[-1] if before else ""), *(one for one in inside if one[0] > start)]
    following = str(WaitReason.POSITION)
    pieces: list[tuple[str, int]] = []
    for (at, code), (until, _) in reversed(list(pairwise([*cuts, (end, "")]))):
        following = code or following
        pieces.append((following, until - at))
    yield from pieces


def longest_first(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return reasons with their times, the longest first, equal ones by name."""
    return sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
