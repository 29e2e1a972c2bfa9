"""Decides how an attempt ended, from why it was stopped, what it said and how its process ended.

Pure: no process, no clock. One table of rules, tried in order.
"""

import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from queueapp.domain.outcome import Failure
from queueapp.domain.states import AttemptEnd


class Reason(StrEnum):
    """Why the runner stopped a job; the first four are asked for from outside."""

    CANCEL = "cancel"
    FORCE = "force"
    LOST = "lost"
    GIVE_BACK = "give_back"
    TIMEOUT = "timeout"
    MEMORY = "memory"


AT_ONCE = frozenset({Reason.FORCE, Reason.LOST})


def outranks(new: Reason, old: Reason | None) -> bool:
    """Tell whether a new reason to stop replaces the present one."""
    if old is None or new is Reason.LOST:
        return old is not Reason.LOST
    if new is Reason.FORCE:
        return old not in AT_ONCE
    return new is Reason.CANCEL and old is Reason.GIVE_BACK


CRASHES = {
    signal.SIGSEGV: "a memory access that is not allowed",
    signal.SIGBUS: "a memory access that cannot be",
    signal.SIGFPE: "an arithmetic error",
    signal.SIGILL: "an instruction that the processor does not know",
    signal.SIGSYS: "a system call that is not allowed",
    signal.SIGABRT: "its own abort",
    signal.SIGTRAP: "a trap",
}
LONGEST_WAIT_S = 30 * 86_400
OUT_OF_MEMORY_WORDS = (b"memory allocation of", b"std::bad_alloc", b"MemoryError")


@dataclass(frozen=True)
class Ending:
    """All that is known about an attempt that is over."""

    reason: Reason | None
    said: dict[str, Any] | None  # the job's own end event
    exit_code: int | None = None  # of a process that exited
    killed_by: int | None = None  # the signal that ended it otherwise
    printed: bytes = b""
    stage: str | None = None
    near_memory_limit: bool = False
    memory_limit_bytes: int = 0
    timeout_ms: int = 0


def judge(ending: Ending) -> tuple[AttemptEnd, Failure | None]:
    """Say how the attempt ended, and if it failed, why."""
    if ending.reason is Reason.LOST:
        message = "The worker lost the right to run this job"
        return AttemptEnd.LOST, Failure("worker_lost", message, ending.stage)
    if ending.said is not None and ending.said.get("how") == "completed":
        return AttemptEnd.COMPLETED, None
    if ending.reason is not None:
        return _stopped(ending, ending.reason)
    if ending.said is not None:
        return _spoken(ending.said)
    if ending.killed_by is not None:
        return _killed(ending, ending.killed_by)
    message = f"The job's process ended with exit code {ending.exit_code} before it had finished"
    return _failed("job_error", message, ending)


def _stopped(ending: Ending, reason: Reason) -> tuple[AttemptEnd, Failure | None]:
    if reason is Reason.TIMEOUT:
        allowed = _minutes(ending.timeout_ms)
        return _failed("timeout", f"The job ran longer than the {allowed} allowed", ending)
    if reason is Reason.MEMORY:
        return _out_of_memory(ending)
    if reason is Reason.GIVE_BACK:
        return AttemptEnd.GIVEN_BACK, None
    return AttemptEnd.CANCELLED, None


def _spoken(said: dict[str, Any]) -> tuple[AttemptEnd, Failure | None]:
    if said.get("how") == "stopped":
        # Whoever stops the machine tells every process; the job did as it was told.
        return AttemptEnd.GIVEN_BACK, None
    return AttemptEnd.FAILED, Failure(
        code=str(said.get("code", "job_error")),
        message=str(said.get("message", "")),
        stage=said.get("stage"),
        exception=said.get("exception"),
        retryable=bool(said.get("retryable")),
        retry_after_ms=_milliseconds(said.get("after_s")),
    )


def _killed(ending: Ending, number: int) -> tuple[AttemptEnd, Failure | None]:
    if _ran_out_of_memory(ending, number):
        return _out_of_memory(ending)
    if number == signal.SIGXCPU:
        return _failed("timeout", "The job used all the CPU time that it may use", ending)
    if number in CRASHES:
        what = CRASHES[signal.Signals(number)]
        message = f"The job's process crashed by {what} (signal {number})"
        return _failed("job_error", message, ending)
    message = f"The job's process was killed by signal {number}"
    return AttemptEnd.LOST, Failure("killed", message, ending.stage)


def _ran_out_of_memory(ending: Ending, number: int) -> bool:
    if number == signal.SIGABRT:
        return any(words in ending.printed for words in OUT_OF_MEMORY_WORDS)
    return number in (signal.SIGKILL, signal.SIGSEGV) and ending.near_memory_limit


def _out_of_memory(ending: Ending) -> tuple[AttemptEnd, Failure | None]:
    limit = f"{ending.memory_limit_bytes / 1024**3:.2f} GB"
    return _failed("out_of_memory", f"The job needed more memory than its limit of {limit}", ending)


def _failed(code: str, message: str, ending: Ending) -> tuple[AttemptEnd, Failure]:
    return AttemptEnd.FAILED, Failure(code=code, message=message, stage=ending.stage)


def _milliseconds(seconds: object) -> int | None:
    if isinstance(seconds, int | float) and 0 <= seconds <= LONGEST_WAIT_S:
        return round(seconds * 1000)
    return None


def _minutes(ms: int) -> str:
    if ms % 60_000 == 0:
        minutes = ms // 60_000
        return f"{minutes} minute" if minutes == 1 else f"{minutes} minutes"
    return f"{ms / 1000:g} seconds"
