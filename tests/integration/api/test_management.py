"""The Job Management API: its envelope, its words, its filters, its errors."""

from dataclasses import replace
from typing import Any

import pytest
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from queueapp.domain.api_key import Role
from queueapp.domain.fleet import Node
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from tests.factories import add_worker, beat, claim, finish, report, submit
from tests.integration.api.conftest import Api
from tests.openapi_check import Document

T, U = Scope("t", "p"), Scope("u", "p")


@pytest.fixture
def managed(api: Api) -> Api:
    """A client whose answers are checked against the API's own document."""
    document = api.app.test_client().get("/management/openapi.json").get_json()
    checked = Api(api.app, Document(document), api.store)
    checked.token = api.token
    return checked


def data(response: TestResponse) -> Any:
    """Return the data of a good answer."""
    body = response.get_json()
    assert (200, 200, "success") == (response.status_code, body["code"], body["message"])
    return body["data"]


def ids(response: TestResponse) -> list[str]:
    """Return the ids of the listed jobs."""
    return [row["id"] for row in data(response)]


def test_its_document_is_valid_and_apart(managed: Api, api: Api) -> None:
    """Its paths are in its own document only, with its own errors."""
    document = managed.document.document
    validate(document)

    paths = {"/job", "/worker", "/health", "/device/exec", "/device/bulk", "/device/test"}
    assert paths == set(document["paths"])
    assert paths.isdisjoint(api.document.document["paths"])
    assert "Problem" not in document["components"]["schemas"]


def test_each_of_its_routes_is_documented(managed: Api) -> None:
    """Also the ones that come later."""
    for rule in managed.app.url_map.iter_rules():
        if rule.endpoint.startswith("Managed "):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                assert managed.document.operation(method, rule.rule) is not None, rule


def test_a_finished_job_has_all_its_fields(managed: Api) -> None:
    """Times with offsets, durations in seconds, the job's own summary as what it returned."""
    add_worker(managed.store, "w2")
    submit(managed.store, id="job", scope=T, now_ms=1_000)
    held = claim(managed.store, "w2", now_ms=2_000)
    assert held is not None
    changes = {"result": {"summary": {"rows": 7}}}
    finish(managed.store, held, changes=changes, now_ms=5_500)
    (row,) = data(managed.get("/job?id=job"))

    assert {
        "id": "job",
        "status": "finished",
        "queue": "FifoQ",
        "created_at": "1970-01-01T00:00:01+00:00",
        "enqueued_at": "1970-01-01T00:00:01+00:00",
        "started_at": "1970-01-01T00:00:02+00:00",
        "ended_at": "1970-01-01T00:00:05.500000+00:00",
        "worker": "w2",
        "result": {"type": "success", "type_code": 1, "retval": {"rows": 7}, "error": None},
        "duration": 3.5,
        "queue_time": 1.0,
        "device_name": None,
        "command": [],
        "job_type": "Sleep",
        "tenant": "t",
        "project": "p",
    } == row


def test_a_failed_job_says_why(managed: Api) -> None:
    """By the class of the exception and its message; nothing was returned."""
    submit(managed.store, id="job", scope=T)
    held = claim(managed.store)
    assert held is not None
    failure = report("failed").failure
    assert failure is not None
    told = replace(failure, exception="ValueError", message="no rows")
    finish(managed.store, held, "failed", changes={"failure": told})
    (row,) = data(managed.get("/job?status=failed"))

    assert {
        "type": "failure",
        "type_code": 2,
        "retval": None,
        "error": {"type": "ValueError", "message": "no rows"},
    } == row["result"]


def test_a_queued_job_has_every_key_with_null(managed: Api) -> None:
    """Clients index into them."""
    submit(managed.store, id="job", scope=T, host="192.0.2.1")
    (row,) = data(managed.get("/job"))

    assert ("queued", "pinned_192.0.2.1", "192.0.2.1") == (
        row["status"],
        row["queue"],
        row["device_name"],
    )
    for name in ("started_at", "ended_at", "worker", "result", "duration", "queue_time"):
        assert row[name] is None, name


