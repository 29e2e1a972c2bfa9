"""Watches one running job from the worker's thread: reports, limits, stops, and its end.

One Supervision per attempt. Time comes from the clock it is given; all waiting is one poll.
"""

import contextlib
import json
import logging
import os
import select
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock
from typing import Any, Protocol

from queueapp.domain.errors import LeaseLost
from queueapp.domain.outcome import Progress, Usage
from queueapp.runner import packets
from queueapp.runner.launcher import MESSAGE_MAX, Started
from queueapp.runner.ledger import Ledger
from queueapp.runner.sampling import Sampler
from queueapp.runner.task import RunnerLost, StopKind
from queueapp.runner.verdict import AT_ONCE, Reason, outranks

Report = Callable[[Progress, Usage], StopKind | None]

FIRST_SAMPLE_S = 0.1  # before the first report can be due
SAMPLE_S = 0.5
REPORT_S = 1.0
REPORT_GAP_S = 0.2
MEMORY_GRACE_S = 2.0
CHUNK = 65_536
CHUNKS_PER_TURN = 64

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """The limits and the patience of one supervision, in seconds and bytes."""

    timeout_s: float
    grace_s: float
    memory_soft_bytes: int
    memory_hard_bytes: int
    patience_s: float  # with a zygote that ought to tell of a killed job's end


class Stoppable(Protocol):
    """A job's process, as far as its right to run is concerned."""

    def kill(self) -> None:
        """End it now."""

    def may_run_until(self, until_s: float) -> None:
        """Have it ended at a monotonic time, whatever becomes of this process until then."""


class StopRequests:
    """Carries stop requests from any thread to the one that watches the job.

    That thread may hang in a report to a store that does not answer. A job whose right to run has
    ended cannot wait for it, and is killed by whoever says so.
    """

    def __init__(self) -> None:
        self._asked: SimpleQueue[StopKind] = SimpleQueue()
        self._lock = Lock()
        self._job: Stoppable | None = None
        self._fd: int | None = None

    def open(self) -> int:
        """Return a descriptor that each request makes readable; a thread job needs none."""
        with self._lock:
            self._fd = os.eventfd(self._asked.qsize(), os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            return self._fd

    def ask(self, kind: StopKind) -> None:
        """Ask for a stop and wake the watcher."""
        self._asked.put(kind)
        with self._lock:
            if self._fd is not None:
                os.eventfd_write(self._fd, 1)
            if kind is StopKind.LOST and self._job is not None:
                self._job.kill()

    def may_run_until(self, until_s: float) -> None:
        """Put off the time at which the job's process is killed, if it has one."""
        with self._lock:
            if self._job is not None:
                self._job.may_run_until(until_s)

    def attach(self, job: Stoppable | None) -> None:
        """Say which process it is; None says that it is no longer ours to kill."""
        with self._lock:
            self._job = job

    def take(self) -> list[StopKind]:
        """Return what was asked since the last call."""
        if self._fd is not None:
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._fd)
        return [self._asked.get() for _ in range(self._asked.qsize())]

    def close(self) -> None:
        """Release the descriptor; nobody watches any more."""
        with self._lock:
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None


