"""The audit trail over HTTP: who may see what, and pages of it."""

import pytest

from queueapp.domain.api_key import Role
from tests.integration.api.conftest import JOB, Api

TRAIL = "/api/t/p/execution/audit"
QUEUE = "/api/t/p/execution/queue"


def actions(api: Api, query: str = "") -> list[tuple[str, str]]:
    """Return who did what, newest first."""
    rows = api.get(f"{TRAIL}?{query}").get_json()["entries"]
    return [(row["user"], row["action"]) for row in rows]


def test_who_sees_what(api: Api) -> None:
    """An operator sees all; others what they did and what was done to their own jobs."""
    ann, bob = api.as_user("ann", Role.SUBMITTER), api.as_user("bob", Role.SUBMITTER)
    job = ann.submit()
    bob.submit()
    path = f"{QUEUE}/job/{job}/priority"
    api.call("PUT", path, json={"newPriority": "Low", "reason": "later"})
    ann.call("PUT", path, json={"newPriority": "High"})
    api.post(f"{QUEUE}/control", {"action": "pause"})
    bob.delete(f"/api/t/p/execution/job/{bob.submit()}", json={"reason": "mistake"})

    assert [("bob", "cancel"), ("admin", "pause"), ("ann", "priority"), ("admin", "priority")] == (
        actions(api)
    )
    assert [("ann", "priority"), ("admin", "priority")] == actions(ann)
    assert [("bob", "cancel")] == actions(bob)
    assert [] == actions(api.as_user("eve", Role.VIEWER))
    row = api.get(f"{TRAIL}?jobId={job}&user=admin").get_json()["entries"][0]
    assert ("later", "ann", {"priority": "Normal"}, {"priority": "Low"}) == (
        row["reason"],
        row["jobOwner"],
        row["before"],
        row["after"],
    )
    assert row["requestId"]


def test_pages_and_filters(api: Api) -> None:
    """Pages of any size go on where the last one ended."""
    for number in range(5):
        api.post(f"{QUEUE}/control", {"action": ("pause", "resume")[number % 2]})
    seen, after = [], ""
    while True:
        page = api.get(f"{TRAIL}?limit=2{after}").get_json()
        seen += [row["action"] for row in page["entries"]]
        if not page["hasMore"]:
            break
        after = f"&after={page['next']}"

    assert ["pause", "resume", "pause", "resume", "pause"] == seen
    assert [("admin", "resume")] * 2 == actions(api, "action=resume")
    assert [] == actions(api, "dateTo=2020-01-01")
    assert [] == actions(api, "dateFrom=2999-01-01")
    assert 5 == len(actions(api, "dateFrom=2020-01-01&dateTo=2999-01-01"))


@pytest.mark.parametrize("query", ["after=x", "limit=0", "dateFrom=x", "more=1"])
def test_bad_queries(api: Api, query: str) -> None:
    """Each is refused."""
    assert 400 == api.get(f"{TRAIL}?{query}").status_code


def test_the_fleet_has_a_trail_of_its_own(api: Api) -> None:
    """What was done to workers, with who and why; only keys that are bound to no tenant see it."""
    api.post("/api/workers/w1/drain", {"reason": "kernel"})
    api.post("/api/workers/w1/undrain")
    api.post("/api/workers/w1/undrain")
    api.post("/api/workers/w1/restart", {"reason": "leak"})
    api.delete("/worker?name=w1")
    rows = api.get("/api/audit").get_json()["entries"]

    assert [
        ("admin", "delete_worker", None),
        ("admin", "restart", "leak"),
        ("admin", "undrain", None),
        ("admin", "drain", "kernel"),
    ] == [(row["user"], row["action"], row["reason"]) for row in rows]
    assert {"w1"} == {row["facts"]["worker"] for row in rows}
    assert all(row["requestId"] for row in rows)
    assert [] == api.get(TRAIL).get_json()["entries"]
    assert 403 == api.as_user("eve", Role.ADMIN, tenant="t").get("/api/audit").status_code
    assert 403 == api.as_user("bob", Role.SUBMITTER).get("/api/audit").status_code


def test_what_jobs_work_on_is_on_record_too(api: Api) -> None:
    """Pipelines and schedules: made, replaced, deleted, with the reason; the same again is not."""
    pipeline, schedule = "/api/t/p/pipelines/pipe", "/api/t/p/schedules/night"
    for name in ("A", "A", "B"):
        api.call("PUT", pipeline, json={"name": name})
    cron = {"cron": "0 3 * * *", "job": JOB}
    api.call("PUT", schedule, json=cron)
    api.delete(f"{schedule}?reason=moved")
    api.delete(f"{pipeline}?reason=unused")
    rows = api.get(TRAIL).get_json()["entries"]

    assert [
        ("delete_pipeline", "unused"),
        ("delete_schedule", "moved"),
        ("create_schedule", None),
        ("replace_pipeline", None),
        ("create_pipeline", None),
    ] == [(row["action"], row["reason"]) for row in rows]
    assert {"pipeline": "pipe"} == rows[0]["facts"]
