"""Steering beside claims: what was answered holds from that moment on."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from queueapp.domain.fleet import Node
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, finish, submit
from tests.waiting import eventually

LARGE = Node("large", "large", cpu_units=1000, memory_mb=10**7)


def test_nothing_starts_after_a_pause_was_answered(store: Store) -> None:
    """Of claims made at the same time some may win; none that begins after the answer does."""
    workers = [add_worker(store, f"w{number}", node=LARGE) for number in range(4)]
    for _ in range(120):
        submit(store)
    over = threading.Event()
    won: list[tuple[float, float]] = []  # when each claim that won began, and was answered

    def work(worker: str) -> None:
        while not over.is_set():
            at = time.monotonic()
            held = claim(store, worker)
            if held is not None:
                won.append((at, time.monotonic()))
                finish(store, held, "given_back")

    with ThreadPoolExecutor(len(workers)) as pool:
        done = [pool.submit(work, worker) for worker in workers]
        answered: list[tuple[float, float]] = []
        try:
            for _ in range(5):
                eventually(lambda: won and (not answered or won[-1][0] >= answered[-1][1]))
                store.pauses.pause(SCOPE)
                paused_at = time.monotonic()
                time.sleep(0.03)
                answered.append((paused_at, time.monotonic()))
                store.pauses.resume(SCOPE)
        finally:
            over.set()
        for one in done:
            one.result()

    # One that began just before the resume may reach the server after it, and win.
    inside = [at for at, end in won for first, last in answered if first < at and end < last]

    assert [] == inside
