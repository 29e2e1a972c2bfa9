"""Run several programs as one: prefix their output, restart what dies, stop everything in order.

`queueapp up` calls it. Each program gets a session of its own, so that a Ctrl-C reaches only us
and each program gets exactly one SIGTERM; it knows nothing of what the programs are.
"""

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from queueapp.processes import group_lives, signal_group

POLL_S = 0.1
STOP_WITHIN_S = 30.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
# A program that lived this long counts as having worked: its next failure is a first one again.
WORKED_S = 10.0
GIVE_UP_AFTER = 5


@dataclass(frozen=True)
class Program:
    """One program to keep running."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    pass_fds: tuple[int, ...] = ()


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    failures: int = 0
    start_again_s: float = 0.0
    pumps: list[threading.Thread] = field(default_factory=list)


class Supervisor:
    """Keeps programs running until it is asked to stop."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        on_start: Callable[[int], None] = lambda _pid: None,
        on_end: Callable[[int], None] = lambda _pid: None,
        each_round: Callable[[], None] = lambda: None,
        stop_within_s: float = STOP_WITHIN_S,
        output: IO[str] | None = None,
    ) -> None:
        self._children = [_Child(program) for program in programs]
        self._on_start, self._on_end = on_start, on_end
        self.each_round = each_round
        self._stop_within_s = stop_within_s
        self._output = output or sys.stdout
        self._writing = threading.Lock()
        self._stop_requests = 0
        self._exit_code = 0
        # Groups whose leader died: what is left of them, and when it is killed.
        self._leftovers: dict[int, float] = {}

    def request_stop(self) -> None:
        """Ask for the end; a second request kills what has not ended yet. Signal-safe."""
        self._stop_requests += 1

    def fail(self, message: str) -> None:
        """Ask for the end because something that all depends on went wrong."""
        self.say(message)
        self._give_up(1)

    def say(self, line: str, name: str = "queueapp") -> None:
        """Write one line in the common form."""
        with self._writing, contextlib.suppress(OSError, ValueError):
            self._output.write(f"{name:<9}| {line}\n")
            self._output.flush()

    def run(self) -> int:
        """Start everything, keep it running until a stop is asked, and return the exit code."""
        try:
            while not self._stop_requests:
                for child in self._children:
                    self._look_after(child)
                self._kill_leftovers()
                self.each_round()
                time.sleep(POLL_S)
        finally:
            self._stop_all()
        return self._exit_code

    def _give_up(self, code: int) -> None:
        self._exit_code = self._exit_code or code
        self._stop_requests = max(1, self._stop_requests)

    def _look_after(self, child: _Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_again_s and not self._stop_requests:
                self._start(child)
        elif child.process.poll() is not None:
            self._ended_by_itself(child)

    def _start(self, child: _Child) -> None:
        program = child.program
        child.process = subprocess.Popen(  # noqa: S603 -- our own programs
            program.command,
            env=dict(program.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=program.pass_fds,
        )
        child.started_s = time.monotonic()
        self._on_start(child.process.pid)
        pump = threading.Thread(target=self._pump, args=(program.name, child.process), daemon=True)
        pump.start()
        child.pumps = [*(old for old in child.pumps if old.is_alive()), pump]

    def _pump(self, name: str, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101 -- a pipe was asked for
        with process.stdout as lines:
            for line in lines:
                self.say(line.decode(errors="replace").rstrip("\r\n"), name)

    def _ended_by_itself(self, child: _Child) -> None:
        process, lived_s = self._forget(child), time.monotonic() - child.started_s
        child.failures = 1 if lived_s >= WORKED_S else child.failures + 1
        code = _shell_code(process.returncode)
        if child.failures >= GIVE_UP_AFTER:
            self.say(f"{child.program.name} keeps ending (exit code {code}); giving up")
            self._give_up(code or 1)
            return
        pause_s = min(FIRST_PAUSE_S * 2 ** (child.failures - 1), LONGEST_PAUSE_S)
        child.start_again_s = time.monotonic() + pause_s
        self.say(f"{child.program.name} ended (exit code {code}); again in {pause_s:g} s")

    def _forget(self, child: _Child) -> subprocess.Popen[bytes]:
        """Let go of an ended process; what is left of its group is asked to end as well."""
        process = child.process
        assert process is not None  # noqa: S101 -- callers saw it end
        child.process = None
        if group_lives(process.pid):
            signal_group(process.pid, signal.SIGTERM)
            self._leftovers[process.pid] = time.monotonic() + self._stop_within_s
        else:
            self._on_end(process.pid)
        return process

    def _kill_leftovers(self) -> None:
        for group, deadline_s in list(self._leftovers.items()):
            if not group_lives(group):
                del self._leftovers[group]
                self._on_end(group)
            elif time.monotonic() > deadline_s:
                signal_group(group, signal.SIGKILL)

    def _stop_all(self) -> None:
        """Send one SIGTERM to each program, wait, then kill the groups of those that remain."""
        for child in self._children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        deadline_s = time.monotonic() + self._stop_within_s
        while self._anything_left():
            if time.monotonic() > deadline_s or self._stop_requests > 1:
                self._kill_all()
                break
            time.sleep(POLL_S / 5)
        for child in self._children:
            for pump in child.pumps:
                pump.join(timeout=1.0)

    def _anything_left(self) -> bool:
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._ended_as_asked(child)
        self._kill_leftovers()
        return any(child.process for child in self._children) or bool(self._leftovers)

    def _ended_as_asked(self, child: _Child) -> None:
        code = self._forget(child).returncode
        if code not in (0, -signal.SIGTERM):
            self._exit_code = self._exit_code or _shell_code(code)
            self.say(f"{child.program.name} ended with exit code {_shell_code(code)}")

    def _kill_all(self) -> None:
        for child in self._children:
            if child.process is not None:
                self.say(f"{child.program.name} did not end in time; killed")
                self._exit_code = self._exit_code or 1
                signal_group(child.process.pid, signal.SIGKILL)
                child.process.wait()
                self._on_end(child.process.pid)
        for group in self._leftovers:
            signal_group(group, signal.SIGKILL)


def _shell_code(code: int) -> int:
    return 128 - code if code < 0 else code
