"""System status, health and the pages that need no key."""

import pytest

from queueapp.domain.api_key import Role
from queueapp.domain.errors import Unavailable
from queueapp.domain.fleet import NodeSample
from tests.factories import beat, claim, finish
from tests.integration.api.conftest import Api

STATUS = "/api/t/execution/system/status"


def test_a_live_node_is_healthy(api: Api) -> None:
    """Nodes with their load, and capacities that add up."""
    beat(api.store, "w1", [], sample=NodeSample(67.0, 78.4, 2**40))

    body = api.get(STATUS).get_json()

    assert body["systemStatus"] == "Healthy"
    assert body["executionNodes"] == [
        {
            "nodeId": "node-1",
            "status": "Active",
            "cpuUsage": 67,
            "memoryUsage": 78,
            "activeJobs": 0,
            "jobCapacity": 4,
        }
    ]
    assert body["resourceUtilization"]["totalCpuCapacity"] == 400
    assert body["resourceUtilization"]["usedCpuCapacity"] == 268
    assert body["resourceUtilization"]["totalMemoryCapacity"] == "16 GB"
    assert body["resourceUtilization"]["diskSpaceAvailable"] == "1 TB"


def test_what_no_node_has_measured_is_null(api: Api) -> None:
    """A node that has just come has capacity; what of it is used is not known yet."""
    resources = api.get(STATUS).get_json()["resourceUtilization"]

    assert (400, "16 GB") == (resources["totalCpuCapacity"], resources["totalMemoryCapacity"])
    assert {None} == {
        resources[name] for name in ("usedCpuCapacity", "usedMemoryCapacity", "diskSpaceAvailable")
    }


def test_the_queue_is_the_tenants_own(api: Api) -> None:
    """Four priorities that sum to the total; other tenants' jobs are not in it."""
    for priority in ("Critical", "High", "Normal", "Low", "Low"):
        api.submit(priority=priority)
    api.submit("/api/other/p")

    queue = api.get(STATUS).get_json()["queueStatistics"]

    assert queue["totalQueuedJobs"] == 5
    assert queue["criticalPriorityJobs"] == 1
    assert queue["lowPriorityJobs"] == 2


def test_a_key_of_a_project_sees_its_own_queue(api: Api) -> None:
    """The tenant's other projects are not its business; the nodes are everybody's."""
    api.submit()
    api.submit("/api/t/q")
    bound = api.as_user("ann", Role.VIEWER, tenant="t", project="q")

    body = bound.get(STATUS).get_json()

    assert body["queueStatistics"]["totalQueuedJobs"] == 1
    assert len(body["executionNodes"]) == 1
    assert api.get(STATUS).get_json()["queueStatistics"]["totalQueuedJobs"] == 2


def test_today_counts_ended_jobs(api: Api) -> None:
    """Completed, success rate and throughput of the tenant."""
    for outcome in ("completed", "completed", "completed", "failed"):
        api.submit()
        held = claim(api.store)
        assert held is not None
        finish(api.store, held, outcome)

    performance = api.get(STATUS).get_json()["performanceMetrics"]

    assert performance["jobsCompletedToday"] == 3
    assert performance["successRate"] == 75.0
    assert performance["throughputPerHour"] == 0.1


def test_without_nodes_it_is_unhealthy(api: Api) -> None:
    """Still 200, so that a monitor can read it."""
    api.store.fleet.leave("w1")

    response = api.get(STATUS)

    assert response.status_code == 200
    assert response.get_json()["systemStatus"] == "Unhealthy"


def test_without_the_store_it_is_unhealthy(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The admin's key still reads a status in which every number is unknown."""

    def gone(_: str, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(api.app.extensions["queueapp"].engine.system, "of", gone)

    body = api.get(STATUS).get_json()

    assert body["systemStatus"] == "Unhealthy"
    assert body["queueStatistics"]["totalQueuedJobs"] is None


def test_health_is_open(api: Api) -> None:
    """Live as soon as it answers, ready once a job type is known."""
    open_to_all = {"Authorization": None}

    assert api.get("/livez", headers=open_to_all).status_code == 200
    assert api.get("/readyz", headers=open_to_all).status_code == 200
    api.store.client.unlink(api.store.keys("catalogue"))
    unready = api.get("/readyz", headers=open_to_all)
    assert unready.status_code == 503
    assert unready.headers["Retry-After"]


def test_submitting_before_any_worker_is_503(api: Api) -> None:
    """Nobody knows yet what can be run."""
    api.store.client.unlink(api.store.keys("catalogue"))
    body = {
        "jobName": "x",
        "jobType": "y",
        "resource": {"resourceType": "Notebook", "resourceId": "z"},
    }

    response = api.post("/api/t/p/execution/job", body)

    assert response.status_code == 503
    assert response.headers["Retry-After"]


@pytest.mark.parametrize("path", ["/docs", "/problems", "/problems/not_found"])
def test_pages_are_whole_by_themselves(api: Api, path: str) -> None:
    """HTML under a strict policy, without anything from elsewhere and without inline scripts."""
    response = api.get(path, headers={"Authorization": None, "Accept": "text/html"})
    html = response.get_data(as_text=True)

    assert response.status_code == 200
    assert response.mimetype == "text/html"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert "<script>" not in html
    assert " style=" not in html
    assert "//cdn" not in html


def test_problem_types_resolve(api: Api) -> None:
    """The type of an error leads to its explanation."""
    problem = api.get("/nothing").get_json()

    explained = api.get(problem["type"]).get_json()

    assert explained["code"] == "not_found"
    assert explained["title"] == problem["title"]


def test_the_door_leads_to_the_documentation(api: Api) -> None:
    """A person who opens the address sees what can be done."""
    response = api.get("/", headers={"Authorization": None})

    assert response.status_code == 302
    assert response.headers["Location"] == "/docs"


@pytest.mark.parametrize("name", ["docs.css", "docs.js"])
def test_the_documentations_files_are_served(api: Api, name: str) -> None:
    """From the same address, as the policy demands."""
    assert api.get(f"/docs/{name}", headers={"Authorization": None}).status_code == 200
