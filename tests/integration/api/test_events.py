"""Events over HTTP: what is told of each, pages, and polls that wait."""

import threading
import time
from typing import Any

import pytest

from queueapp.api.schemas.events import SCHEMAS
from queueapp.domain.api_key import Role
from queueapp.domain.audit import Act
from queueapp.domain.events import EventKind
from queueapp.domain.queue import Priority
from queueapp.domain.workflow import Step, Workflow
from tests.factories import claim, finish, spec
from tests.integration.api.conftest import Api
from tests.integration.api.told_events import EVENTS, SCOPE, STREAM, page

pytestmark = pytest.mark.usefixtures("places")


def everything(api: Api) -> str:
    """Let everything happen that there is an event for; return the job's id."""
    job_id = api.submit(priority="Low")
    store = api.store
    store.queue.move(SCOPE, api.submit(priority="Low"), position=1)
    store.queue.reprioritise(SCOPE, job_id, Priority.HIGH)
    for end in ("given_back", "lost", "failed"):
        held = claim(store)
        assert held is not None
        assert held.job.id == job_id
        finish(store, held, end)
    held = claim(store)
    assert held is not None
    api.delete(f"/api/t/p/execution/job/{held.job.id}")
    finish(store, held, "cancelled")
    api.submit()
    held = claim(store)
    assert held is not None
    finish(store, held)
    step = spec(scope=SCOPE, step="s", workflow_id="w")
    workflow = Workflow("w", "a workflow", "ann", (Step("s", step.id, ()),))
    store.workflows.submit(SCOPE, workflow, [step], max_queued=100)
    held = claim(store)
    assert held is not None
    finish(store, held)
    store.pauses.pause(SCOPE, kind="Sleep", act=Act("ann", "rain"), until_ms=10**13)
    store.pauses.resume(SCOPE, kind="Sleep", act=Act("bob"))
    return job_id


def test_every_event_is_as_its_schema_says(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind has a schema, and what happens is told by it (the check is in the client)."""
    monkeypatch.setattr("queueapp.engine.engine.CANCEL_POLL_S", 0.01)
    monkeypatch.setattr(api.app.extensions["queueapp"].engine, "cancel", _unhurried(api))
    everything(api)
    told = page(api, "?after=0&limit=1000")

    assert {event["kind"] for event in told["events"]} == set(SCHEMAS) - {"progress", "retrying"}
    assert not told["hasMore"]
    assert {str(kind) for kind in EventKind} == set(SCHEMAS)


def _unhurried(api: Api) -> Any:
    """A cancel that does not wait for a worker: there is none."""
    cancel = api.app.extensions["queueapp"].engine.cancel
    return lambda *args, **options: cancel(*args, **{**options, "wait_s": 0})


def test_a_page_goes_on_where_the_last_one_ended(api: Api) -> None:
    """next is what after takes; without after only news is told."""
    assert {"events": [], "next": "0-0", "hasMore": False, "reset": False} == page(api)
    jobs = [api.submit() for _ in range(3)]
    first = page(api, "?after=0&limit=2")
    second = page(api, f"?after={first['next']}&limit=2")

    assert jobs == [event["jobId"] for event in (*first["events"], *second["events"])]
    assert [True, False] == [first["hasMore"], second["hasMore"]]
    assert [] == page(api)["events"]
    assert page(api)["next"] == second["next"]


def test_events_are_filtered_by_job_and_kind(api: Api) -> None:
    """Only what was asked for; the place moves on all the same."""
    one, two = api.submit(), api.submit()
    api.delete(f"/api/t/p/execution/job/{one}")
    seen = [
        [(event["jobId"], event["kind"]) for event in page(api, f"?after=0&{query}")["events"]]
        for query in (f"jobId={one}", "kinds=cancelled,failed", f"jobId={two}&kinds=cancelled")
    ]

    assert [[(one, "submitted"), (one, "cancelled")], [(one, "cancelled")], []] == seen
    assert page(api)["next"] == page(api, f"?after=0&jobId={two}")["next"]
    limited = page(api, f"?after=0&jobId={one}&limit=1")
    assert [True, 1] == [limited["hasMore"], len(limited["events"])]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("after=x", 400, "/after"), ("after=1-2-3", 400, "/after"), ("after=", 400, "/after"),
        ("wait=26", 400, "/wait"), ("wait=-1", 400, "/wait"), ("limit=0", 400, "/limit"),
        ("limit=1001", 400, "/limit"), ("kinds=nonsense", 400, "/kinds"),
        ("kinds=", 400, "/kinds"), ("kinds=started,", 400, "/kinds"), ("other=1", 400, "/other"),
        ("jobId=nope", 404, None), ("jobId=cc0e8400-e29b-41d4-a716-446655440000", 404, None),
    ],
)  # fmt: skip
def test_bad_queries_are_refused(api: Api, query: str, status: int, field: str | None) -> None:
    """Naming the parameter; a job that is not there is not there."""
    for headers in ({}, STREAM):
        response = api.get(f"{EVENTS}?{query}", headers=headers)

        assert status == response.status_code
        errors = response.get_json()["errors"]
        assert field == (errors[0]["field"] if errors else None)


def test_only_json_and_streams_are_told(api: Api) -> None:
    """406 for anything else; JSON for who does not mind."""
    for accept, status in (("text/html", 406), ("*/*", 200), ("application/json", 200)):
        assert status == api.get(EVENTS, headers={"Accept": accept}).status_code
    for headers in ({}, STREAM):
        response = api.get(EVENTS, headers={**headers, "Last-Event-ID": "x"})
        assert [{"field": "/Last-Event-ID", "message": "It must be the id of an event."}] == (
            response.get_json()["errors"]
        )


def test_a_poll_waits_for_the_first_event(api: Api) -> None:
    """It comes back with it at once, and empty when nothing happens in time."""
    began_s, place = time.monotonic(), page(api)["next"]
    jobs: list[str] = []
    coming = threading.Timer(0.2, lambda: jobs.append(api.submit()))
    coming.start()
    try:
        # Without a place only what comes once it has begun to wait would be told.
        told = page(api, f"?after={place}&wait=20")["events"]
    finally:
        coming.join()

    assert jobs == [event["jobId"] for event in told]
    assert 0.2 <= time.monotonic() - began_s < 15
    assert [] == page(api, "?wait=1&kinds=failed")["events"]


def test_people_are_called_as_they_are(api: Api) -> None:
    """Names are not told as the store spells them."""
    ann = api.as_user("ann@example.com", Role.OPERATOR)
    job = ann.submit()
    ann.call("PUT", f"/api/t/p/execution/queue/job/{job}/priority", json={"newPriority": "Low"})
    ann.post("/api/t/p/execution/queue/control", {"action": "pause"})
    events = api.get(f"{EVENTS}?after=0").get_json()["events"]
    names = {fact for row in events for fact in row.items() if fact[0].endswith("By")}

    assert {
        ("submittedBy", "ann@example.com"),
        ("changedBy", "ann@example.com"),
        ("pausedBy", "ann@example.com"),
    } == names
