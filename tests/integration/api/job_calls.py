"""What tests of jobs over HTTP share: their addresses, and jobs that ran."""

from typing import Any

from tests.factories import claim, finish
from tests.integration.api.conftest import Api

JOBS = "/api/t/p/execution/jobs"
SUBMIT = "/api/t/p/execution/job"


def job(job_id: str) -> str:
    """Return the address of a job."""
    return f"/api/t/p/execution/job/{job_id}"


def run(api: Api, outcome: str = "completed", **changes: Any) -> None:
    """Claim the next job as a worker would, and end it."""
    held = claim(api.store)
    assert held is not None
    finish(api.store, held, outcome, changes=changes)
