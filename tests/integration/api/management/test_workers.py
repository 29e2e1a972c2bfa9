"""Workers in the Job Management API: listed, dead, deleted."""

import pytest

from queueapp.domain.api_key import Role
from tests.factories import beat, claim, finish, submit
from tests.integration.api.conftest import Api
from tests.integration.api.management.rows import T, data, ids


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


def test_a_node_holds_hosts_between_their_jobs(managed: Api) -> None:
    """Its workers show them to whom they concern; deleting by host means who runs its job."""
    submit(managed.store, id="j", scope=T, host="h9", device="h9")
    held = claim(managed.store, "w1")
    assert held is not None
    finish(managed.store, held, changes={"kept_ms": 60_000})
    stranger = managed.as_user("eve", Role.VIEWER, tenant="nobody")

    assert [["FifoQ", "pinned_h9"]] == [row["queues"] for row in data(managed.get("/worker"))]
    assert ["w1"] == [row["name"] for row in data(managed.get("/worker?host=h9"))]
    assert [["FifoQ"]] == [row["queues"] for row in data(stranger.get("/worker"))]
    assert [] == data(managed.delete("/worker?host=h9"))
    rows = managed.get("/api/workers").get_json()["workers"]
    assert [["h9"]] == [row["hosts"] for row in rows]
    assert [[]] == [row["hosts"] for row in stranger.get("/api/workers").get_json()["workers"]]
    node = managed.get("/api/nodes").get_json()["nodes"][0]
    assert (1, None) == (node["heldHosts"], node["pinCapacity"])


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


@pytest.mark.parametrize(
    ("query", "gone"),
    [
        ("name=w1&queue=nothing&node=node-2", ["w1"]),
        ("queue=nothing&node=node-2", []),
        ("queue=FifoQ&node=node-2", ["w1", "w2"]),
        ("node=node-2&host=h9", ["w2"]),
        ("node=host-1", ["w1"]),
        ("node=nowhere&host=h1", []),
        ("host=h9", []),
    ],
)
def test_one_selector_says_which_workers_are_deleted(
    several: Api, query: str, gone: list[str]
) -> None:
    """The name before the queue, before the node, before the host; what nobody has is nothing."""
    assert gone == data(several.delete(f"/worker?{query}"))
    left = {row["name"] for row in data(several.get("/worker"))}
    assert {"w1", "w2"} - set(gone) == left


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
