"""Job types that run inside the worker's own process."""

import os
from collections.abc import Iterator

import pytest

from queueapp.domain.states import AttemptEnd
from queueapp.runner import StopKind
from tests.integration.runner.running import Bench, log_text, open_bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A runner; no zygote is needed here."""
    bench = open_bench(tmp_path_factory.mktemp("runner"))
    yield bench
    bench.runner.close()


def test_a_thread_job_runs_in_this_very_process(bench: Bench) -> None:
    """With the same context and the same outcome; memory is not its own, so not measured."""
    outcome = bench.run("Thread")

    assert AttemptEnd.COMPLETED == outcome.end
    assert {"pid": os.getpid()} == outcome.summary
    assert outcome.usage.cpu_seconds is not None
    assert outcome.usage.peak_rss_bytes is None
    assert bench.runner.zygote_pid is None


def test_a_thread_jobs_error_is_told_like_any_other(bench: Bench) -> None:
    """With its traceback as a log artifact."""
    outcome = bench.run("Thread", {"fail": True})

    assert outcome.failure is not None
    assert ("job_error", "One") == (outcome.failure.code, outcome.failure.stage)
    assert "ValueError: no" in log_text(outcome, "traceback.txt")


@pytest.mark.parametrize(
    ("kind", "end"),
    [(StopKind.CANCEL, AttemptEnd.CANCELLED), (StopKind.GIVE_BACK, AttemptEnd.GIVEN_BACK)],
)
def test_a_thread_job_stops_at_its_next_progress(
    bench: Bench, kind: StopKind, end: AttemptEnd
) -> None:
    """It cannot be killed, only asked."""
    run = bench.begin("Thread", {"wait": True})
    run.at_stage("One").stop(kind)

    assert end == run.wait().end


def test_a_thread_jobs_time_is_limited_where_it_reports(bench: Bench) -> None:
    """The deadline is looked at with each progress."""
    failure = bench.run("Thread", {"wait": True}, timeout_ms=200).failure

    assert failure is not None
    assert "timeout" == failure.code