@pytest.fixture
def several(managed: Api) -> Api:
    """Jobs of two tenants, with and without hosts, queued, running and ended on two nodes."""
    store = managed.store
    add_worker(store, "w2", node=Node("node-2", "host-2", 4, 16_384))
    for number, (scope, host) in enumerate(
        [(T, None), (T, "h1"), (U, "h1"), (T, "h2"), (U, None), (T, None)]
    ):
        submit(store, id=f"j{number}", scope=scope, host=host, now_ms=1_000 + number)
    first = claim(store, "w1", now_ms=2_000)
    second = claim(store, "w2", now_ms=2_001)
    assert first is not None
    assert second is not None
    finish(store, first)
    return managed


def statuses(api: Api) -> dict[str, Status]:
    """Return each job's status."""
    found = {}
    for scope in (T, U):
        for number in range(6):
            jobs = api.store.jobs.get_many([f"j{number}"])
            found |= {job.id: job.status for job in jobs if job.spec.scope == scope}
    return found


def test_all_that_the_key_covers_is_listed_newest_first(several: Api) -> None:
    """An admin sees both tenants, a tenant's key its own."""
    everything = several.get("/job")
    assert ["j5", "j4", "j3", "j2", "j1", "j0"] == ids(everything)
    assert "6" == everything.headers["X-Total-Count"]
    bound = several.as_user("ann", Role.VIEWER, tenant="t")
    assert ["j5", "j3", "j1", "j0"] == ids(bound.get("/job"))
    assert 404 == bound.get("/job?id=j2").status_code


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("queue=FifoQ", ["j5", "j4", "j0"]),
        ("queue=pinned_h1", ["j2", "j1"]),
        ("queue=HostQ_h1", ["j2", "j1"]),
        ("queue=pinned-h1", ["j2", "j1"]),
        ("host=h2", ["j3"]),
        ("queue=nothing", []),
        ("host=h9", []),
        ("node=node-9", []),
        ("queue=pinned_h1&host=h2", ["j2", "j1"]),
        ("id=j3&host=h1&status=failed", ["j3"]),
        ("limit=2&offset=1", ["j4", "j3"]),
        ("unknown=1&limit=1", ["j5"]),
    ],
)
def test_filters_select_as_they_say(several: Api, query: str, wanted: list[str]) -> None:
    """id beats all, then queue, node, host; what is not known is ignored."""
    assert wanted == ids(several.get(f"/job?{query}"))


def test_status_is_added_to_any_selector(several: Api) -> None:
    """The words of this API, in any case; cancelled in both spellings."""
    now = statuses(several)
    queued = [f"j{n}" for n in (5, 4, 3, 2, 1, 0) if now[f"j{n}"] is Status.QUEUED]
    running = [one for one in now if now[one] is Status.RUNNING]
    ended = [one for one in now if now[one] is Status.COMPLETED]

    assert queued == ids(several.get("/job?status=queued"))
    assert running == ids(several.get("/job?status=STARTED"))
    assert ended == ids(several.get("/job?status=finished"))
    assert [] == ids(several.get("/job?status=canceled"))
    assert [one for one in queued if one in ("j2", "j1")] == ids(
        several.get("/job?queue=pinned_h1&status=queued")
    )


def test_nodes_are_found_by_id_and_by_host_name(several: Api) -> None:
    """Jobs that a node ran or runs."""
    on_first, on_second = (ids(several.get(f"/job?node={name}")) for name in ("node-1", "host-2"))
    assert 1 == len(on_first)
    assert 1 == len(on_second)
    assert on_second == ids(several.get("/job?node=node-2&status=started"))
    assert [] == ids(several.get("/job?node=node-2&status=finished"))


@pytest.mark.parametrize("query", ["status=waiting", "limit=0", "limit=x", "offset=-1"])
def test_wrong_values_are_400_in_the_envelope(managed: Api, query: str) -> None:
    """With where and what."""
    response = managed.get(f"/job?{query}")
    body = response.get_json()

    assert (400, -1) == (response.status_code, body["code"])
    assert [query.partition("=")[0]] == body["data"][0]["loc"]
    assert {"loc", "msg", "type"} == body["data"][0].keys()


