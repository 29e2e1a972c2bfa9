"""Outlive a supervisor that was killed: end its programs gracefully, then leave the server.

The supervisor starts it and tells it over a pipe what runs; the pipe's end is the alarm.
It holds the run's lock, so that the next run on the data directory waits until all is quiet.
Run as `python -m queueapp.guardian DATA_DIR`.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from queueapp.embedded import leave_server
from queueapp.processes import group_lives, signal_group

STOP_WITHIN_S = 30.0
POLL_S = 0.05
DISMISSED = "done"


class Guardian:
    """The supervisor's end of the pipe."""

    def __init__(self, data_dir: Path, held_fds: Iterable[int]) -> None:
        command = [sys.executable, "-m", "queueapp.guardian", str(data_dir), *map(str, held_fds)]
        self._process = subprocess.Popen(  # noqa: S603 -- ourselves
            command,
            stdin=subprocess.PIPE,
            start_new_session=True,
            pass_fds=tuple(held_fds),
            text=True,
        )

    def watch(self, pid: int) -> None:
        """Add a program, the leader of its own session."""
        self._tell(f"+{pid}")

    def forget(self, pid: int) -> None:
        """Take away a program that has ended with all its group."""
        self._tell(f"-{pid}")

    def dismiss(self) -> None:
        """Let it go: everything was stopped in good order."""
        self._tell(DISMISSED)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait()

    def _tell(self, word: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it was killed: then there is nobody to tell
                self._process.stdin.write(f"{word}\n")
                self._process.stdin.flush()


def main(arguments: list[str]) -> None:
    """Wait for the alarm and do what has to be done then."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    data_dir, held_fds = Path(arguments[0]), [int(number) for number in arguments[1:]]
    groups = _groups_at_alarm()
    if groups is None:
        return
    _end(groups)
    # Our share of the server goes before the run's lock: the first of the held files is the lock.
    for descriptor in reversed(held_fds[1:]):
        os.close(descriptor)
    leave_server(data_dir)


def _groups_at_alarm() -> set[int] | None:
    """Return what runs when the pipe ends without a word; None after a proper farewell."""
    groups: set[int] = set()
    for line in sys.stdin:
        word = line.strip()
        if word == DISMISSED:
            return None
        change = groups.add if word[0] == "+" else groups.discard
        change(int(word[1:]))
    return groups


def _end(groups: set[int]) -> None:
    """Ask each program to end, wait, and kill what is left of its group."""
    for leader in groups:
        with contextlib.suppress(ProcessLookupError):
            os.kill(leader, signal.SIGTERM)
    deadline_s = time.monotonic() + STOP_WITHIN_S
    while groups := {group for group in groups if group_lives(group)}:
        if time.monotonic() > deadline_s:
            for group in groups:
                signal_group(group, signal.SIGKILL)
            return
        time.sleep(POLL_S)


if __name__ == "__main__":
    main(sys.argv[1:])
