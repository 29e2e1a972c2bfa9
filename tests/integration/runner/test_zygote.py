"""The zygote: its death, its return, its end with the worker, and life without forks."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from queueapp.domain.states import AttemptEnd
from queueapp.runner import RunnerLost, RunnerUnusable, StopKind
from tests.integration.runner.running import Bench, open_bench
from tests.waiting import eventually

PATIENCE_S = 3.0  # with a zygote that is stopped; one that works must answer within it
RIGHT_S = 4.0  # a job must have begun within it


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A runner of its own for each test."""
    bench = open_bench(tmp_path)
    yield bench
    bench.runner.close()


def test_a_killed_zygote_loses_its_jobs_and_is_replaced(bench: Bench) -> None:
    """The runs end as lost, their processes are gone, and the next run works."""
    runs = [bench.begin("Sleep").at_stage("Sleeping") for _ in range(3)]
    killed = bench.runner.zygote_pid
    assert killed is not None
    children = [one.pid for one in psutil.Process(killed).children()]
    assert 3 == len(children)

    os.kill(killed, signal.SIGKILL)

    for run in runs:
        with pytest.raises(RunnerLost):
            run.wait()
    eventually(lambda: not any(_lives(pid) for pid in children))
    assert AttemptEnd.COMPLETED == bench.run("Nothing").end
    assert killed != bench.runner.zygote_pid


def test_a_type_finds_its_modules_imported(bench: Bench) -> None:
    """Once, by the first job of the type; one that is not there stops nobody."""
    outcomes = [bench.run("Imports") for _ in range(2)]

    assert [{"there": True}] * 2 == [outcome.summary for outcome in outcomes]
    assert "wave" not in sys.modules


def test_a_killed_zygote_takes_the_grandchildren_too(bench: Bench) -> None:
    """Nobody else would: they have sessions of their own."""
    run = bench.begin("Grandchildren").at_stage("Started")
    eventually(lambda: len(run.progress) >= 3)  # the tree has been sampled
    assert bench.runner.zygote_pid is not None
    tree = [one.pid for one in psutil.Process(bench.runner.zygote_pid).children(recursive=True)]

    os.kill(bench.runner.zygote_pid, signal.SIGKILL)

    with pytest.raises(RunnerLost):
        run.wait()
    eventually(lambda: not [pid for pid in tree if _lives(pid)])


def test_closing_the_runner_ends_everything(bench: Bench) -> None:
    """A worker that shuts down leaves no process behind."""
    run = bench.begin("Grandchildren").at_stage("Started")
    assert bench.runner.zygote_pid is not None
    zygote = psutil.Process(bench.runner.zygote_pid)
    tree = [zygote.pid, *(one.pid for one in zygote.children(recursive=True))]

    bench.runner.close()

    with pytest.raises(RunnerLost):
        run.wait()
    eventually(lambda: not [pid for pid in tree if _lives(pid)])


