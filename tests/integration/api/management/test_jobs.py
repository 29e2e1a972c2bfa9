"""Jobs in the Job Management API: their fields, filters, and cancelling them."""

from dataclasses import replace

import pytest

from queueapp.domain.api_key import Role
from queueapp.domain.fleet import Node
from queueapp.domain.states import Status
from queueapp.forecasts import OWN
from queueapp.upkeep.chores import promote
from tests.factories import add_worker, claim, finish, report, submit
from tests.integration.api.conftest import Api
from tests.integration.api.management.rows import T, U, data, ids, statuses


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


def test_jobs_of_queueapps_own_are_nobodys(managed: Api) -> None:
    """They are neither listed, counted nor cancelled with all the others."""
    submit(managed.store, id="own", scope=OWN)
    submit(managed.store, id="job", scope=T)
    found = managed.get("/job")

    assert (["job"], "1") == (ids(found), found.headers["X-Total-Count"])
    assert 404 == managed.get("/job?id=own").status_code
    assert 1 == managed.get("/health").get_json()["checks"]["queue_depth"]
    assert ["job"] == data(managed.delete("/job?queue=FifoQ"))["cancelled_jobs"]


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


def test_a_job_is_enqueued_when_it_comes_into_its_queue(managed: Api) -> None:
    """Not while it waits for a time or a job; behind others of its host it is there already."""
    store = managed.store
    for number in range(2):
        submit(store, id=f"pinned{number}", scope=T, host="h", now_ms=1_000 + number)
    submit(store, id="scheduled", scope=T, scheduled_ms=10_000, now_ms=1_000)
    submit(store, id="dependent", scope=T, dependencies=("pinned0",), now_ms=1_000)
    first = {row["id"]: row["enqueued_at"] for row in data(managed.get("/job"))}
    held = claim(store, now_ms=2_000)
    assert held is not None
    finish(store, held, now_ms=3_000)
    promote(store, now_ms=11_000)
    assert claim(store, now_ms=12_000) is not None
    rows = {row["id"]: row for row in data(managed.get("/job"))}

    assert [None, None] == [first[name] for name in ("scheduled", "dependent")]
    assert "1970-01-01T00:00:01.001000+00:00" == first["pinned1"]
    assert "1970-01-01T00:00:10+00:00" <= rows["scheduled"]["enqueued_at"]
    assert "1970-01-01T00:00:03+00:00" == rows["dependent"]["enqueued_at"]
    assert (first["pinned1"], 10.999) == (
        rows["pinned1"]["enqueued_at"],
        rows["pinned1"]["queue_time"],
    )


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


def test_nodes_of_one_host_name_are_found_together(several: Api) -> None:
    """Also a machine and what it was before its last boot; an id is known longer than its node."""
    first, second = (ids(several.get(f"/job?node={name}")) for name in ("node-1", "node-2"))
    twin = Node("node-2", "host-1", 4, 16_384)
    add_worker(several.store, "w3", node=twin)
    both = several.get("/job?node=host-1")
    several.store.fleet.bury(now_ms=several.store.now_ms(), dead_ms=10**9, node_ms=-1)

    assert sorted(first + second) == sorted(ids(both))
    assert "2" == both.headers["X-Total-Count"]
    assert first == ids(several.get("/job?node=node-1"))


def test_jobs_for_hosts_that_a_node_holds_are_its_jobs(managed: Api) -> None:
    """Only those that are queued, and of projects that the key covers."""
    store = managed.store
    add_worker(store, "w2", node=Node("node-2", "host-2", 4, 16_384))
    submit(store, id="ended", scope=T, host="h9", device="h9")
    held = claim(store, "w1")
    assert held is not None
    finish(store, held, changes={"kept_ms": 60_000})
    for number, (scope, host) in enumerate([(T, "h9"), (T, "h8"), (U, "h9"), (T, "h9")]):
        submit(store, id=f"q{number}", scope=scope, host=host, device=host)
    stranger = managed.as_user("eve", Role.VIEWER, tenant="u")
    found = managed.get("/job?node=node-1")

    assert ["q3", "q0", "ended"] == ids(found)
    assert "3" == found.headers["X-Total-Count"]
    assert ["q3", "q0"] == ids(managed.get("/job?node=host-1&status=queued"))
    assert ["ended"] == ids(managed.get("/job?node=node-1&status=finished"))
    assert [] == ids(managed.get("/job?node=node-2"))
    assert [] == ids(stranger.get("/job?node=node-1"))


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
