"""Memory limits, accounting, and many jobs at once."""

import pytest

from queueapp.domain.states import AttemptEnd
from queueapp.runner import StopKind
from tests.integration.runner.running import Bench


@pytest.mark.parametrize("polite", [True, False])
def test_memory_above_the_limit_ends_the_job(bench: Bench, polite: bool) -> None:
    """The tree is sampled twice a second; the hard limit stands behind it."""
    outcome = bench.run("Allocate", {"polite": polite}, memory_mb=150)

    assert outcome.failure is not None
    assert (AttemptEnd.FAILED, "out_of_memory") == (outcome.end, outcome.failure.code)
    assert "0.15 GB" in outcome.failure.message
    assert (outcome.usage.peak_rss_bytes or 0) > 100 * 1024**2


def test_one_job_out_of_memory_leaves_its_neighbour_alone(bench: Bench) -> None:
    """Limits belong to a job, not to the worker."""
    run = bench.begin("Sleep").at_stage("Sleeping")
    bench.run("AllocatePolars")
    bench.run("Allocate", memory_mb=150)
    run.stop(StopKind.CANCEL)

    assert AttemptEnd.CANCELLED == run.wait().end


def test_what_a_job_used_is_measured_from_outside(bench: Bench) -> None:
    """CPU of waited-for children counts; so do bytes written and system calls."""
    usage = bench.run("Use", {"megabytes": 3, "cpu_s": 0.4}).usage

    assert 0.4 < (usage.cpu_seconds or 0) < 3.0
    assert 3 * 1024**2 == usage.written_bytes
    assert (usage.io_operations or 0) > 3
    assert usage.network_bytes is None


def test_the_shortest_job_has_a_share_of_the_cpu(bench: Bench) -> None:
    """Where no sample could be taken, it is the mean over the run."""
    usage = bench.run("Use", {"megabytes": 1, "cpu_s": 0.02}).usage

    assert usage.cpu_percent is not None
    assert 0 <= usage.cpu_percent <= 100


def test_eight_jobs_run_at_once(bench: Bench) -> None:
    """One zygote serves every slot."""
    runs = [bench.begin("Sleep") for _ in range(8)]
    for run in runs:
        run.at_stage("Sleeping")
    for run in runs:
        run.stop(StopKind.CANCEL)

    assert [AttemptEnd.CANCELLED] * 8 == [run.wait().end for run in runs]
