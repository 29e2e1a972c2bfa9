"""Stopping jobs: politely, by force, by time, and everything they started with them."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from queueapp.domain.errors import LeaseLost
from queueapp.domain.outcome import Progress, Usage
from queueapp.domain.states import AttemptEnd
from queueapp.runner import StopKind
from tests.integration.runner.running import Bench, log_text, open_bench
from tests.waiting import eventually

GRACE_S = 30.0  # so long that waiting it out is told from a slow machine


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A started runner with a long grace."""
    bench = open_bench(tmp_path_factory.mktemp("patient"), grace_s=GRACE_S)
    bench.runner.start()
    yield bench
    bench.runner.close()


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        (StopKind.CANCEL, AttemptEnd.CANCELLED),
        (StopKind.FORCE, AttemptEnd.CANCELLED),
        (StopKind.GIVE_BACK, AttemptEnd.GIVEN_BACK),
        (StopKind.LOST, AttemptEnd.LOST),
    ],
)
def test_each_kind_of_stop_ends_a_polite_job_at_once(
    patient: Bench, kind: StopKind, end: AttemptEnd
) -> None:
    """No grace is waited out when the job stops by itself or is killed."""
    run = patient.begin("Sleep").at_stage("Sleeping")

    began = time.monotonic()
    run.stop(kind)

    assert end == run.wait().end
    assert time.monotonic() - began < GRACE_S


def test_the_end_of_a_job_is_heard_amid_renewals(tmp_path: Path) -> None:
    """Each crosses the other now and then, and the process that forks jobs must not pay for it."""
    bench = open_bench(tmp_path, right_ends_s=lambda *_: time.monotonic() + 60)
    over = threading.Event()

    def renew() -> None:
        while not over.wait(0.0002):
            bench.runner.renew()

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        ends = [bench.run("Nothing").end for _ in range(25)]
    finally:
        over.set()
        thread.join()
        bench.runner.close()

    assert {AttemptEnd.COMPLETED} == set(ends)


def test_a_cancelled_job_keeps_what_it_had_finished(bench: Bench) -> None:
    """Files that were complete before the stop are partial results."""
    run = bench.begin("Sleep").at_stage("Sleeping")
    run.stop(StopKind.CANCEL)

    outcome = run.wait()

    assert ["partial.txt"] == [output.name for output in outcome.outputs]
    assert (1, "Sleeping") == (outcome.progress.records_done, outcome.progress.stage)


@pytest.mark.parametrize("kind", [StopKind.CANCEL, StopKind.GIVE_BACK])
def test_a_job_that_ignores_the_request_is_killed_after_the_grace(
    bench: Bench, kind: StopKind
) -> None:
    """The grace is one second here."""
    run = bench.begin("Deaf").at_stage("Deaf")

    began = time.monotonic()
    run.stop(kind)
    outcome = run.wait()

    assert outcome.end in (AttemptEnd.CANCELLED, AttemptEnd.GIVEN_BACK)
    assert 0.9 < time.monotonic() - began < GRACE_S


def test_force_during_the_grace_ends_it(patient: Bench) -> None:
    """A stronger wish does not wait for a weaker one."""
    run = patient.begin("Deaf").at_stage("Deaf")
    run.stop(StopKind.CANCEL)

    began = time.monotonic()
    run.stop(StopKind.FORCE)

    assert AttemptEnd.CANCELLED == run.wait().end
    assert time.monotonic() - began < GRACE_S


def test_what_the_reporter_asks_for_is_done(bench: Bench) -> None:
    """The reporter's answer is how a cancel request usually arrives."""
    outcome = bench.run("Sleep", report=lambda progress, usage: StopKind.CANCEL)

    assert AttemptEnd.CANCELLED == outcome.end


def test_a_reporter_that_finds_the_lease_lost_ends_the_attempt(bench: Bench) -> None:
    """Somebody else runs the job now."""

    def report(progress: Progress, usage: Usage) -> None:
        raise LeaseLost

    assert AttemptEnd.LOST == bench.run("Sleep", report=report).end


