"""Reads many jobs in few round trips."""

from collections.abc import Iterable
from typing import Any

from queueapp.domain.job import Job
from queueapp.store.codec import decode_job
from queueapp.store.scripts import Scripts

AT_ONCE = 250  # the server serves others between two calls


def read_jobs(scripts: Scripts, job_ids: Iterable[str]) -> list[Job]:
    """Return the jobs that still exist, in the order asked for, without their attempts."""
    wanted = list(job_ids)
    rows: list[Any] = []
    for at in range(0, len(wanted), AT_ONCE):
        rows += scripts.call("read_jobs", ids=wanted[at : at + AT_ONCE])
    return [
        decode_job(job_id, dict(zip(flat[::2], flat[1::2], strict=True)), spec, None)
        for job_id, flat, spec in zip(wanted, rows[::2], rows[1::2], strict=True)
        if flat and spec is not None
    ]
