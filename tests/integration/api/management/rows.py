"""What tests of the Job Management API share: the data of an answer, and the scopes of its jobs."""

from typing import Any

from werkzeug.test import TestResponse

from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from tests.integration.api.conftest import Api

T, U = Scope("t", "p"), Scope("u", "p")


def data(response: TestResponse) -> Any:
    """Return the data of a good answer."""
    body = response.get_json()
    assert (200, 200, "success") == (response.status_code, body["code"], body["message"])
    return body["data"]


def ids(response: TestResponse) -> list[str]:
    """Return the ids of the listed jobs."""
    return [row["id"] for row in data(response)]


def statuses(api: Api) -> dict[str, Status]:
    """Return each job's status."""
    found = {}
    for scope in (T, U):
        for number in range(6):
            jobs = api.store.jobs.get_many([f"j{number}"])
            found |= {job.id: job.status for job in jobs if job.spec.scope == scope}
    return found
