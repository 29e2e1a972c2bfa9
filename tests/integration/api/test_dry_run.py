"""Submissions that are only tried."""

from typing import Any

import pytest

from queueapp.domain.audit import Act
from queueapp.domain.scope import Scope
from tests.factories import claim, finish
from tests.integration.api.conftest import JOB, Api
from tests.stored import contents

HERE = Scope("t", "p")
JOBS = "/api/t/p/execution/job"
SHARED = ("queuePosition", "estimatedStartTime", "estimatedDuration", "estimateBasis", "priority")
ANN = Act("ann")


def tried(api: Api, **changes: Any) -> dict[str, Any]:
    """Return the answer to a tried submission."""
    response = api.post(f"{JOBS}?dryRun=true", {**JOB, **changes})
    assert response.status_code == 200, response.get_data(as_text=True)
    found: dict[str, Any] = response.get_json()
    return found


def codes(found: dict[str, Any]) -> list[str]:
    """Return the limits that a tried job would meet."""
    return [limit["code"] for limit in found["limits"]]


@pytest.mark.parametrize("queued", [0, 3])
def test_it_foretells_the_submission_and_stores_nothing(api: Api, queued: int) -> None:
    """Position and estimate are those that the real submission gets; no key changes."""
    for _ in range(queued):
        api.submit(priority="High")
        api.submit(priority="Low")
    before = contents(api.store)

    found = tried(api)

    assert before == contents(api.store)
    real = api.post(JOBS, JOB).get_json()
    assert {key: real[key] for key in SHARED if key != "estimatedStartTime"} == {
        key: found[key] for key in SHARED if key != "estimatedStartTime"
    }
    assert found["estimatedStartTime"][:16] <= real["estimatedStartTime"][:16]
    assert (True, queued + 1, 1) == (
        found["accepted"],
        found["queuePosition"],
        found["tierPosition"],
    )
    assert [] == found["limits"]


def test_an_idempotency_key_is_not_used_up(api: Api) -> None:
    """The real submission with the same key is the first."""
    headers = {"Idempotency-Key": "once"}

    assert 200 == api.post(f"{JOBS}?dryRun=1", JOB, headers=headers).status_code
    assert 202 == api.post(JOBS, {**JOB, "jobName": "another"}, headers=headers).status_code


def test_it_tells_the_limits_of_the_moment(api: Api) -> None:
    """A pause, or what nothing fits: the job would be accepted and wait."""
    assert ["Resources"] == codes(tried(api, resourceRequirements={"cpuUnits": 64}))
    api.store.pauses.pause(HERE, kind="ProcessMining", act=ANN)
    late = {"executeImmediately": False, "scheduledTime": "2099-01-01T00:00:00Z"}
    found = tried(api, scheduling=late)
    assert ["TypePaused"] == codes(found)
    assert "Scheduled" == found["waitReason"]["code"]
    assert found["estimatedStartTime"] is None
    api.store.pauses.pause(HERE, act=ANN)
    assert ["QueuePaused"] == codes(tried(api))


def test_without_workers_it_would_wait_for_one(api: Api) -> None:
    """The type is known, nobody runs it now: accepted, without a start."""
    api.store.fleet.leave("w1")

    found = tried(api)

    assert ["NoWorkers"] == codes(found)
    assert found["accepted"]
    assert found["estimatedStartTime"] is None


def test_a_full_queue_would_refuse_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told as a limit, not as the error that a submission gets."""
    trials = api.app.extensions["queueapp"].engine.trials
    monkeypatch.setattr(trials, "_most_queued", 1)
    api.submit()

    found = tried(api)

    assert (False, ["QueueFull"]) == (found["accepted"], codes(found))


def test_a_start_after_its_time_in_the_queue_is_told(api: Api) -> None:
    """The estimate is later than the job may wait; what may wait for longer is accepted."""
    for _ in range(5):
        api.submit()
    assert ["QueueTTL"] == codes(tried(api, scheduling={"queueTtlSeconds": 60}))
    assert [] == codes(tried(api, scheduling={"queueTtlSeconds": 2_592_000}))


def test_dependencies_are_looked_at(api: Api) -> None:
    """One that failed would cancel it, one of elsewhere is refused as in a submission."""
    first = api.submit()
    held = claim(api.store)
    assert held is not None
    assert "Dependency" == tried(api, dependencies=[first])["waitReason"]["code"]
    finish(api.store, held, "failed")

    assert ["DependencyFailed"] == codes(tried(api, dependencies=[first]))
    assert [] == codes(tried(api, dependencies=[first], onDependencyFailure="run"))
    elsewhere = api.submit("/api/t/q")
    refused = api.post(f"{JOBS}?dryRun=true", {**JOB, "dependencies": [elsewhere]})
    assert 400 == refused.status_code


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"jobName": ""}, 400),
        ({"jobType": "Unknown"}, 400),
        ({"resource": {"resourceType": "Pipeline", "resourceId": "none"}}, 404),
    ],
)
def test_what_is_wrong_is_an_error(api: Api, change: dict[str, Any], status: int) -> None:
    """As for a real submission."""
    assert status == api.post(f"{JOBS}?dryRun=true", {**JOB, **change}).status_code
