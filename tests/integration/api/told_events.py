"""What tests of events over HTTP share: pages of them, streams, and where they are."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.test import TestResponse

from queueapp.domain.scope import Scope
from tests.integration.api.conftest import Api

EVENTS = "/api/t/p/execution/events"
SCOPE = Scope("t", "p")
STREAM = {"Accept": "text/event-stream"}


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
