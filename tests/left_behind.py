"""What a test leaves at work when it is over: threads, and processes that this one has started.

The guard in ``conftest.py`` asks before and after each test. A ghost would go on writing to the
store that the tests after it share, and they would fail instead of the one that left it.
"""

import threading
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path

import pytest

PATIENCE_S = 10.0
TASKS = Path("/proc/self/task")


class Shared:
    """What fixtures of more than one test have started: that goes on after the first of them."""

    def __init__(self) -> None:
        self.started: set[threading.Thread | int] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object]
    ) -> Generator[None, object, object]:
        """Note what the setup of such a fixture starts."""
        if fixturedef.scope == "function":
            return (yield)
        before = at_work()
        try:
            return (yield)
        finally:
            self.started |= at_work() - before


def at_work() -> frozenset[threading.Thread | int]:
    """Return the threads of this process, and the ids of its children, the unreaped included."""
    return frozenset(threading.enumerate()) | _children()


def _children() -> frozenset[int]:
    # Linux tells the children of each thread; elsewhere only threads are looked for.
    found: set[int] = set()
    for task in TASKS.iterdir() if TASKS.exists() else ():
        with suppress(OSError):  # a thread that has just ended
            found.update(map(int, (task / "children").read_bytes().split()))
    return frozenset(found)


def left_since(
    before: frozenset[threading.Thread | int], *, patience_s: float = PATIENCE_S
) -> list[str]:
    """Return what came since and does not end within the patience, in words."""
    deadline = time.monotonic() + patience_s
    while left := at_work() - before:
        if time.monotonic() > deadline:
            return sorted(map(_told, left))
        time.sleep(0.005)
    return []


def _told(one: threading.Thread | int) -> str:
    if isinstance(one, threading.Thread):
        return f"the thread {one.name}"
    try:
        command = Path(f"/proc/{one}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        command = ""
    return f"the process {one} {command.strip() or '(ended, not waited for)'}"[:300]
