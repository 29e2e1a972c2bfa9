"""Many jobs at once over HTTP: counted first, then done to exactly those."""

from typing import Any

import pytest

from queueapp.api.examples.bulk import OPERATION_ID
from queueapp.domain.api_key import Role
from queueapp.domain.audit import Act
from queueapp.domain.bulk import BulkAction, BulkFilter, BulkState
from queueapp.domain.errors import Unavailable
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.engine.bulk import drive, drive_waiting
from queueapp.engine.engine import Engine
from tests.factories import claim, finish
from tests.integration.api.conftest import Api

QUEUE = "/api/t/p/execution/queue"
BULK = f"{QUEUE}/bulk"
KEY = {"Idempotency-Key": "once"}


def order(api: Api) -> list[str]:
    """Return the ids of the queued jobs in order."""
    return [row.job_id for row in api.store.queue.page(Scope("t", "p")).rows]


def engine(api: Api) -> Engine:
    """Return the engine behind the API."""
    found: Engine = api.app.extensions["queueapp"].engine
    return found


def test_a_dry_run_counts_and_its_selection_is_acted_on(api: Api) -> None:
    """What was submitted after the count stays; what started since is preserved and told."""
    a, b, c = (api.submit() for _ in range(3))
    sleeping = api.submit(jobType="Sleep")
    body = {"action": "cancel", "filter": {"jobType": "processmining"}, "dryRun": True}
    counted = api.post(BULK, body).get_json()

    assert ("Counted", 3, 0) == (
        counted["status"],
        counted["matchedCount"],
        counted["changedCount"],
    )
    assert [(a, 1), (b, 2), (c, 3)] == [(j["jobId"], j["queuePosition"]) for j in counted["jobs"]]
    assert counted["selectionExpires"]
    assert 4 == len(order(api))
    held = claim(api.store)
    assert held is not None
    late = api.submit()
    request = {"action": "cancel", "selection": counted["selection"], "reason": "old"}
    done = api.post(BULK, request).get_json()
    assert ("Done", 3, 2, 1) == (
        done["status"],
        done["matchedCount"],
        done["changedCount"],
        done["preservedCount"],
    )
    assert [{"jobId": a, "jobName": "A job", "reason": "Job is already running"}] == done[
        "preservedJobs"
    ]
    assert {sleeping, late} == set(order(api))
    assert done == api.get(f"{BULK}/{done['operationId']}").get_json()
    assert 409 == api.post(BULK, request).status_code
    for odd in ("nothing", f"{done['operationId']}:jobs", OPERATION_ID):
        assert 404 == api.post(BULK, {**request, "selection": odd}).status_code
        assert 404 == api.get(f"{BULK}/{odd}").status_code


def test_many_are_moved_to_the_head_by_operators_only(api: Api) -> None:
    """In the order that they stood in; a user's own permission does not go past others."""
    ids = [api.submit() for _ in range(4)]
    body = {"action": "moveToHead", "filter": {"jobIds": [ids[3], ids[2]]}, "reason": "urgent"}
    refused = api.as_user("ann", Role.SUBMITTER, tenant="t").post(BULK, body)
    done = api.post(BULK, body)
    rows = api.get("/api/t/p/execution/queue").get_json()["queuedJobs"]

    assert 403 == refused.status_code
    assert ("Done", 2) == (done.get_json()["status"], done.get_json()["changedCount"])
    assert [ids[2], ids[3], ids[0], ids[1]] == [row["jobId"] for row in rows]
    entry = api.get("/api/t/p/execution/audit?action=move").get_json()["entries"][0]
    assert "urgent" == entry["reason"]


