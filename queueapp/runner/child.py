"""The job's side of the process: load the task, call the job type's function, say how it ended.

Entered by the zygote's forks, or by a fresh interpreter where forking is not possible.
"""

import io
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from threading import Lock
from typing import Any

from queueapp.context import JobContext
from queueapp.job_errors import BadInput, JobCancelled, RetryableError
from queueapp.job_types import JobType, find_job_type, load_modules
from queueapp.runner.confine import EVENTS_FD, TASK_FD
from queueapp.runner.records import log_through
from queueapp.runner.spans import Spans
from queueapp.runner.task import Assignment

TRACEBACK_MAX = 65_536
MESSAGE_MAX = 2_000
NAME_MAX = 200

Event = dict[str, Any]


def main() -> int:
    """Run the task that lies in descriptor 3, reporting to descriptor 4; return the exit code."""
    for fd in (TASK_FD, EVENTS_FD):
        os.set_inheritable(fd, False)
    _print_by_lines()
    assignment = Assignment.decode(_read_all(TASK_FD))
    load_modules(name for name in assignment.modules if name not in sys.modules)
    run_assignment(assignment, _emit, begin=_begin)
    _flush_streams()
    return 0


def run_assignment(
    assignment: Assignment,
    emit: Callable[[Event], None],
    *,
    begin: Callable[[JobContext], None],
) -> None:
    """Run one job to its end and emit the event that says how it ended.

    ``begin`` is given the job before its function is called.
    """
    job: JobContext | None = None
    spans = Spans(assignment.trace, emit)
    try:
        declared = _job_type(assignment.type)
        job = JobContext(
            assignment,
            emit,
            parameters=declared.load(assignment.parameters),
            stages=declared.info.stages,
            spans=spans,
        )
        begin(job)
        with spans.whole(f"code {job.type}"):
            declared(job)
    except BaseException as error:  # noqa: BLE001 - whatever job code raises is told
        end = ending(error, job)
    else:
        end = {"how": "completed"}
    if job is not None:
        job.flush()
    emit({"event": "end", **end})


def ending(error: BaseException, job: JobContext | None) -> Event:
    """Describe how an exception ended the job."""
    if isinstance(error, JobCancelled) and job is not None and job.stopping:
        return {"how": "stopped"}
    failed: Event = {
        "how": "failed",
        "message": _message(error),
        "stage": job.stage if job else None,
        "exception": type(error).__name__[:NAME_MAX],
        "retryable": False,
    }
    if isinstance(error, BadInput):
        return {**failed, "code": "bad_input", "field": error.field}
    if isinstance(error, RetryableError):
        failed.update(retryable=True, after_s=error.after_s)
    code = "out_of_memory" if isinstance(error, MemoryError) else "job_error"
    return {**failed, "code": code, "traceback": _traceback(error)}


def _job_type(name: str) -> JobType:
    declared = find_job_type(name)
    if declared is None:
        raise BadInput(f"This worker has no job type {name}", field="jobType")
    return declared


def _message(error: BaseException) -> str:
    if isinstance(error, BadInput | RetryableError):
        return error.message[:MESSAGE_MAX]
    if isinstance(error, MemoryError):
        return "The job needed more memory than it may use"
    if isinstance(error, SystemExit):
        return f"The job called sys.exit({error.code!r})"[:MESSAGE_MAX]
    if isinstance(error, JobCancelled):
        return "The job raised JobCancelled though nobody had asked it to stop"
    try:
        return f"{type(error).__name__}: {error}"[:MESSAGE_MAX]
    except Exception:  # noqa: BLE001 - an exception's own words are job code too
        return type(error).__name__[:MESSAGE_MAX]


def _traceback(error: BaseException) -> str:
    """Format the traceback from the job's own code on; keep the end when it is very long."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") in _OUR_FRAMES:
        trace = trace.tb_next
    text = "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))
    return text if len(text) <= TRACEBACK_MAX else "[…]\n" + text[-TRACEBACK_MAX:]


_EMITTING = Lock()  # job code may report from several threads
_OUR_FRAMES = frozenset({__name__, "queueapp.job_types"})


def _begin(job: JobContext) -> None:
    _stop_on_terminate(job.request_stop)
    log_through(job)


def _stop_on_terminate(request_stop: Callable[[], None]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: request_stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # The zygote blocks it before forking: a request that came early is delivered now.
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def _emit(event: Event) -> None:
    line = memoryview(json.dumps(event, default=str).encode() + b"\n")
    with _EMITTING:
        while line:
            line = line[os.write(EVENTS_FD, line) :]


def _read_all(fd: int) -> bytes:
    with os.fdopen(fd, "rb") as file:
        file.seek(0)
        return file.read()


def _print_by_lines() -> None:
    """What a job printed before it was killed is kept."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


def _flush_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue  # the job closed it
