"""The runner: runs each attempt of a job to its end and says how it ended.

The broker's worker threads call ``run``; any thread may call ``stop``. Files that a job made stay
in the task's directory until the caller has published them.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from queueapp.domain.outcome import Outcome, Usage
from queueapp.job_types import find_job_type
from queueapp.runner.confine import Limits
from queueapp.runner.inline import run_inline
from queueapp.runner.launcher import PATIENCE_S, Launcher, Started
from queueapp.runner.ledger import Ledger
from queueapp.runner.logs import JobLogs
from queueapp.runner.sampling import Sampler, folder_bytes
from queueapp.runner.supervision import Pace, Report, StopRequests, Supervision
from queueapp.runner.task import Assignment, RunnerLost, StopKind, Task
from queueapp.runner.verdict import Ending, Reason, judge

NEAR_LIMIT = 0.9
HARD_MEMORY_FACTOR = 1.3  # of the limit: no grace beyond it


@dataclass(frozen=True)
class Watched:
    """A job's process that is over: why it was stopped, what the zygote told of its end."""

    reason: Reason | None
    told: dict[str, Any]
    usage: Usage


class Runner:
    """Runs jobs for one worker process, several at once."""

    def __init__(
        self,
        *,
        modules: Sequence[str],
        work_dir: Path,
        slots: int,
        grace_s: float = 8.0,
        isolation: str = "fork",
        passed_environment: Sequence[str] = (),
        file_bytes: int | None = None,
        patience_s: float = PATIENCE_S,
        right_ends_s: Callable[[str, int], float | None] = lambda _job, _epoch: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._modules = tuple(modules)
        self._launcher = Launcher(
            modules,
            work_dir.absolute() / "zygote",
            isolation=isolation,
            passed_environment=passed_environment,
            patience_s=patience_s,
        )
        self._patience_s = patience_s
        self.slots = slots
        self._grace_s = grace_s
        self._file_bytes = file_bytes
        self._clock = clock
        self._right_ends_s = right_ends_s
        self._stops: dict[tuple[str, int], StopRequests] = {}

    @property
    def zygote_pid(self) -> int | None:
        """The process id of the zygote, if it runs."""
        return self._launcher.pid

    @property
    def running(self) -> frozenset[tuple[str, int]]:
        """The attempts that run now, as job id and epoch."""
        return frozenset(self._stops)

    @property
    def mode(self) -> str | None:
        """How jobs are started: fork, or exec where a library forbids forking."""
        return self._launcher.mode

    def start(self) -> None:
        """Start the zygote; optional, the first run does it too.

        Raises: RunnerUnusable with the reason.
        """
        self._launcher.start()

    def close(self) -> None:
        """End the zygote and with it every job that still runs."""
        self._launcher.close()

    def stop(self, job_id: str, epoch: int, kind: StopKind) -> None:
        """Ask a running attempt to stop; one that is not here is nobody's business."""
        stops = self._stops.get((job_id, epoch))
        if stops is not None:
            stops.ask(kind)

    def renew(self) -> None:
        """Let every attempt run on to the present end of its right to run."""
        for (job_id, epoch), stops in list(self._stops.items()):
            until_s = self._right_ends_s(job_id, epoch)
            if until_s is not None:
                stops.may_run_until(until_s)

    def run(self, task: Task, report: Report) -> Outcome:
        """Run one attempt to its end in the calling thread.

        ``report`` is called about once a second and at each change of stage.
        Raises: RunnerLost when the zygote died or cannot be had, or when the right to run has ended
        before the job could begin; the attempt did not end.
        """
        task = task.absolute()  # the job's process stands elsewhere
        key = (task.claim.job.id, task.claim.epoch)
        stops = self._stops[key] = StopRequests()
        try:
            return self._run(task, report, stops)
        finally:
            del self._stops[key]
            stops.close()

    def _run(self, task: Task, report: Report, stops: StopRequests) -> Outcome:
        ledger = Ledger(task.directory, JobLogs(task.directory))
        declared = find_job_type(task.claim.job.type)
        if declared is not None and declared.info.isolation == "thread":
            return run_inline(task, ledger, report=report, stops=stops, clock=self._clock)
        watched = self._watch(task, ledger, report, stops)
        return _outcome(task, ledger, watched)

    def _started(self, task: Task) -> Started:
        until_s = self._right_ends_s(task.claim.job.id, task.claim.epoch)
        if until_s is not None and until_s <= self._clock():
            raise RunnerLost("The lease ended before the job could begin.")
        for folder in (task.directory, task.work):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        declared = find_job_type(task.claim.job.type)
        return self._launcher.launch(
            Assignment.of(task, modules=self._modules).encode(),
            task.work,
            self._limits(task),
            until_s=until_s,
            imports=declared.imports if declared else (),
        )

    def _watch(self, task: Task, ledger: Ledger, report: Report, stops: StopRequests) -> Watched:
        started = self._started(task)
        try:
            folders = (task.work, task.outputs)
            sampler = Sampler(started.pid, folders, now=self._clock())
            stops.attach(started)
            supervision = Supervision(
                started,
                ledger,
                sampler,
                pace=self._pace(task),
                report=report,
                stops=stops,
                clock=self._clock,
            )
            told = supervision.watch()
            usage = sampler.last(self._clock(), told["cpu_seconds"])
            return Watched(supervision.reason, told, usage)
        except RunnerLost:
            self._launcher.give_up(started.zygote)
            raise
        finally:
            stops.attach(None)
            started.close()

    def _limits(self, task: Task) -> Limits:
        return Limits(
            memory_bytes=task.memory_limit_bytes,
            cpu_units=task.claim.job.requirements.cpu_units,
            file_bytes=self._file_bytes,
        )

    def _pace(self, task: Task) -> Pace:
        return Pace(
            timeout_s=task.timeout_ms / 1000,
            grace_s=self._grace_s,
            memory_soft_bytes=task.memory_limit_bytes,
            memory_hard_bytes=int(task.memory_limit_bytes * HARD_MEMORY_FACTOR),
            patience_s=self._patience_s,
        )


def _outcome(task: Task, ledger: Ledger, watched: Watched) -> Outcome:
    usage = _usage(task, watched)
    end, failure = judge(_ending(task, ledger, watched, usage))
    return ledger.outcome(end, failure, usage)


def _usage(task: Task, watched: Watched) -> Usage:
    told, sampled = watched.told, watched.usage
    return replace(
        sampled,
        cpu_seconds=max(told["cpu_seconds"], sampled.cpu_seconds or 0.0),
        peak_rss_bytes=max(told["peak_rss_bytes"], sampled.peak_rss_bytes or 0),
        io_operations=max(told["io_operations"] or 0, sampled.io_operations or 0) or None,
        written_bytes=folder_bytes((task.work, task.outputs)),
    )


def _ending(task: Task, ledger: Ledger, watched: Watched, usage: Usage) -> Ending:
    status = watched.told["exited"]
    signalled = os.WIFSIGNALED(status)
    return Ending(
        reason=watched.reason,
        said=ledger.end,
        exit_code=None if signalled else os.waitstatus_to_exitcode(status),
        killed_by=os.WTERMSIG(status) if signalled else None,
        printed=ledger.logs.tail(),
        stage=ledger.progress.stage,
        near_memory_limit=(usage.peak_rss_bytes or 0) >= NEAR_LIMIT * task.memory_limit_bytes,
        memory_limit_bytes=task.memory_limit_bytes,
        timeout_ms=task.timeout_ms,
    )
