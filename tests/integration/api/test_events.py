"""What happens, over HTTP: pages, waiting polls and streams."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.test import TestResponse

from queueapp.api import streams
from queueapp.api.schemas.events import SCHEMAS
from queueapp.api.streams import EventStream
from queueapp.domain.api_key import Role
from queueapp.domain.audit import Act
from queueapp.domain.errors import Unavailable
from queueapp.domain.events import EventFilter, EventKind
from queueapp.domain.outcome import Progress, Usage
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.domain.workflow import Step, Workflow
from queueapp.engine.feed import EventFeed
from tests.factories import add_worker, claim, finish, spec
from tests.integration.api.conftest import Api

EVENTS = "/api/t/p/execution/events"
SCOPE = Scope("t", "p")
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture(autouse=True)
def _places(api: Api) -> Iterator[None]:
    """Every stream of a test must have ended after it."""
    places = api.app.extensions[streams.EXTENSION]
    yield
    places.closing = False
    assert 0 == places.open


class Stream:
    """A stream that is read message by message."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self._chunks = iter(response.response)
        self._text = ""

    def message(self) -> dict[str, str]:
        """Return the fields of the next message; comments as `comment`."""
        while "\n\n" not in self._text:
            chunk = next(self._chunks)
            self._text += chunk.decode() if isinstance(chunk, bytes) else chunk
        block, _, self._text = self._text.partition("\n\n")
        pairs = (line.partition(": ")[::2] for line in block.split("\n"))
        return {name or "comment": value for name, value in pairs}

    def event(self, api: Api) -> dict[str, Any]:
        """Return the data of the next event, checked against the document."""
        message = self.message()
        while "event" not in message:
            message = self.message()
        data: dict[str, Any] = json.loads(message["data"])
        api.document.check_event(message["event"], data)
        assert (message["event"], message.get("id")) == (data["kind"], data["id"])
        return data


@contextmanager
def streamed(api: Api, query: str = "", **headers: str) -> Iterator[Stream]:
    """Open a stream; leave it at the end."""
    response = api.get(f"{EVENTS}{query}", headers={**STREAM, **headers})
    assert response.status_code == 200, response.get_data(as_text=True)
    try:
        yield Stream(response)
    finally:
        response.close()


def page(api: Api, query: str = "") -> dict[str, Any]:
    """Return a page of events."""
    response = api.get(f"{EVENTS}{query}")
    assert response.status_code == 200, response.get_data(as_text=True)
    row: dict[str, Any] = response.get_json()
    return row


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
    began_s = time.monotonic()
    jobs: list[str] = []
    coming = threading.Timer(0.2, lambda: jobs.append(api.submit()))
    coming.start()
    told = page(api, "?wait=20")["events"]
    coming.join()

    assert jobs == [event["jobId"] for event in told]
    assert 0.2 <= time.monotonic() - began_s < 5
    assert [] == page(api, "?wait=1&kinds=failed")["events"]


def test_a_stream_tells_the_past_then_the_news(api: Api) -> None:
    """From the event that Last-Event-ID or after names; without either only news."""
    first, second = api.submit(), api.submit()
    place = page(api, "?after=0&limit=1")["next"]
    with streamed(api, **{"Last-Event-ID": place}) as stream:
        assert {"retry": "3000", "id": place} == stream.message()
        assert second == stream.event(api)["jobId"]
        third = api.submit()
        assert third == stream.event(api)["jobId"]
        assert stream.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert "no-transform" in stream.response.headers["Cache-Control"]
        assert "no" == stream.response.headers["X-Accel-Buffering"]
    with streamed(api, "?after=0") as stream:
        assert [first, second, third] == [stream.event(api)["jobId"] for _ in range(3)]
    with streamed(api) as stream:
        assert page(api)["next"] == stream.message()["id"]


def test_progress_is_streamed_at_most_once_a_second(api: Api) -> None:
    """The newest of each job, without a place of its own, and never after the job's end."""
    add_worker(api.store)
    api.submit(jobType="Sleep")
    with streamed(api, "?after=0") as stream:
        assert ["submitted"] == [stream.event(api)["kind"]]
        held = claim(api.store)
        assert held is not None
        assert "started" == stream.event(api)["kind"]
        began_s, seen = time.monotonic(), []
        for done in range(1, 8):
            report = Progress(done, 10, "Counting")
            api.store.jobs.report(held.job.id, held.epoch, report, Usage())
            seen += [stream.event(api)] if done in (1, 7) else []
        assert time.monotonic() - began_s >= 1.0
        assert [(10, 1), (70, 7)] == [(e["percentage"], e["recordsProcessed"]) for e in seen]
        assert [None, "Counting"] == [seen[1]["id"], seen[1]["currentStage"]]
        api.store.jobs.report(held.job.id, held.epoch, Progress(9, 10), Usage())
        finish(api.store, held)
        assert "completed" == stream.event(api)["kind"]