def test_priorities_of_many(api: Api) -> None:
    """By filter, with who and why in the audit trail."""
    a, b = api.submit(), api.submit(jobType="Sleep")
    body = {
        "action": "priority",
        "filter": {"jobType": "Sleep"},
        "newPriority": "Critical",
        "reason": "urgent",
    }
    done = api.post(BULK, body).get_json()

    assert [b, a] == order(api)
    assert ("Critical", "admin", "urgent") == (
        done["newPriority"],
        done["requestedBy"],
        done["reason"],
    )
    rows = api.get(f"/api/t/p/execution/audit?jobId={b}").get_json()["entries"]
    assert [("priority", "urgent", done["operationId"])] == [
        (row["action"], row["reason"], row["facts"]["operation"]) for row in rows
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "cancel"}, "/filter"),
        ({"action": "cancel", "filter": {}}, "/filter"),
        ({"action": "cancel", "filter": {"status": None, "jobIds": None}}, "/filter"),
        ({"action": "cancel", "filter": {"jobIds": []}}, "/filter/jobIds"),
        ({"action": "cancel", "filter": {"status": "Failed"}}, "/filter/status"),
        ({"action": "priority", "filter": {"jobType": "x"}}, "/newPriority"),
        ({"action": "cancel", "filter": {"jobType": "x"}, "newPriority": "Low"}, "/newPriority"),
        ({"action": "cancel", "filter": {"jobType": "x"}, "selection": "y"}, "/filter"),
        ({"action": "cancel", "selection": "y", "dryRun": True}, "/dryRun"),
        ({"action": "delete", "filter": {"jobType": "x"}}, "/action"),
        ({"action": "cancel", "filter": {"odd": 1}}, "/filter/odd"),
    ],
)
def test_bad_requests_change_nothing(api: Api, body: Any, field: str) -> None:
    """An empty filter would mean every job; it and the rest name the field at fault."""
    api.submit()
    response = api.post(BULK, body)

    assert 400 == response.status_code
    assert field in [one["field"] for one in response.get_json()["errors"]]
    assert 1 == len(order(api))


def test_whose_jobs_one_may_act_on(api: Api) -> None:
    """A submitter's filter means its own jobs; an operator's anyone's."""
    ann, bob = api.as_user("ann", Role.SUBMITTER), api.as_user("bob", Role.SUBMITTER)
    ann.submit()
    theirs = bob.submit()
    everything = {"action": "cancel", "filter": {"status": "Queued"}}
    refused = ann.post(BULK, {"action": "cancel", "filter": {"submittedBy": "bob"}})
    assert (403, "not_your_job") == (refused.status_code, refused.get_json()["code"])
    done = ann.post(BULK, everything).get_json()

    assert 1 == done["changedCount"]
    assert [theirs] == order(api)
    assert 404 == bob.get(f"{BULK}/{done['operationId']}").status_code
    assert 1 == api.as_user("op", Role.OPERATOR).post(BULK, everything).get_json()["changedCount"]
    assert [] == order(api)


def test_a_repeat_is_the_same_operation(api: Api) -> None:
    """The key is stored by the script that begins it: later jobs are not cancelled by a repeat."""
    api.submit()
    body = {"action": "cancel", "filter": {"status": "Queued"}}
    first = api.post(BULK, body, headers=KEY)
    late = api.submit()
    again = api.post(BULK, body, headers=KEY)

    assert first.get_json() == again.get_json()
    assert "true" == again.headers["Idempotency-Replayed"]
    assert [late] == order(api)
    body["filter"] = {"jobType": "Sleep"}
    assert 422 == api.post(BULK, body, headers=KEY).status_code