class Supervision:
    """The watch over one job's process, from its start to its end."""

    def __init__(
        self,
        started: Started,
        ledger: Ledger,
        sampler: Sampler,
        *,
        pace: Pace,
        report: Report,
        stops: StopRequests,
        clock: Callable[[], float],
    ) -> None:
        self._job = started
        self._ledger = ledger
        self._sampler = sampler
        self._pace = pace
        self._report = report
        self._stops = stops
        self._clock = clock
        now = clock()
        self._deadline = now + pace.timeout_s
        self._sample_due = now + FIRST_SAMPLE_S
        self._report_due = now + REPORT_S
        self._reported_at = now
        self._stage_changes = 0
        self._stops_fd = stops.open()
        self._kill_due: float | None = None
        self._silent_from: float | None = None
        self.reason: Reason | None = None
        self.over: dict[str, Any] | None = None

    def watch(self) -> dict[str, Any]:
        """Block until the job's process is over; return what the zygote told of its end.

        Raises: RunnerLost when the zygote died; the job died with it.
        """
        poll = select.poll()
        for fd in (self._job.control.fileno(), self._stops_fd):
            poll.register(fd, select.POLLIN)
        for fd in (self._job.events_fd, self._job.log_fd):
            poll.register(fd, select.POLLIN)
        while self.over is None:
            for fd, _ in poll.poll(self._wait_ms()):
                if not self._read(fd):
                    poll.unregister(fd)
            self._turn()
        self._drain()
        return self.over

    def _read(self, fd: int) -> bool:
        """Read what has come on one descriptor; False when nothing will come any more."""
        if fd == self._job.control.fileno():
            self._hear()
        elif fd == self._stops_fd:
            for kind in self._stops.take():
                self.stop(Reason(kind.value))
        elif fd == self._job.events_fd:
            return _pump(fd, self._ledger.feed)
        else:
            return _pump(fd, self._ledger.logs.printed)
        return True

    def _hear(self) -> None:
        raw = packets.heard(self._job.control, MESSAGE_MAX)
        if not raw:
            self._job.kill()
            self._sampler.kill_tree()
            raise RunnerLost
        self.over = told = json.loads(raw)
        if told["overdue"]:
            self.stop(Reason.LOST)

    def _turn(self) -> None:
        now = self._clock()
        if self.over is not None:
            return
        if now >= self._sample_due:
            self._sample_due = now + SAMPLE_S
            self._watch_memory(self._sampler.sample(now).rss_bytes or 0)
        if now >= self._deadline:
            self.stop(Reason.TIMEOUT)
        if self._kill_due is not None and now >= self._kill_due:
            self._kill(now)
        if self._silent_from is not None and now >= self._silent_from:
            self._sampler.kill_tree()
            raise RunnerLost("The process that starts jobs did not tell of a job's end")
        self._report_if_due(now)

    def _watch_memory(self, rss_bytes: int) -> None:
        if rss_bytes > self._pace.memory_hard_bytes:
            self.stop(Reason.MEMORY)
            self._kill(self._clock())
        elif rss_bytes > self._pace.memory_soft_bytes:
            self.stop(Reason.MEMORY)

    def stop(self, reason: Reason) -> None:
        """Stop the job for a reason, unless a stronger one is at work already."""
        if not outranks(reason, self.reason):
            return
        first = self.reason is None
        self.reason = reason
        if reason in AT_ONCE:
            self._kill(self._clock())
        elif first:
            grace = MEMORY_GRACE_S if reason is Reason.MEMORY else self._pace.grace_s
            self._kill_due = self._clock() + min(grace, self._pace.grace_s)
            self._job.ask_to_stop()

    def _kill(self, now: float) -> None:
        self._kill_due = None
        if self._silent_from is None:
            self._silent_from = now + self._pace.patience_s
        self._job.kill()

    def _report_if_due(self, now: float) -> None:
        changed = self._ledger.stage_changes != self._stage_changes
        due = self._reported_at + REPORT_GAP_S if changed else self._report_due
        if now < due:
            return
        self._stage_changes = self._ledger.stage_changes
        self._reported_at, self._report_due = now, now + REPORT_S
        if self.reason is Reason.LOST:
            return
        asked = ask_reporter(self._report, self._ledger.progress, self._sampler.usage)
        if asked is not None:
            self.stop(Reason(asked.value))

    def _wait_ms(self) -> float:
        due = [self._sample_due, self._report_due]
        if self._kill_due is not None:
            due.append(self._kill_due)
        if self._ledger.stage_changes != self._stage_changes:
            due.append(self._reported_at + REPORT_GAP_S)
        if self.reason is None:
            due.append(self._deadline)
        return max(0.0, (min(due) - self._clock()) * 1000) + 0.5

    def _drain(self) -> None:
        """Take what the job wrote last; all its processes are gone, so the pipes end."""
        for fd, take in (
            (self._job.events_fd, self._ledger.feed),
            (self._job.log_fd, self._ledger.logs.printed),
        ):
            while _pump(fd, take) and select.select([fd], [], [], 0)[0]:
                pass


def ask_reporter(report: Report, progress: Progress, usage: Usage) -> StopKind | None:
    """Report, and return what the reporter wants; a report that fails costs no job its life."""
    try:
        return report(progress, usage)
    except LeaseLost:
        return StopKind.LOST
    except Exception:
        log.warning("progress could not be reported", exc_info=True)
        return None


def _pump(fd: int, take: Callable[[bytes], None]) -> bool:
    """Hand on what a pipe holds, a bounded amount; False at its end."""
    for _ in range(CHUNKS_PER_TURN):
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return True
        if not data:
            return False
        take(data)
    return True