def test_a_reporter_that_fails_costs_no_job_its_life(bench: Bench) -> None:
    """A store that is away for a moment is no reason to lose work."""
    calls = []

    def report(progress: Progress, usage: Usage) -> StopKind | None:
        calls.append(progress)
        if len(calls) == 1:
            raise ConnectionError
        return StopKind.CANCEL

    assert AttemptEnd.CANCELLED == bench.run("Sleep", report=report).end
    assert 2 <= len(calls)


def test_a_stop_for_another_attempt_is_nobodys_business(bench: Bench) -> None:
    """The epoch tells attempts apart."""
    run = bench.begin("Sleep").at_stage("Sleeping")
    bench.runner.stop(run.task.claim.job.id, 99, StopKind.FORCE)
    bench.runner.stop("unknown", 1, StopKind.FORCE)
    run.stop(StopKind.CANCEL)

    assert AttemptEnd.CANCELLED == run.wait().end


def test_a_stop_that_comes_before_the_start_is_not_forgotten(bench: Bench) -> None:
    """A drain may begin in the middle of a claim."""
    run = bench.begin("Sleep")
    eventually(lambda: bench.runner.running)
    run.stop(StopKind.GIVE_BACK)

    assert AttemptEnd.GIVEN_BACK == run.wait().end


def test_time_that_is_over_is_a_timeout(bench: Bench) -> None:
    """Running time counts; what was finished is kept."""
    outcome = bench.run("Sleep", timeout_ms=300)

    assert outcome.failure is not None
    assert (AttemptEnd.FAILED, "timeout") == (outcome.end, outcome.failure.code)
    assert "0.3 seconds" in outcome.failure.message
    assert ["partial.txt"] == [output.name for output in outcome.outputs]


@pytest.mark.parametrize("how", [StopKind.CANCEL, StopKind.FORCE, StopKind.LOST])
def test_a_stop_takes_the_whole_process_tree(bench: Bench, how: StopKind) -> None:
    """Sessions of their own and orphans are no escape."""
    run = bench.begin("Grandchildren").at_stage("Started")
    run.stop(how)
    pids = run.wait().summary["pids"]

    assert [] == [pid for pid in pids if psutil.pid_exists(pid)]


def test_a_job_that_ends_leaves_no_process_behind(bench: Bench) -> None:
    """Completed or not: when the outcome is there, its processes are not."""
    outcome = bench.run("Grandchildren", {"leave": True})

    assert AttemptEnd.COMPLETED == outcome.end
    assert [] == [pid for pid in outcome.summary["pids"] if psutil.pid_exists(pid)]


def test_a_job_does_not_touch_its_neighbours_processes(bench: Bench) -> None:
    """Only orphans of ended jobs are mopped up."""
    run = bench.begin("Grandchildren").at_stage("Started")
    bench.run("Grandchildren", {"leave": True})
    bench.run("Nothing")

    child = psutil.Process(bench.runner.zygote_pid).children()[0]
    assert 2 == len(child.children())
    run.stop(StopKind.FORCE)
    run.wait()


def test_progress_is_reported_at_each_stage_and_each_second(bench: Bench) -> None:
    """Never more than about five times a second."""
    run = bench.begin("Sleep")
    eventually(lambda: len(run.progress) >= 3)
    began = time.monotonic()
    seen = len(run.progress)
    eventually(lambda: len(run.progress) >= seen + 2)

    assert 0.9 < time.monotonic() - began < 20.0
    run.stop(StopKind.CANCEL)
    outcome = run.wait()
    assert (outcome.usage.rss_bytes or 0) > 10_000_000
    assert outcome.usage.cpu_percent is not None


def test_what_was_printed_before_a_kill_is_kept(bench: Bench) -> None:
    """Lines are written when they are printed, not when the process ends."""
    outcome = bench.run("PrintAndDie")

    assert AttemptEnd.LOST == outcome.end
    assert "famous last words\n" == log_text(outcome, "output.txt")
