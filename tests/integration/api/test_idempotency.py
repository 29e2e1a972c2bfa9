"""Repeated requests: one job however often it is asked for."""

import io
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from queueapp.domain.api_key import Role
from queueapp.store.idempotency import HOLD_MS, IdempotencyKeys
from tests.factories import claim, finish
from tests.integration.api.conftest import JOB, Api
from tests.integration.data.wire import COLUMNS, LOG

SUBMIT = "/api/t/p/execution/job"
JOBS = "/api/t/p/execution/jobs"
KEY = {"Idempotency-Key": "order-1"}


def test_a_repeat_gets_the_first_answer(api: Api) -> None:
    """Same status, body and address, and a header that says so."""
    first = api.post(SUBMIT, JOB, headers=KEY)
    api.submit(priority="Critical")
    again = api.post(SUBMIT, JOB, headers=KEY)

    assert again.status_code == first.status_code == 202
    assert again.get_json() == first.get_json()
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert api.get(JOBS).get_json()["totalCount"] == 2


def test_another_body_with_the_same_key_is_422(api: Api) -> None:
    """A key stands for one request."""
    api.post(SUBMIT, JOB, headers=KEY)

    response = api.post(SUBMIT, {**JOB, "jobName": "Another"}, headers=KEY)

    assert response.status_code == 422
    assert response.get_json()["code"] == "idempotency_mismatch"
    assert api.get(JOBS).get_json()["totalCount"] == 1


def test_another_query_with_the_same_key_is_422(api: Api) -> None:
    """A dry run is another request than the submission that used the key."""
    api.post(SUBMIT, JOB, headers=KEY)
    dry = api.post(f"{SUBMIT}?dryRun=true", JOB, headers=KEY)

    assert (422, "idempotency_mismatch") == (dry.status_code, dry.get_json()["code"])


def test_a_refused_request_does_not_use_its_key_up(api: Api) -> None:
    """After a 400 the corrected request may use the same key."""
    assert api.post(SUBMIT, {**JOB, "priority": "x"}, headers=KEY).status_code == 400
    assert api.post(SUBMIT, JOB, headers=KEY).status_code == 202


def test_keys_are_the_users_own(api: Api) -> None:
    """Another user's or project's equal key is another key."""
    ann = api.as_user("ann", Role.SUBMITTER, tenant="t")
    ids = {
        client.post(at, JOB, headers=KEY).get_json()["jobId"]
        for client, at in ((api, SUBMIT), (ann, SUBMIT), (api, "/api/t/q/execution/job"))
    }

    assert len(ids) == 3


def test_fifty_at_once_make_one_job(api: Api) -> None:
    """A race of equal requests is won once; all get the same job."""

    def submit(_: int) -> tuple[int, str]:
        response = api.post(SUBMIT, JOB, headers=KEY)
        return response.status_code, response.get_json()["jobId"]

    with ThreadPoolExecutor(50) as pool:
        answers = set(pool.map(submit, range(50)))

    assert len(answers) == 1
    assert {status for status, _ in answers} == {202}
    assert api.get(JOBS).get_json()["totalCount"] == 1


def test_a_retry_is_repeated_safely(api: Api) -> None:
    """Two equal retries make one new job."""
    job_id = api.submit()
    held = claim(api.store)
    assert held is not None
    finish(api.store, held, "failed")

    answers = [api.post(f"{SUBMIT}/{job_id}/retry", {}, headers=KEY) for _ in range(2)]

    assert answers[0].get_json() == answers[1].get_json()
    assert api.get(JOBS).get_json()["totalCount"] == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_bad_keys_are_refused(api: Api, key: str) -> None:
    """1 to 255 printable ASCII characters."""
    response = api.post(SUBMIT, JOB, headers={"Idempotency-Key": key})

    assert response.status_code == 400


PIPELINE = {"name": "A pipeline"}
PIPELINES = "/api/t/p/pipelines"


def test_other_posts_are_repeated_safely_too(api: Api) -> None:
    """The second request gets the first answer, a third with another body is refused."""
    first = api.post(PIPELINES, PIPELINE, headers=KEY)
    again = api.post(PIPELINES, PIPELINE, headers=KEY)
    other = api.post(PIPELINES, {"name": "Other"}, headers=KEY)

    assert first.status_code == again.status_code == 201
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert other.status_code == 422
    assert api.get(PIPELINES).get_json()["totalCount"] == 1


def test_a_request_still_being_answered_is_409(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Retry-After; the key is free again if the first one fails."""
    seen: list[Any] = []

    def upload() -> Any:
        data = {**COLUMNS, "file": (io.BytesIO(LOG), "log.csv")}
        return api.call("POST", "/api/t/p/datasets", data=data, headers=KEY)

    def slow(*_: object, **__: object) -> None:
        seen.append(upload())
        raise RuntimeError("the first one fails")

    with monkeypatch.context() as patch:
        patch.setattr("queueapp.api.datasets.library", slow)
        assert upload().status_code == 500

    assert seen[0].status_code == 409
    assert seen[0].get_json()["code"] == "idempotency_in_progress"
    assert int(seen[0].headers["Retry-After"]) > 0
    assert upload().status_code == 201


def test_an_upload_holds_its_key_for_seconds_and_renews_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes; where its process has died, a repeat need not wait for minutes."""
    left: list[int] = []

    def slow(*_: object, **__: object) -> None:
        (key,) = api.store.client.keys("*:idem:*")
        left.append(api.store.client.pttl(key))
        api.store.client.pexpire(key, 5_000)
        deadline = time.monotonic() + 5
        while api.store.client.pttl(key) <= 5_000 and time.monotonic() < deadline:
            time.sleep(0.005)
        left.append(api.store.client.pttl(key))
        raise RuntimeError("it fails in the end")

    monkeypatch.setattr("queueapp.api.idempotency.RENEW_S", 0.01)
    monkeypatch.setattr("queueapp.api.datasets.library", slow)
    data = {**COLUMNS, "file": (io.BytesIO(LOG), "log.csv")}
    answer = api.call("POST", "/api/t/p/datasets", data=data, headers=KEY)

    assert [True, True] == [5_000 < ms <= HOLD_MS <= 10_000 for ms in left]
    assert (500, []) == (answer.status_code, api.store.client.keys("*:idem:*"))


def test_an_answer_that_was_not_kept_is_made_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies between the write and its answer leaves one pipeline, told as it is."""
    with monkeypatch.context() as patch:
        patch.setattr(IdempotencyKeys, "keep", lambda *_: None)
        first = api.post(PIPELINES, PIPELINE, headers=KEY)
    again = [api.post(PIPELINES, PIPELINE, headers=KEY) for _ in range(2)]

    assert [first.get_json()] * 2 == [one.get_json() for one in again]
    assert ["true", "true"] == [one.headers["Idempotency-Replayed"] for one in again]
    assert first.headers["Location"] == again[0].headers["Location"]
    assert api.get(PIPELINES).get_json()["totalCount"] == 1


def test_a_repeat_is_answered_whatever_has_become_of_things(api: Api) -> None:
    """What the request named may be gone since: it was answered before."""
    made = api.post(PIPELINES, PIPELINE, headers=KEY).get_json()
    api.delete(f"{PIPELINES}/{made['id']}")
    job = {**JOB, "resource": {"resourceType": "Notebook", "resourceId": "n"}}
    api.post(SUBMIT, job, headers=KEY)
    api.store.client.delete(api.store.keys("catalogue"))

    assert made == api.post(PIPELINES, PIPELINE, headers=KEY).get_json()
    assert api.post(SUBMIT, job, headers=KEY).status_code == 202
