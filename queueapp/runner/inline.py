"""Runs jobs of thread types inside the worker's own process.

Quick, and for tiny trusted jobs only: nothing limits their memory, nothing can kill them, and
a stop or the end of their time reaches them only where they call progress().
"""

import time
from collections.abc import Callable
from typing import Any

from queueapp.context import JobContext
from queueapp.domain.outcome import Outcome, Usage
from queueapp.runner.child import run_assignment
from queueapp.runner.ledger import Ledger
from queueapp.runner.sampling import folder_bytes
from queueapp.runner.supervision import REPORT_GAP_S, REPORT_S, Report, StopRequests, ask_reporter
from queueapp.runner.task import Assignment, StopKind, Task
from queueapp.runner.verdict import Ending, Reason, judge, outranks


class InlineWatch:
    """Stands between a thread job and the world: books its events, looks for reasons to stop."""

    def __init__(
        self,
        task: Task,
        ledger: Ledger,
        *,
        report: Report,
        stops: StopRequests,
        clock: Callable[[], float],
    ) -> None:
        self._ledger = ledger
        self._report = report
        self._stops = stops
        self._clock = clock
        now = clock()
        self._deadline = now + task.timeout_ms / 1000
        self._reported_at = now
        self._stage_changes = 0
        self._cpu_from = time.thread_time()
        self._request_stop: Callable[[], None] = lambda: None
        self.reason: Reason | None = None

    def begin(self, job: JobContext) -> None:
        """Remember how the job is asked to stop."""
        self._request_stop = job.request_stop

    def take(self, event: dict[str, Any]) -> None:
        """Book one event of the job, then see whether it must stop or be reported."""
        self._ledger.take(event)
        if event["event"] == "end":
            self._look(self._clock())
        elif event["event"] == "progress":
            now = self._clock()
            self._look(now)
            self._report_if_due(now)

    def usage(self) -> Usage:
        """Return the CPU time of this thread; the rest belongs to the whole worker."""
        return Usage(cpu_seconds=round(time.thread_time() - self._cpu_from, 6))

    def _look(self, now: float) -> None:
        for kind in self._stops.take():
            self._stop(Reason(kind.value))
        if now >= self._deadline:
            self._stop(Reason.TIMEOUT)

    def _report_if_due(self, now: float) -> None:
        changed = self._ledger.stage_changes != self._stage_changes
        if now < self._reported_at + (REPORT_GAP_S if changed else REPORT_S):
            return
        self._stage_changes = self._ledger.stage_changes
        self._reported_at = now
        asked: StopKind | None = ask_reporter(self._report, self._ledger.progress, self.usage())
        if asked is not None:
            self._stop(Reason(asked.value))

    def _stop(self, reason: Reason) -> None:
        if outranks(reason, self.reason):
            self.reason = reason
            self._request_stop()


def run_inline(
    task: Task,
    ledger: Ledger,
    *,
    report: Report,
    stops: StopRequests,
    clock: Callable[[], float],
) -> Outcome:
    """Run one attempt in the calling thread and say how it ended."""
    watch = InlineWatch(task, ledger, report=report, stops=stops, clock=clock)
    run_assignment(Assignment.of(task), watch.take, begin=watch.begin)
    ending = Ending(
        reason=watch.reason,
        said=ledger.end,
        stage=ledger.progress.stage,
        timeout_ms=task.timeout_ms,
    )
    end, failure = judge(ending)
    written = folder_bytes((task.work, task.outputs)) if task.directory.exists() else 0
    usage = Usage(cpu_seconds=watch.usage().cpu_seconds, written_bytes=written)
    return ledger.outcome(end, failure, usage)