def test_what_takes_too_long_goes_on_by_itself(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """202 with the address of the operation, which upkeep finishes."""
    api.submit()
    monkeypatch.setattr("queueapp.api.bulk.WAIT_S", 0.0)
    begun = api.post(BULK, {"action": "cancel", "filter": {"status": "Queued"}})
    assert (202, "Counting", None) == (
        begun.status_code,
        begun.get_json()["status"],
        begun.get_json()["matchedCount"],
    )
    user = api.delete(f"{QUEUE}/user/nobody")
    assert 202 == user.status_code
    for member in api.store.client.zrange(api.store.keys("bulks"), 0, -1):
        api.store.client.zadd(api.store.keys("bulks"), {member: 1})
    drive_waiting(api.store, keep_ms=10**9, retry=engine(api).retry)
    path = begun.headers["Location"].partition("localhost")[2]

    assert ("Done", 1) == (
        api.get(path).get_json()["status"],
        api.get(path).get_json()["changedCount"],
    )
    assert [] == order(api)


def test_cancel_what_a_user_has_queued(api: Api) -> None:
    """The rest is preserved, each with its reason; counts are those of the lists."""
    ann = api.as_user("ann", Role.SUBMITTER)
    running = ann.submit()
    claim(api.store)
    other = api.submit()
    mine, excluded, sleeping = ann.submit(), ann.submit(), ann.submit(jobType="Sleep")
    path = f"{QUEUE}/user/ann"
    body = {
        "reason": "gone",
        "cancelJobTypes": ["processmining"],
        "excludeJobIds": [excluded, "important-job-id-1"],
        "notifyUser": True,
    }
    done = api.delete(path, json=body).get_json()

    assert [(mine, 2)] == [(j["jobId"], j["queuePosition"]) for j in done["cancelledJobs"]]
    assert {
        running: "Job is already running",
        excluded: "Explicitly excluded",
        sleeping: "Job type not selected",
    } == {one["jobId"]: one["reason"] for one in done["preservedJobs"]}
    assert (1, 3, "ann", "admin") == (
        done["cancelledJobsCount"],
        done["preservedJobsCount"],
        done["userId"],
        done["cancelledBy"],
    )
    assert done["cancelledAt"]
    assert {other, excluded, sleeping} == set(order(api))
    row = ann.delete(f"{path}?cancelJobTypes=Sleep&reason=mine").get_json()
    assert ("mine", [sleeping]) == (row["reason"], [j["jobId"] for j in row["cancelledJobs"]])
    assert (
        1
        == ann.delete(path, data=b"", headers={"Content-Type": ""}).get_json()["cancelledJobsCount"]
    )
    assert [other] == order(api)
    nobody = api.delete(f"{QUEUE}/user/no%20body", json=None).get_json()
    assert (0, 0, []) == (
        nobody["cancelledJobsCount"],
        nobody["preservedJobsCount"],
        nobody["cancelledJobs"],
    )
    refused = api.as_user("bob", Role.SUBMITTER).delete(path)
    assert (403, "not_your_job") == (refused.status_code, refused.get_json()["code"])


def test_failed_jobs_are_retried_once(api: Api) -> None:
    """In the order of their submission; one that was retried before is preserved and told."""
    failed = [api.submit(jobName=f"job {number}") for number in range(4)]
    for _ in failed:
        held = claim(api.store)
        assert held is not None
        finish(api.store, held, "failed")
    api.post(f"/api/t/p/execution/job/{failed[1]}/retry", {})
    body = {"action": "retry", "filter": {"jobType": "ProcessMining"}, "reason": "it is back"}
    done = api.post(BULK, body).get_json()

    assert ("Done", 4, 3) == (done["status"], done["matchedCount"], done["changedCount"])
    assert [(failed[1], "Job was retried before")] == [
        (one["jobId"], one["reason"]) for one in done["preservedJobs"]
    ]
    jobs = [api.get(f"/api/t/p/execution/job/{one}").get_json() for one in order(api)]
    assert [failed[1], failed[0], failed[2], failed[3]] == [job["originalJobId"] for job in jobs]
    again = api.post(BULK, body).get_json()
    assert (0, 4) == (again["changedCount"], again["preservedCount"])
    rows = api.get(f"/api/t/p/execution/audit?action=retry&jobId={failed[0]}").get_json()
    assert [("it is back", done["operationId"])] == [
        (row["reason"], row["facts"]["operation"]) for row in rows["entries"]
    ]


def test_a_retry_step_that_is_done_twice_makes_no_second_job(api: Api) -> None:
    """The new ids follow from the operation's, so a driver that died halfway does no harm."""
    api.submit()
    held = claim(api.store)
    assert held is not None
    finish(api.store, held, "failed")
    scope = Scope("t", "p")
    bulk_id, _ = api.store.bulks.open(
        scope, BulkAction.RETRY, BulkFilter(status=Status.FAILED), Act("ann")
    )
    retry = engine(api).retry
    bulk = api.store.bulks.get(scope, bulk_id)
    while bulk.state is BulkState.COUNTING:
        bulk = bulk.at(*api.store.bulks.step(scope, bulk, keep_ms=10**9))
    asked = []

    def dies(*args: Any, **options: Any) -> None:
        asked.append(retry(*args, **options))
        raise Unavailable

    with pytest.raises(Unavailable):
        drive(api.store, scope, bulk_id, keep_ms=10**9, retry=dies, wait_s=5)
    done = drive(api.store, scope, bulk_id, keep_ms=10**9, retry=retry, wait_s=5)

    assert (1, 1, 1) == (len(asked), done.changed, len(order(api)))
