"""Reads many jobs in one round trip."""

from collections.abc import Iterable

from queueapp.domain.job import Job
from queueapp.store.codec import decode_job
from queueapp.store.connect import Client
from queueapp.store.keys import Keys


def read_jobs(client: Client, keys: Keys, job_ids: Iterable[str]) -> list[Job]:
    """Return the jobs that still exist, in the order asked for, without their attempts."""
    wanted = list(job_ids)
    pipe = client.pipeline(transaction=False)
    for job_id in wanted:
        pipe.hgetall(keys("job", job_id))
        pipe.get(keys("spec", job_id))
    rows = pipe.execute()
    return [
        decode_job(job_id, data, spec, [])
        for job_id, data, spec in zip(wanted, rows[::2], rows[1::2], strict=True)
        if data and spec is not None
    ]
