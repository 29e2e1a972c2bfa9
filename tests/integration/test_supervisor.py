"""The supervisor keeps toy programs running and ends them in order."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from queueapp.processes import group_lives
from queueapp.supervisor import Program, Supervisor
from tests.waiting import eventually

OBEDIENT = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("asked to end", flush=True), sys.exit(0)))
print("ready", flush=True)
while True: time.sleep(60)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True: time.sleep(60)
"""
# Leaves a stubborn child behind in its own group when it is killed.
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {STUBBORN!r}])
"""


def program(name: str, code: str) -> Program:
    return Program(name, [sys.executable, "-c", code], os.environ)


@dataclass
class Run:
    """A supervisor at work in a thread."""

    programs: list[Program]
    stop_within_s: float = 60.0
    output: io.StringIO = field(default_factory=io.StringIO)
    started: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    code: int | None = None

    def __enter__(self) -> "Run":
        self.supervisor = Supervisor(
            self.programs,
            on_start=self.started.append,
            on_end=self.ended.append,
            stop_within_s=self.stop_within_s,
            output=self.output,
        )
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def _run(self) -> None:
        self.code = self.supervisor.run()

    def says(self, text: str, times: int = 1) -> bool:
        return self.output.getvalue().count(text) >= times

    def __exit__(self, *_: object) -> None:
        self.supervisor.request_stop()
        self.thread.join()


def test_everything_is_asked_once_to_end() -> None:
    """A stop sends one SIGTERM to each program, and all ending well makes exit code 0."""
    with Run([program("one", OBEDIENT), program("two", OBEDIENT)]) as run:
        eventually(lambda: run.says("ready", 2))

    assert 0 == run.code
    assert 2 == run.output.getvalue().count("asked to end")
    assert sorted(run.started) == sorted(run.ended)


def test_each_line_names_its_program() -> None:
    """Output carries the name of the program that wrote it."""
    with Run([program("one", OBEDIENT)]) as run:
        eventually(lambda: run.says("ready"))

    assert "one      | ready\n" in run.output.getvalue()


def test_a_killed_program_is_started_again() -> None:
    """A program killed with -9 runs again soon, in a new process."""
    with Run([program("one", OBEDIENT)]) as run:
        eventually(lambda: run.says("ready"))
        os.kill(run.started[0], signal.SIGKILL)
        eventually(lambda: run.says("ready", 2))

    assert 0 == run.code
    assert "exit code 137" in run.output.getvalue()
    assert 2 == len(set(run.started))


def test_what_a_killed_program_left_is_ended() -> None:
    """The children that a killed program leaves behind do not live on."""
    with Run([program("one", PARENT)], stop_within_s=1.0) as run:
        eventually(lambda: run.says("ready"))
        os.kill(run.started[0], signal.SIGKILL)
        eventually(lambda: run.started[0] in run.ended)
        # A killed process may take a moment to be gone on a busy machine.
        eventually(lambda: not group_lives(run.started[0]))
        eventually(lambda: run.says("ready", 2))
    eventually(lambda: not any(group_lives(pid) for pid in run.started))


def test_the_stubborn_are_killed_after_the_wait() -> None:
    """A program that ignores the request is killed with its group, and that counts as a failure."""
    with Run([program("one", STUBBORN)], stop_within_s=0.3) as run:
        eventually(lambda: run.says("ready"))

    assert 1 == run.code
    eventually(lambda: not group_lives(run.started[0]))


def test_a_second_request_hurries() -> None:
    """Asked twice, the supervisor does not wait for the stubborn."""
    with Run([program("one", STUBBORN)], stop_within_s=120) as run:
        eventually(lambda: run.says("ready"))
        run.supervisor.request_stop()
        began = time.monotonic()

    assert time.monotonic() - began < 60
    eventually(lambda: not group_lives(run.started[0]))


def test_a_program_that_cannot_run_ends_the_rest() -> None:
    """A program that keeps failing ends everything, with its exit code."""
    broken = program("broken", "import sys; sys.exit(3)")
    with Run([program("one", OBEDIENT), broken]) as run:
        run.thread.join()

    assert 3 == run.code
    assert 1 == run.output.getvalue().count("asked to end")
    assert "giving up" in run.output.getvalue()


# Runs two obedient programs under a guardian, and says who they are.
GUARDED = """
import os, sys
from pathlib import Path
from queueapp.embedded import start_server
from queueapp.guardian import Guardian
from queueapp.supervisor import Program, Supervisor
lock = os.open(sys.argv[1] + ".lock", os.O_RDWR | os.O_CREAT)
import fcntl; fcntl.flock(lock, fcntl.LOCK_EX)
server = start_server(Path(sys.argv[1]))
guardian = Guardian(Path(sys.argv[1]), [lock, server.users_lock_fd])
def started(pid):
    guardian.watch(pid)
    print("started", pid, flush=True)
program = Program("one", [sys.executable, "-c", sys.argv[2]], os.environ)
Supervisor([program, program], on_start=started, output=sys.stderr).run()
"""


def test_the_programs_of_a_killed_supervisor_end(tmp_path: Path) -> None:
    """After kill -9 of the supervisor its programs end, then the server, then the lock is free."""
    import fcntl

    from queueapp.embedded.directory import Layout
    from queueapp.embedded.locks import is_locked

    data_dir = tmp_path / "data"
    run = subprocess.Popen(
        [sys.executable, "-c", GUARDED, str(data_dir), OBEDIENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    assert run.stderr is not None
    try:
        pids = [int(run.stdout.readline().split()[1]) for _ in range(2)]
        for _ in pids:
            assert "ready" in run.stderr.readline()
    finally:
        run.kill()
        run.communicate()
    with open(f"{data_dir}.lock", "r+") as lock:  # noqa: PTH123 -- beside the directory
        fcntl.flock(lock, fcntl.LOCK_EX)  # granted when the guardian is done

    eventually(lambda: not any(group_lives(pid) for pid in pids))
    assert not is_locked(Layout.of(data_dir).server_lock)