@pytest.mark.parametrize("path", ["/job", "/worker", "/health"])
def test_without_a_key_it_is_403(managed: Api, path: str) -> None:
    """In the envelope, not 401."""
    for headers in ({"Authorization": None}, {"Authorization": "Bearer wrong"}):
        response = managed.get(path, headers=headers)
        assert 403 == response.status_code
        assert {
            "code": -1,
            "message": "Invalid or missing API key.",
            "data": [],
        } == response.get_json()


def test_the_key_may_come_as_x_api_key_only_in_the_header(managed: Api) -> None:
    """Addresses end up in logs."""
    none = {"Authorization": None}
    assert 200 == managed.get("/job", headers={**none, "x-api-key": managed.token}).status_code
    assert 403 == managed.get(f"/job?X-API-KEY={managed.token}", headers=none).status_code


def test_other_methods_are_405_in_the_envelope(managed: Api) -> None:
    """With the methods that there are."""
    response = managed.post("/job", {})
    assert (405, -1) == (response.status_code, response.get_json()["code"])
    assert "GET" in response.headers["Allow"]


def test_one_queued_job_is_cancelled(several: Api) -> None:
    """One that runs or has ended is 409 and stays, an unknown one 404."""
    (job_id, *_) = ids(several.get("/job?status=queued"))
    assert {"cancelled_count": 1, "cancelled_jobs": [job_id]} == data(
        several.delete(f"/job?id={job_id}")
    )
    for status in ("started", "finished", "cancelled"):
        (other, *_) = ids(several.get(f"/job?status={status}"))
        response = several.delete(f"/job?id={other}")
        assert (409, -1) == (response.status_code, response.get_json()["code"])
        assert [other] == ids(several.get(f"/job?status={status}"))[:1]
    assert 404 == several.delete("/job?id=nothing").status_code


@pytest.mark.parametrize("query", ["queue=pinned_h1", "host=h1", "queue=FifoQ"])
def test_all_queued_jobs_of_a_queue_are_cancelled(several: Api, query: str) -> None:
    """Over all scopes of the key; what runs stays."""
    before = ids(several.get(f"/job?{query}&status=queued"))
    running = ids(several.get("/job?status=started"))
    told = data(several.delete(f"/job?{query}"))

    assert sorted(before) == sorted(told["cancelled_jobs"])
    assert len(before) == told["cancelled_count"]
    assert sorted(before) == sorted(ids(several.get("/job?status=cancelled")))
    assert running == ids(several.get("/job?status=started"))
    assert {"cancelled_count": 0, "cancelled_jobs": []} == data(several.delete(f"/job?{query}"))


def test_nothing_in_particular_cancels_nothing(several: Api) -> None:
    """Never all."""
    body = several.delete("/job").get_json()
    assert ("no selector", 0) == (body["message"], body["data"]["cancelled_count"])
    assert [] == ids(several.get("/job?status=cancelled"))
    assert 0 == data(several.delete("/job?queue=unknown"))["cancelled_count"]


def test_submitters_cancel_their_own_jobs_only(several: Api) -> None:
    """Another's is 403, and of a queue only what is theirs."""
    submit(several.store, id="mine", scope=T, submitted_by="bob", host="h1")
    bob = several.as_user("bob", Role.SUBMITTER)
    (other, *_) = [one for one in ids(several.get("/job?status=queued")) if one != "mine"]

    assert 403 == bob.delete(f"/job?id={other}").status_code
    assert ["mine"] == data(bob.delete("/job?host=h1"))["cancelled_jobs"]
    assert 403 == several.as_user("eve", Role.VIEWER).delete("/job?host=h1").status_code


