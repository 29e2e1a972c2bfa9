"""Cancelling over HTTP, in every status of the job."""

from typing import Any

import pytest

from tests.factories import claim
from tests.integration.api.conftest import Api
from tests.integration.api.job_calls import job, run


@pytest.mark.parametrize(
    "spelling",
    [
        {"json": {"reason": "why"}},
        {"data": b'{"reason": "why"}'},
        {"query_string": {"reason": "why"}},
    ],
)
def test_cancel_takes_its_wishes_in_any_way(api: Api, spelling: dict[str, Any]) -> None:
    """A JSON body, a body without a type, or query parameters."""
    job_id = api.submit()

    response = api.delete(job(job_id), **spelling)

    assert response.status_code == 200
    assert response.get_json()["reason"] == "why"
    assert response.get_json()["status"] == "Cancelled"
    shown = api.get(job(job_id)).get_json()["cancellation"]
    assert ("admin", "why") == (shown["requestedBy"], shown["reason"])


def test_a_job_that_ends_with_another_says_so(api: Api) -> None:
    """Nobody asked for it to end, so it must tell why it did."""
    first = api.submit()
    second = api.submit(dependencies=[first])
    api.delete(job(first))
    api.store.scripts.call("cascade", limit=10, keep_ms=60_000)

    shown = api.get(job(second)).get_json()

    assert "Cancelled" == shown["status"]
    assert "A job it depends on did not complete." == shown["cancellation"]["reason"]


@pytest.mark.parametrize("data", [None, b"", b"null", b"{}", b"  "])
def test_an_empty_cancel_is_a_cancel(api: Api, data: bytes | None) -> None:
    """Absent, empty, null and {} all mean the defaults."""
    job_id = api.submit()

    assert api.delete(job(job_id), data=data).status_code == 200


def test_a_running_job_that_does_not_stop_is_202(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 must mean done, so a job that is still stopping is 202 and still Running."""
    engine = api.app.extensions["queueapp"].engine
    cancel = engine.cancel
    monkeypatch.setattr(engine, "cancel", lambda *a, **k: cancel(*a, **k, wait_s=0))
    job_id = api.submit()
    held = claim(api.store)
    assert held is not None

    response = api.delete(job(job_id))

    assert response.status_code == 202
    assert response.get_json()["status"] == "Running"
    assert response.get_json()["cancelledAt"] is None
    assert api.get(job(job_id)).get_json()["cancellationRequested"] is True


@pytest.mark.parametrize("outcome", ["completed", "failed"])
def test_an_ended_job_cannot_be_cancelled(api: Api, outcome: str) -> None:
    """409, and nothing changes."""
    job_id = api.submit()
    run(api, outcome)

    response = api.delete(job(job_id))

    assert response.status_code == 409
    assert response.get_json()["code"] == "job_not_cancellable"


def test_a_cancelled_job_cannot_be_cancelled_again(api: Api) -> None:
    """The second cancel is a conflict."""
    job_id = api.submit()
    api.delete(job(job_id))

    assert api.delete(job(job_id)).status_code == 409
