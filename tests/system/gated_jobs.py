"""A job type for tests of whole processes: it runs until the test lets it end."""

import os
import time
from pathlib import Path

from queueapp import JobContext, job_type


@job_type("Gated", stages=("Waiting",))
def gated(job: JobContext) -> None:
    """Note that it runs, wait for the gate to open, note that it ended."""
    ledger, gate = Path(job.parameters["ledger"]), Path(job.parameters["gate"])
    note(ledger, "begun")
    while not gate.exists():
        job.progress(stage="Waiting")
        time.sleep(0.02)
    note(ledger, "done")
    with job.artifact("done.txt", type="Text", title="Done", primary=True) as file:
        file.write(b"done")


def note(ledger: Path, word: str) -> None:
    """Add one line in one write, so that lines of several processes never mix."""
    descriptor = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{word} {os.getpid()}\n".encode())
    os.close(descriptor)