def test_forgotten_events_are_told_by_reset(api: Api) -> None:
    """The stream goes on from now; a page says so and where to go on."""
    places = [page(api, "?after=0")["next"] for _ in range(4) if api.submit()]
    api.store.client.xtrim(api.store.keys("events", SCOPE.key), minid=places[2], approximate=False)
    with streamed(api, f"?after={places[0]}") as stream:
        stream.message()
        told = stream.message()
        assert ("reset", places[3]) == (told["event"], told["id"])
        api.document.check_event("reset", json.loads(told["data"]))
        assert api.submit() == stream.event(api)["jobId"]

    assert page(api, f"?after={places[0]}")["reset"]
    assert not page(api, f"?after={places[2]}")["reset"]


def test_nobody_hears_of_another_project(api: Api) -> None:
    """A stream and a poll tell their own project's events; a foreign key gets 404."""
    other = api.as_user("eve", Role.VIEWER, tenant="other")
    with streamed(api) as stream:
        stream.message()
        api.submit("/api/t/q")
        api.submit("/api/u/p")
        mine = api.submit()
        assert mine == stream.event(api)["jobId"]
    for headers in ({}, STREAM):
        assert 404 == other.get(f"{EVENTS}?after=0", headers=headers).status_code
    path = "/api/other/p/execution/events"
    assert [] == other.get(f"{path}?after=0").get_json()["events"]
    assert 404 == other.get(f"{path}?jobId={mine}").status_code


def test_streams_of_a_key_are_bounded(api: Api) -> None:
    """429 past the cap, also for waiting polls; other keys and other requests go on."""
    ann, bob = (api.as_user(name, Role.VIEWER) for name in ("ann", "bob"))
    places = api.app.extensions[streams.EXTENSION]
    opened = [ann.get(EVENTS, headers=STREAM) for _ in range(places._most_per_key)]
    try:
        for path, headers in ((EVENTS, STREAM), (f"{EVENTS}?wait=5", {})):
            response = ann.get(path, headers=headers)
            assert (429, "too_many_streams") == (
                *(response.status_code, response.get_json()["code"]),
            )
            assert int(response.headers["Retry-After"]) > 0
        assert 200 == ann.get(EVENTS).status_code
        assert 200 == ann.call("HEAD", EVENTS, headers=STREAM).status_code
        with streamed(bob):
            pass
        places._most = len(opened)
        assert 503 == bob.get(EVENTS, headers=STREAM).status_code
    finally:
        places._most = 64
        for response in opened:
            response.close()
    with streamed(ann):
        pass


@pytest.mark.parametrize("busy", [False, True])
def test_a_stream_ends_with_its_key(
    api: Api, monkeypatch: pytest.MonkeyPatch, *, busy: bool
) -> None:
    """It is looked at now and then, whether events come or only heartbeats."""
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(streams, "LOOK_S", 0.02)
    ann = api.as_user("ann", Role.VIEWER)
    with streamed(ann) as stream:
        stream.message()
        assert {"comment": "heartbeat", "id": "0-0"} == stream.message()
        api.store.api_keys.revoke(ann.token.split("_")[1])
        told = 0
        with contextlib.suppress(StopIteration):
            while told < 50:
                if busy:
                    api.submit()
                stream.message()
                told += 1

        assert told < 50


def test_a_stream_ends_when_the_store_is_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the connection broke: the client comes back by itself."""
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.02)
    with streamed(api) as stream:
        stream.message()

        def away(*_: object, **__: object) -> None:
            raise Unavailable

        monkeypatch.setattr(api.store.api_keys, "authenticate", away)
        with pytest.raises(StopIteration):
            stream.message()


def test_streams_and_polls_end_when_the_server_stops(api: Api) -> None:
    """At once, whether or not anything happens."""
    with streamed(api) as stream:
        stream.message()
        began_s = time.monotonic()
        stopping = threading.Timer(0.1, streams.stop_streams, [api.app])
        stopping.start()
        assert [] == page(api, "?wait=20")["events"]
        with pytest.raises(StopIteration):
            stream.message()
        stopping.join()

        assert time.monotonic() - began_s < 2
        assert 503 == api.get(EVENTS, headers=STREAM).status_code


def test_a_stream_that_falls_behind_is_hung_up(api: Api) -> None:
    """Its thread may be stuck in sending: the connection is shut, so that both end."""
    api.submit()
    feed = EventFeed(api.store.events, most_waiting=5)
    ours, theirs = socket.socketpair()
    stream = EventStream(
        *(feed, feed.subscribe(SCOPE, EventFilter()), SCOPE, EventFilter(), "0-0"),
        still_allowed=lambda: True,
        closing=lambda: False,
        connection=ours,
    )
    told = iter(stream)
    assert [True, True] == [text in next(told) for text in (b"retry: ", b"event: submitted")]
    for _ in range(10):
        api.submit()
    theirs.settimeout(5)
    assert b"" == theirs.recv(1)
    assert [] == list(told)
    ours.close()
    theirs.close()


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
