"""Job types that write what they do into a log outside: whoever reads it sees each attempt live.

One line per fact in one write to a file opened for appending, so the file's order is the order
of events. A line is: fact, job, epoch, process id, time since the epoch in ms.
"""

import os
import time
from pathlib import Path

from queueapp import JobContext, job_type

TICK_S = 0.02


@job_type("Fenced", memory_gb=0.05)
def fenced(job: JobContext) -> None:
    """Live for `ms` and say so all the time, in the log that is named."""
    end = time.monotonic() + job.parameters["ms"] / 1000
    log = Path(job.parameters["log"])
    _note(log, "begin", job)
    while time.monotonic() < end:
        time.sleep(TICK_S)
        job.progress()
        _note(log, "alive", job)
    _note(log, "end", job)


def _note(log: Path, fact: str, job: JobContext) -> None:
    line = f"{fact} {job.id} {job.attempt} {os.getpid()} {time.time() * 1000:.0f}\n"
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, line.encode())
    os.close(descriptor)
