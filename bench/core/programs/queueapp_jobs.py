"""Job types that do nothing, for workers (``QUEUEAPP_ACTORS``)."""

from bench.core.programs.client import write_mark
from queueapp import JobContext, job_type


@job_type("Bench.Thread", isolation="thread", memory_gb=0.25)
def thread(job: JobContext) -> None:
    """Do nothing inside the worker, or mark the start."""
    _mark(job)


@job_type("Bench.Process", memory_gb=0.25)
def process(job: JobContext) -> None:
    """Do nothing in a process of its own, or mark the start."""
    _mark(job)


def _mark(job: JobContext) -> None:
    if "path" in job.parameters:
        write_mark(job.parameters["path"], job.parameters["sent"])
