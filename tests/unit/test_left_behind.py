"""The guard over the tests sees what one leaves at work, and lets an hour's end pass before one."""

import os
import subprocess
import sys
import threading
import time

import pytest

from tests.left_behind import at_work, left_since
from tests.waiting import wait_for_a_whole_hour


def test_a_thread_that_goes_on_is_named() -> None:
    """Until it has ended."""
    before, over = at_work(), threading.Event()
    ghost = threading.Thread(target=over.wait, name="ghost")
    ghost.start()
    try:
        told = left_since(before, patience_s=0.0)
    finally:
        over.set()
        ghost.join()

    assert ["the thread ghost"] == told
    assert [] == left_since(before)


def test_a_process_that_goes_on_is_named() -> None:
    """Also when it has ended and nobody has waited for it."""
    before = at_work()
    ghost = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        (running,) = left_since(before, patience_s=0.0)
        ghost.kill()
        os.waitid(os.P_PID, ghost.pid, os.WEXITED | os.WNOWAIT)
        (ended,) = left_since(before, patience_s=0.0)
    finally:
        ghost.kill()
        ghost.communicate()

    assert running.startswith(f"the process {ghost.pid} ")
    assert f"the process {ghost.pid} (ended, not waited for)" == ended
    assert [] == left_since(before)


@pytest.mark.parametrize(
    ("second", "slept"), [(1_800, []), (3_584, []), (3_590, [20]), (3, [7]), (10, [])]
)
def test_a_test_begins_in_the_midst_of_an_hour(
    monkeypatch: pytest.MonkeyPatch, second: int, slept: list[int]
) -> None:
    """It waits before the end, and shortly after it."""
    told: list[float] = []
    monkeypatch.setattr(time, "sleep", told.append)
    wait_for_a_whole_hour(1_795_341_600.0 // 3600 * 3600 + second)

    assert slept == told
