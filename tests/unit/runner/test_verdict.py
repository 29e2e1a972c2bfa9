"""The rules by which an attempt's end is judged."""

import signal
from typing import Any

import pytest

from queueapp.domain.states import AttemptEnd
from queueapp.runner.verdict import Ending, Reason, judge, outranks

COMPLETED = {"how": "completed"}
STOPPED = {"how": "stopped"}
FAILED = {"how": "failed", "code": "job_error", "message": "no", "stage": "S"}


@pytest.mark.parametrize(
    ("reason", "said", "process", "end", "code"),
    [
        (None, COMPLETED, {"exit_code": 0}, AttemptEnd.COMPLETED, None),
        (None, FAILED, {"exit_code": 0}, AttemptEnd.FAILED, "job_error"),
        (None, STOPPED, {"exit_code": 0}, AttemptEnd.GIVEN_BACK, None),
        (None, None, {"exit_code": 0}, AttemptEnd.FAILED, "job_error"),
        (None, None, {"exit_code": 3}, AttemptEnd.FAILED, "job_error"),
        (None, None, {"killed_by": signal.SIGKILL}, AttemptEnd.LOST, "killed"),
        (None, None, {"killed_by": signal.SIGHUP}, AttemptEnd.LOST, "killed"),
        (None, None, {"killed_by": signal.SIGSEGV}, AttemptEnd.FAILED, "job_error"),
        (None, None, {"killed_by": signal.SIGXCPU}, AttemptEnd.FAILED, "timeout"),
        (Reason.LOST, COMPLETED, {"exit_code": 0}, AttemptEnd.LOST, "worker_lost"),
        (Reason.CANCEL, STOPPED, {"exit_code": 0}, AttemptEnd.CANCELLED, None),
        (Reason.CANCEL, FAILED, {"exit_code": 0}, AttemptEnd.CANCELLED, None),
        (Reason.CANCEL, COMPLETED, {"exit_code": 0}, AttemptEnd.COMPLETED, None),
        (Reason.FORCE, None, {"killed_by": 9}, AttemptEnd.CANCELLED, None),
        (Reason.GIVE_BACK, FAILED, {"exit_code": 0}, AttemptEnd.GIVEN_BACK, None),
        (Reason.GIVE_BACK, None, {"killed_by": 9}, AttemptEnd.GIVEN_BACK, None),
        (Reason.TIMEOUT, STOPPED, {"exit_code": 0}, AttemptEnd.FAILED, "timeout"),
        (Reason.TIMEOUT, None, {"killed_by": 9}, AttemptEnd.FAILED, "timeout"),
        (Reason.MEMORY, None, {"killed_by": 9}, AttemptEnd.FAILED, "out_of_memory"),
    ],
)
def test_every_end_has_one_verdict(
    reason: Reason | None,
    said: dict[str, Any] | None,
    process: dict[str, int],
    end: AttemptEnd,
    code: str | None,
) -> None:
    """Why it was stopped beats what it said, except that finished work stays finished."""
    got, failure = judge(Ending(reason, said, **process))

    assert (end, code) == (got, failure.code if failure else None)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"killed_by": 6, "printed": b"memory allocation of 9 bytes failed"}, "out_of_memory"),
        ({"killed_by": 6, "printed": b"terminate: std::bad_alloc"}, "out_of_memory"),
        ({"killed_by": 6, "printed": b"assertion failed"}, "job_error"),
        ({"killed_by": 9, "near_memory_limit": True}, "out_of_memory"),
        ({"killed_by": 9, "near_memory_limit": False}, "killed"),
    ],
)
def test_memory_is_recognised_by_its_traces(facts: dict[str, Any], code: str) -> None:
    """Libraries that abort instead of raising say so in what they print."""
    _, failure = judge(Ending(None, None, **facts))

    assert failure is not None
    assert code == failure.code


def test_a_timeout_names_the_time_in_minutes() -> None:
    """The number is what the submitter asked for."""
    _, failure = judge(Ending(Reason.TIMEOUT, None, timeout_ms=120 * 60_000))

    assert failure is not None
    assert "The job ran longer than the 120 minutes allowed" == failure.message


def test_stronger_reasons_replace_weaker_ones() -> None:
    """Lost beats all, force beats the rest, a cancel beats a give-back; the first otherwise."""
    replaces = {
        (new, old) for new in Reason for old in Reason if new is not old and outranks(new, old)
    }
    lost = {(Reason.LOST, old) for old in Reason if old is not Reason.LOST}
    force = {(Reason.FORCE, old) for old in Reason if old not in (Reason.LOST, Reason.FORCE)}

    assert lost | force | {(Reason.CANCEL, Reason.GIVE_BACK)} == replaces
    assert all(outranks(new, None) for new in Reason)