def test_a_killed_worker_takes_zygote_and_jobs_with_it(tmp_path: Path) -> None:
    """The socket's end is the sign; no lock file, no process id file."""
    script = (
        "import sys, time; from pathlib import Path\n"
        "from tests.integration.runner.running import open_bench\n"
        "bench = open_bench(Path(sys.argv[1]))\n"
        "run = bench.begin('Grandchildren').at_stage('Started')\n"
        "print(bench.runner.zygote_pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    try:
        assert worker.stdout is not None
        zygote = psutil.Process(int(worker.stdout.readline()))
        tree = [zygote.pid, *(one.pid for one in zygote.children(recursive=True))]
        assert 4 <= len(tree)
    finally:
        worker.kill()
        worker.communicate()

    eventually(lambda: not [pid for pid in tree if _lives(pid)])


def test_a_zygote_that_hangs_is_replaced(tmp_path: Path) -> None:
    """Stopped for ever, it would hold up every slot."""
    bench = open_bench(tmp_path, patience_s=PATIENCE_S)
    try:
        run = bench.begin("Sleep").at_stage("Sleeping")
        assert bench.runner.zygote_pid is not None
        os.kill(bench.runner.zygote_pid, signal.SIGSTOP)
        with pytest.raises(RunnerLost, match="did not answer"):
            bench.run("Nothing")
        with pytest.raises(RunnerLost):
            run.wait()
        assert AttemptEnd.COMPLETED == bench.run("Nothing").end
    finally:
        bench.runner.close()


def test_a_job_that_cannot_be_heard_of_any_more_is_lost(tmp_path: Path) -> None:
    """Killed, but the zygote that would tell is stopped."""
    bench = open_bench(tmp_path, patience_s=PATIENCE_S)
    try:
        run = bench.begin("Sleep").at_stage("Sleeping")
        assert bench.runner.zygote_pid is not None
        os.kill(bench.runner.zygote_pid, signal.SIGSTOP)
        run.stop(StopKind.FORCE)
        with pytest.raises(RunnerLost, match="did not tell"):
            run.wait()
        assert AttemptEnd.COMPLETED == bench.run("Nothing").end
    finally:
        bench.runner.close()


def test_a_job_ends_with_its_right_to_run(tmp_path: Path) -> None:
    """A frozen worker ends nothing, so the zygote keeps the time that it was told."""
    bench = open_bench(tmp_path, right_ends_s=lambda _job, _epoch: time.monotonic() + 0.5)
    bench.runner.start()
    try:
        outcome = bench.run("Sleep")
        assert AttemptEnd.LOST == outcome.end
        assert outcome.failure is not None
        assert "worker_lost" == outcome.failure.code
    finally:
        bench.runner.close()


def test_a_job_without_a_right_to_run_does_not_begin(tmp_path: Path) -> None:
    """Its lease may have ended on the way: then somebody else may be at it."""
    bench = open_bench(tmp_path, right_ends_s=lambda _job, _epoch: time.monotonic())
    try:
        with pytest.raises(RunnerLost, match="before the job could begin"):
            bench.run("Nothing")
        assert bench.runner.zygote_pid is None
    finally:
        bench.runner.close()


def test_a_job_runs_on_while_its_right_is_renewed(tmp_path: Path) -> None:
    """What counts is the newest end that the zygote was told."""
    ends = iter([RIGHT_S, 600.0])
    bench = open_bench(tmp_path, right_ends_s=lambda _job, _epoch: time.monotonic() + next(ends))
    bench.runner.start()
    try:
        run = bench.begin("Sleep").at_stage("Sleeping")
        bench.runner.renew()
        with pytest.raises(AssertionError, match="still running"):
            run.wait(RIGHT_S)
        run.stop(StopKind.CANCEL)
        assert AttemptEnd.CANCELLED == run.wait().end
    finally:
        bench.runner.close()


def test_the_zygote_ignores_signals_that_are_meant_for_the_worker(bench: Bench) -> None:
    """A service manager may signal every process of the group."""
    bench.runner.start()
    assert bench.runner.zygote_pid is not None
    before = bench.runner.zygote_pid
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(before, number)

    assert AttemptEnd.COMPLETED == bench.run("Nothing").end
    assert before == bench.runner.zygote_pid


def test_a_module_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    """The error of the start says which module and why."""
    bench = open_bench(tmp_path, modules=["no_such_module_anywhere"])

    with pytest.raises(RunnerUnusable, match="no_such_module_anywhere"):
        bench.runner.start()


def test_modules_are_found_where_the_worker_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's own search path is handed over."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "plugged_in_jobs.py").write_text(
        "from queueapp import job_type\n\n"
        "@job_type('Zoo.PluggedIn')\n"
        "def plugged_in(job):\n    job.summary(here=True)\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    bench = open_bench(tmp_path, modules=["plugged_in_jobs"])
    try:
        assert {"here": True} == bench.run("PluggedIn").summary
    finally:
        bench.runner.close()


def test_where_forking_is_forbidden_a_fresh_interpreter_does_the_same(tmp_path: Path) -> None:
    """Slower, with the same limits, files and ends."""
    bench = open_bench(tmp_path, isolation="exec")
    try:
        assert {"counted": 3} == bench.run("Count", {"n": 3}).summary
        assert "exec" == bench.runner.mode
        run = bench.begin("Sleep").at_stage("Sleeping")
        run.stop(StopKind.CANCEL)
        assert AttemptEnd.CANCELLED == run.wait().end
        seen = bench.run("Environment", cpu_units=1).summary
        assert (True, 1) == (seen["session"], seen["polars_threads"])
    finally:
        bench.runner.close()


def test_a_module_that_breaks_forks_is_noticed_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork that dies in the self-check means fresh interpreters from then on."""
    (tmp_path / "forbids_forks.py").write_text(
        "import os\n"
        "from queueapp import job_type\n\n"
        "os.register_at_fork(after_in_child=lambda: os._exit(9))\n\n"
        "@job_type('Zoo.NoForks')\n"
        "def no_forks(job):\n    job.summary(ran=True)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    bench = open_bench(tmp_path, modules=["forbids_forks"])
    try:
        bench.runner.start()
        assert "exec" == bench.runner.mode
    finally:
        bench.runner.close()


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
