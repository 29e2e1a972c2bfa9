"""Workers over HTTP: what each key sees of them, and who may steer them."""

from typing import Any

import pytest

from queueapp.domain.api_key import Role
from queueapp.domain.scope import Scope
from tests.factories import add_worker, beat, claim, submit
from tests.integration.api.conftest import Api


def rows(api: Api, path: str = "/api/workers") -> list[dict[str, Any]]:
    """Return the listed workers."""
    found: list[dict[str, Any]] = api.get(path).get_json()["workers"]
    return found


def test_workers_tell_their_load_and_their_jobs(api: Api) -> None:
    """The API's fixture has one worker; a job that it runs shows."""
    submit(api.store, id="job", scope=Scope("t", "p"), host="h1")
    assert claim(api.store) is not None
    (row,) = rows(api)

    assert ("w1", "busy", 1, 4) == (row["name"], row["status"], row["runningJobs"], row["slots"])
    assert [("job", "t", "p", "h1")] == [
        (job["jobId"], job["tenantId"], job["projectId"], job["host"]) for job in row["jobs"]
    ]
    assert (3, "15 GB") == (row["freeCpuUnits"], row["freeMemory"])
    assert row == api.get("/api/workers/w1").get_json()


def test_other_tenants_jobs_are_a_number_only(api: Api) -> None:
    """The load of the fleet is everybody's knowledge, ids and hosts are not."""
    submit(api.store, scope=Scope("t", "p"), host="secret-host")
    assert claim(api.store) is not None
    other = api.as_user("eve", Role.VIEWER, tenant="u")
    (row,) = rows(other)

    assert ("busy", 1, []) == (row["status"], row["runningJobs"], row["jobs"])
    assert "secret" not in other.get("/api/workers/w1").get_data(as_text=True)


def test_workers_come_in_pages(api: Api) -> None:
    """By birth, then by name."""
    for number in range(2, 6):
        add_worker(api.store, f"w{number}")
    page = api.get("/api/workers?page=2&pageSize=2").get_json()

    assert ["w3", "w4"] == [row["name"] for row in page["workers"]]
    assert (5, True) == (page["totalCount"], page["hasNextPage"])


def test_a_worker_is_drained_and_undrained(api: Api) -> None:
    """Who, why and until when is shown; undrained it is idle again."""
    row = api.post("/api/workers/w1/drain", {"reason": "kernel", "deadlineMinutes": 30}).get_json()
    assert "suspended" == row["status"]
    assert ("admin", "kernel", False) == (
        row["drain"]["requestedBy"],
        row["drain"]["reason"],
        row["drain"]["restart"],
    )
    assert row["drain"]["deadline"] > row["drain"]["requestedAt"]
    row = api.post("/api/workers/w1/undrain").get_json()
    assert ("idle", None) == (row["status"], row["drain"])


def test_draining_waits_as_long_as_it_is_told(api: Api) -> None:
    """The answer says whether the worker is empty."""
    submit(api.store, scope=Scope("t", "p"))
    assert claim(api.store) is not None
    row = api.post("/api/workers/w1/restart?wait=1").get_json()

    assert (1, True) == (row["runningJobs"], row["drain"]["restart"])


def test_a_worker_that_does_not_ask_for_jobs_is_dead(api: Api) -> None:
    """Though it beats."""
    beat(api.store, "w1", [], idle_ms=60_000)
    assert "dead" == rows(api)[0]["status"]


@pytest.mark.parametrize("act", ["drain", "undrain", "restart"])
def test_only_operators_of_the_whole_fleet_may_steer_it(api: Api, act: str) -> None:
    """A key that is bound to a tenant may not stop the others' work."""
    bound = api.as_user("op", Role.OPERATOR, tenant="t")
    reader = api.as_user("ann", Role.SUBMITTER)
    free = api.as_user("op", Role.OPERATOR)

    assert 403 == bound.post(f"/api/workers/w1/{act}").status_code
    assert 403 == reader.post(f"/api/workers/w1/{act}").status_code
    assert 200 == free.post(f"/api/workers/w1/{act}").status_code
    assert 404 == free.post(f"/api/workers/w9/{act}").status_code


@pytest.mark.parametrize(
    "body", [{"deadlineMinutes": -1}, {"deadlineMinutes": "5"}, {"deadline": 5}, {"reason": 1}]
)
def test_wrong_wishes_change_nothing(api: Api, body: dict[str, Any]) -> None:
    """The field is named and the worker goes on."""
    answer = api.post("/api/workers/w1/drain", body)

    assert 400 == answer.status_code
    assert f"/{next(iter(body))}" == answer.get_json()["errors"][0]["field"]
    assert "idle" == rows(api)[0]["status"]


def test_a_repeated_drain_with_its_key_gets_the_first_answer(api: Api) -> None:
    """As every POST."""
    headers = {"Idempotency-Key": "once"}
    first = api.post("/api/workers/w1/drain", {"reason": "x"}, headers=headers)
    api.post("/api/workers/w1/undrain")
    again = api.post("/api/workers/w1/drain", {"reason": "x"}, headers=headers)

    assert first.get_json() == again.get_json()
    assert "true" == again.headers["Idempotency-Replayed"]
    assert "idle" == rows(api)[0]["status"]
