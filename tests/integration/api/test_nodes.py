"""The machines of the fleet over HTTP: now, and by the minute."""

from queueapp.domain.fleet import DEAD_AFTER_MS, Node, NodeSample, Worker
from tests.factories import beat
from tests.integration.api.conftest import Api

MINUTE_MS = 60_000


def test_nodes_are_listed_with_their_figures(api: Api) -> None:
    """What each offers, its newest sample, and the workers that live on it."""
    beat(api.store, "w1", [], sample=NodeSample(67.5, 78.4, 2**40))
    found = api.get("/api/nodes").get_json()
    node = found["nodes"][0]

    assert (1, False) == (found["totalCount"], found["hasNextPage"])
    assert ("node-1", "Active", ["w1"], 4) == (
        node["nodeId"],
        node["status"],
        node["workers"],
        node["slots"],
    )
    assert (67.5, 78.4, "1 TB") == (node["cpuUsage"], node["memoryUsage"], node["diskFree"])


def test_a_lost_node_is_offline_in_both_lists(api: Api) -> None:
    """What it had is null, what it offers is remembered; the system is degraded."""
    worker = Worker("of-lost", Node("lost", "box", 8, 1024), pid=1, slots=4, born_ms=0, version="0")
    api.store.fleet.register(worker, [], now_ms=api.store.now_ms() - DEAD_AFTER_MS - 1_000)
    lost = api.get("/api/nodes").get_json()["nodes"][0]
    status = api.get("/api/t/execution/system/status").get_json()

    assert ("lost", "Offline", 8, []) == (
        lost["nodeId"],
        lost["status"],
        lost["cpuUnits"],
        lost["workers"],
    )
    unknown = ("cpuUsage", "memoryUsage", "diskFree", "diskFreeBytes", "slots", "activeJobs")
    assert [None] * len(unknown) == [lost[name] for name in unknown]
    assert "Degraded" == status["systemStatus"]
    assert {
        "nodeId": "lost",
        "status": "Offline",
        **dict.fromkeys(("cpuUsage", "memoryUsage", "activeJobs", "jobCapacity")),
    } == status["executionNodes"][0]


def test_a_node_that_was_left_is_offline_but_not_lost(api: Api) -> None:
    """As after a deployment: all is well, until one that is there again is lost."""
    store = api.store

    def look() -> tuple[str, str]:
        status = api.get("/api/t/execution/system/status").get_json()
        return status["executionNodes"][0]["status"], status["systemStatus"]

    before_ms = store.now_ms() - DEAD_AFTER_MS - 1_000
    worker = Worker("of-left", Node("left", "box", 8, 1024), pid=1, slots=4, born_ms=0, version="0")
    store.fleet.register(worker, [], now_ms=before_ms)
    lost = look()
    store.fleet.leave("of-left")
    left = look()
    store.fleet.register(worker, [], now_ms=store.now_ms() + 1_000)
    there = look()
    store.fleet.leave("of-left", on_purpose=False)

    assert [("Offline", "Degraded"), ("Offline", "Healthy"), ("Active", "Healthy")] == [
        lost,
        left,
        there,
    ]
    assert ("Offline", "Degraded") == look()


def test_a_node_whose_workers_all_drain_is_draining(api: Api) -> None:
    """It lives, so that the system is healthy, but takes nothing."""
    api.store.workers.drain("w1", by="ann")
    status = api.get("/api/t/execution/system/status").get_json()

    assert "Draining" == api.get("/api/nodes").get_json()["nodes"][0]["status"]
    assert ("Draining", "Healthy") == (
        status["executionNodes"][0]["status"],
        status["systemStatus"],
    )


def test_a_nodes_load_is_told_by_the_minute(api: Api) -> None:
    """Newest first, in pages, of the time that is asked for."""
    now_ms = api.store.now_ms()
    for minute in range(5):
        api.store.nodes.note_load(now_ms=now_ms + minute * MINUTE_MS % DEAD_AFTER_MS + minute)
    whole = api.get("/api/nodes/node-1/load?pageSize=3").get_json()
    none = api.get("/api/nodes/node-1/load?dateTo=2020-01-01").get_json()

    assert ("node-1", 5, 3, True) == (
        whole["nodeId"],
        whole["totalCount"],
        len(whole["samples"]),
        whole["hasNextPage"],
    )
    assert {"activeJobs": 0, "slots": 4} == {
        name: whole["samples"][0][name] for name in ("activeJobs", "slots")
    }
    assert (0, []) == (none["totalCount"], none["samples"])


def test_an_unknown_node_is_not_found(api: Api) -> None:
    """A name that no node has, and none had in the last days."""
    assert 404 == api.get("/api/nodes/no-such/load").status_code
