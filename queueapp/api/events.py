"""What happens to a project's jobs and queue, as it happens: streamed, or asked for in pages."""

import time
from collections.abc import Callable
from typing import Any

from flask import Response, request
from flask.views import MethodView
from werkzeug.exceptions import NotAcceptable

from queueapp.api.auth import given_token, key
from queueapp.api.blueprint import ApiBlueprint
from queueapp.api.event_answer import event_row
from queueapp.api.examples import events as examples
from queueapp.api.named_jobs import known_job
from queueapp.api.responses import answer
from queueapp.api.schemas.events import PLACE_PATTERN, STREAM, EventPage, EventQuery
from queueapp.api.services import services
from queueapp.api.streams import EventStream, streams
from queueapp.domain.api_key import Role
from queueapp.domain.errors import ValidationFailed
from queueapp.domain.events import Event, EventFilter, place_of
from queueapp.domain.scope import Scope
from queueapp.engine.feed import EventFeed, Subscription
from queueapp.store.events import EventPage as StoredPage

blueprint = ApiBlueprint(
    "Events", __name__, url_prefix="/api", description="What happens, as it happens."
)
EVENT_STREAM = "text/event-stream"
LAST_EVENT_ID = {
    "in": "header",
    "name": "Last-Event-ID",
    "description": "As `after`, which it wins over; clients of streams send it by themselves.",
    "required": False,
    "schema": {"type": "string", "pattern": PLACE_PATTERN},
    "example": "1769942700120-0",
}
# Of a page that only few events pass, this many are looked at; the next page goes on from there.
LOOKED_AT = 2_000


@blueprint.route("/<string:tenantId>/<string:projectId>/execution/events")
class Events(MethodView):
    """The events of one project."""

    @blueprint.operation("listEvents", role=Role.VIEWER, errors=(406,), parameters=[LAST_EVENT_ID])
    @blueprint.arguments(EventQuery, location="query")
    @blueprint.response(200, EventPage, example=examples.EVENTS)
    @blueprint.alt_response(
        200,
        schema=STREAM,
        content_type=EVENT_STREAM,
        example=examples.STREAM,
        description="OK",
        success=True,
    )
    def get(self, query: dict[str, Any], scope: Scope) -> Response:
        """Follow what happens

        With `Accept: text/event-stream` a stream of Server-Sent Events that can be resumed by
        `Last-Event-ID`, a heartbeat every 15 seconds; else a page of what came after an event,
        after waiting for it if asked to. About the newest 10,000 events are kept; whoever comes
        back later is told by `reset` to read the state anew. Progress is streamed only.
        """
        wanted, after = _filter(scope, query), _resume(query["after"])
        if _wants_stream():
            return _stream(scope, wanted, after)
        return _page(scope, wanted, after, query)


def _filter(scope: Scope, query: dict[str, Any]) -> EventFilter:
    job_id = query["job_id"]
    kinds = frozenset(query["kinds"].split(",")) if query["kinds"] else None
    return EventFilter(known_job(scope, job_id).id if job_id else None, kinds)


def _wants_stream() -> bool:
    if not request.accept_mimetypes:
        return False
    wanted = request.accept_mimetypes.best_match(["application/json", EVENT_STREAM])
    if wanted is None:
        raise NotAcceptable("Accept text/event-stream or application/json.")
    return wanted == EVENT_STREAM


def _resume(after: str | None) -> str | None:
    """Return the place after which to tell, as the store writes it; None is now."""
    given = request.headers.get("Last-Event-ID")
    if given is None and after is None:
        return None
    try:
        time_ms, sequence = place_of(str(after if given is None else given))
    except ValueError as error:
        problem = "It must be the id of an event."
        raise ValidationFailed(
            f"Last-Event-ID: {problem}", errors=[("/Last-Event-ID", problem)]
        ) from error
    return f"{time_ms}-{sequence}"


def _stream(scope: Scope, wanted: EventFilter, after: str | None) -> Response:
    if request.method == "HEAD":
        return _stream_response(b"")
    leave = streams().enter(key().id)
    try:
        stream = _open(scope, wanted, after)
    except BaseException:
        leave()
        raise
    response = _stream_response(stream)
    response.call_on_close(stream.listener.close)
    response.call_on_close(leave)
    return response


def _open(scope: Scope, wanted: EventFilter, after: str | None) -> EventStream:
    feed, places = services().engine.feed, streams()
    # Listening begins before the past is read, so that nothing falls between the two.
    listener = feed.subscribe(scope, wanted)
    try:
        place = after if after is not None else feed.events.newest(scope).facts
    except BaseException:
        listener.close()
        raise
    return EventStream(
        feed,
        listener,
        scope,
        wanted,
        place,
        still_allowed=_check_of_key(),
        closing=lambda: places.closing,
        connection=request.environ.get("gunicorn.socket"),
    )


def _stream_response(body: Any) -> Response:
    response = Response(body, content_type=f"{EVENT_STREAM}; charset=utf-8")
    # Proxies must pass each event on at once, and nobody may compress what never ends.
    response.headers["Cache-Control"] = "no-store, no-transform"
    response.headers["X-Accel-Buffering"] = "no"
    response.vary.add("Accept")
    return response


def _check_of_key() -> Callable[[], bool]:
    """Return a check whether the key of this request is still good, to be made later."""
    keys, token, admin = services().engine.store.api_keys, given_token(), services().config
    return lambda: keys.authenticate(token, admin_key=admin.admin_key, cost=0) is not None


def _page(scope: Scope, wanted: EventFilter, after: str | None, query: dict[str, Any]) -> Response:
    feed, limit = services().engine.feed, query["limit"]
    if query["wait"] and request.method != "HEAD":
        with streams().place(key().id), feed.subscribe(scope, wanted) as listener:
            after = after if after is not None else feed.events.newest(scope).facts
            page = _read(feed, scope, wanted, after, limit)
            if not (page.events or page.full or page.missed):
                _wait(listener, query["wait"])
                page = _read(feed, scope, wanted, after, limit)
    else:
        after = after if after is not None else feed.events.newest(scope).facts
        page = _read(feed, scope, wanted, after, limit)
    row = {
        "events": [event_row(event) for event in page.events],
        "next": page.last,
        "hasMore": page.full,
        "reset": page.missed,
    }
    response = answer(row)
    response.vary.add("Accept")
    return response


def _read(feed: EventFeed, scope: Scope, wanted: EventFilter, after: str, limit: int) -> StoredPage:
    """Return up to ``limit`` events of a filter, having looked at a bounded number."""
    everything = wanted == EventFilter()
    page = feed.events.after(scope, after, limit=limit if everything else LOOKED_AT)
    if everything or page.missed:
        return page
    found = [event for event in page.events if wanted.takes(event)]
    if len(found) <= limit:
        return StoredPage(found, page.last, page.full, missed=False)
    return StoredPage(found[:limit], str(found[limit - 1].id), full=True, missed=False)


def _wait(listener: Subscription, wait_s: float) -> list[Event]:
    """Wait for a fact; progress is none. The end of the server ends the wait."""
    deadline_s, places = time.monotonic() + wait_s, streams()
    while (left_s := deadline_s - time.monotonic()) > 0 and not places.closing:
        news = [event for event in listener.take(min(left_s, 0.5)) if event.id is not None]
        if news or listener.overrun:
            return news
    return []
