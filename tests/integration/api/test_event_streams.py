"""Streams of events over HTTP: the past, then the news, for as long as it may last."""

import contextlib
import json
import socket
import threading
import time

import pytest
from flask import Flask

from queueapp.api import streams
from queueapp.api.streams import EventStream
from queueapp.domain.api_key import Role
from queueapp.domain.errors import Unavailable
from queueapp.domain.events import EventFilter
from queueapp.domain.outcome import Progress, Usage
from queueapp.engine.feed import EventFeed
from tests.factories import add_worker, claim, finish
from tests.integration.api.conftest import Api
from tests.integration.api.told_events import EVENTS, SCOPE, STREAM, page, streamed
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("places")


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
            api.store.attempts.report(held.job.id, held.epoch, report, Usage())
            seen += [stream.event(api)] if done in (1, 7) else []
        assert time.monotonic() - began_s >= 1.0
        assert [(10, 1), (70, 7)] == [(e["percentage"], e["recordsProcessed"]) for e in seen]
        assert [None, "Counting"] == [seen[1]["id"], seen[1]["currentStage"]]
        api.store.attempts.report(held.job.id, held.epoch, Progress(9, 10), Usage())
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


def stop_once_both_wait(app: Flask) -> None:
    """End the streams as a server does that stops, once a stream and a poll are there."""
    eventually(lambda: app.extensions[streams.EXTENSION].open == 2)
    streams.stop_streams(app)


def test_streams_and_polls_end_when_the_server_stops(api: Api) -> None:
    """At once, whether or not anything happens."""
    with streamed(api) as stream:
        stream.message()
        began_s = time.monotonic()
        stopping = threading.Thread(target=stop_once_both_wait, args=[api.app])
        stopping.start()
        try:
            assert [] == page(api, "?wait=20")["events"]
            with pytest.raises(StopIteration):
                stream.message()
        finally:
            stopping.join()

        assert time.monotonic() - began_s < 15
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
    theirs.settimeout(60)
    assert b"" == theirs.recv(1)
    assert [] == list(told)
    ours.close()
    theirs.close()