def test_workers_are_listed_with_their_queues(several: Api) -> None:
    """A host that a worker holds is shown to keys that cover its job only."""
    rows = {row["name"]: row for row in data(several.get("/worker"))}
    assert {"w1", "w2"} == rows.keys()
    assert ("idle", 1, 0) == (
        rows["w1"]["status"],
        rows["w1"]["successful_job_count"],
        rows["w1"]["failed_job_count"],
    )
    (busy,) = [row for row in rows.values() if row["status"] == "busy"]
    stranger = several.as_user("eve", Role.VIEWER, tenant="nobody")
    assert [["FifoQ"], ["FifoQ"]] == [row["queues"] for row in data(stranger.get("/worker"))]
    for query, names in (
        ("queue=FifoQ", ["w1", "w2"]),
        ("node=node-2", ["w2"]),
        ("node=host-1", ["w1"]),
        ("node=nowhere", []),
        *((f"queue={queue}", [busy["name"]]) for queue in busy["queues"][1:]),
        *((f"host={queue[7:]}", [busy["name"]]) for queue in busy["queues"][1:]),
    ):
        assert names == [row["name"] for row in data(several.get(f"/worker?{query}"))], query


def test_a_dead_worker_is_dead(managed: Api) -> None:
    """It is listed, so that a script can cry."""
    beat(managed.store, "w1", [], idle_ms=60_000)
    assert ["dead"] == [row["status"] for row in data(managed.get("/worker"))]


def test_deleted_workers_are_named_and_their_jobs_fail(several: Api) -> None:
    """With what was interrupted beside; the error is WorkerTerminated."""
    running = ids(several.get("/job?status=started"))
    response = several.delete("/worker?name=w2")

    assert ["w2"] == data(response)
    assert [{"worker": "w2", "status": "stopped", "interrupted_jobs": 1}] == response.get_json()[
        "details"
    ]
    (row,) = data(several.get(f"/job?id={running[0]}"))
    assert "WorkerTerminated" == row["result"]["error"]["type"]
    assert ["w1"] == [row["name"] for row in data(several.get("/worker"))]
    assert 404 == several.delete("/worker?name=w2").status_code
    assert [] == data(several.delete("/worker?node=node-2"))


def test_deleting_nothing_in_particular_deletes_nothing(managed: Api) -> None:
    """Never all."""
    body = managed.delete("/worker").get_json()
    assert (200, "no selector", []) == (body["code"], body["message"], body["data"])
    assert 1 == len(data(managed.get("/worker")))


def test_only_keys_of_the_whole_fleet_delete_workers(managed: Api) -> None:
    """A tenant may not stop the others' work."""
    for other in (
        managed.as_user("op", Role.OPERATOR, tenant="t"),
        managed.as_user("ann", Role.SUBMITTER),
    ):
        response = other.delete("/worker?name=w1")
        assert (403, -1) == (response.status_code, response.get_json()["code"])
    assert 1 == len(data(managed.get("/worker")))


def test_health_is_ok_with_a_live_worker(managed: Api) -> None:
    """And counts only what the key covers."""
    submit(managed.store, scope=T)
    submit(managed.store, scope=U)
    body = managed.get("/health").get_json()
    assert ("ok", 2) == (body["data"], body["checks"]["queue_depth"])
    assert {"live": 1, "busy": 0, "dead": 0} == {
        name: body["checks"]["workers"][name] for name in ("live", "busy", "dead")
    }
    bound = managed.as_user("ann", Role.VIEWER, tenant="t")
    assert 1 == bound.get("/health").get_json()["checks"]["queue_depth"]


def test_health_warns_of_what_may_not_last(managed: Api) -> None:
    """A store that keeps nothing, a clock that is off, a worker of another version."""
    beat(managed.store, "w1", [], clock_ms=0)
    warnings = " ".join(managed.get("/health").get_json()["checks"]["warnings"])

    assert "writes nothing to disk" in warnings
    assert "The clock of node node-1 differs" in warnings
    assert "another version than this process live: 0" in warnings


def test_health_is_503_without_a_live_worker(managed: Api) -> None:
    """With the same checks."""
    managed.store.fleet.leave("w1")
    response = managed.get("/health")
    body = response.get_json()

    assert (503, -1, "degraded") == (response.status_code, body["code"], body["data"])
    assert 0 == body["checks"]["workers"]["live"]
    assert response.headers["Retry-After"]
