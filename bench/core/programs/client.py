"""The process that enqueues: ``client.py MODULE enqueue N`` or ``... latency N SECONDS FIFO``.

MODULE offers ``nothing()``, which enqueues a job that does nothing, and ``mark(path, sent_ns)``,
which enqueues one that writes ``sent_ns`` and its own start into a named pipe.
It prints one JSON object; it runs in the virtual environment of the system that it serves, so it
imports nothing but the standard library.
"""

import importlib
import json
import os
import random
import sys
import time
from types import ModuleType

WARM_UP = 3
GAPS_S = (0.03, 0.08)  # time for the worker to fall idle again
PATIENCE_S = 30.0


def enqueue(system: ModuleType, jobs: int) -> dict[str, object]:
    """Enqueue jobs and tell what each call took, and this process's CPU time."""
    taken = []
    cpu = time.process_time()
    for _ in range(jobs):
        began = time.perf_counter_ns()
        system.nothing()
        taken.append((time.perf_counter_ns() - began) / 1000)
    return {"us": taken, "cpu_s": time.process_time() - cpu}


def latency(system: ModuleType, jobs: int, seconds: float, fifo: str) -> dict[str, object]:
    """Send jobs to an idle worker, each after the one before; tell what passed until they began."""
    pipe = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    dice = random.Random(7)
    taken: list[float] = []
    end = time.monotonic() + seconds
    for number in range(jobs + WARM_UP):
        if time.monotonic() > end and number > WARM_UP:
            break
        time.sleep(dice.uniform(*GAPS_S))
        system.mark(fifo, time.monotonic_ns())
        sent, began = map(int, _line(pipe).split())
        if number >= WARM_UP:
            taken.append((began - sent) / 1e6)
    return {"ms": taken}


def _line(pipe: int) -> bytes:
    """Wait for one line; a line this short arrives in one piece."""
    import select

    if not select.select([pipe], [], [], PATIENCE_S)[0]:
        raise SystemExit(f"no job began within {PATIENCE_S} s")
    return os.read(pipe, 4096)


def write_mark(path: str, sent_ns: int) -> None:
    """Tell the client that the job has begun; the body of each system's marking job."""
    began = time.monotonic_ns()
    pipe = os.open(path, os.O_WRONLY)
    os.write(pipe, f"{sent_ns} {began}\n".encode())
    os.close(pipe)


def main(arguments: list[str]) -> None:
    """Do what the command line asks."""
    system = importlib.import_module(arguments[0])
    if arguments[1] == "enqueue":
        told = enqueue(system, int(arguments[2]))
    else:
        told = latency(system, int(arguments[2]), float(arguments[3]), arguments[4])
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
