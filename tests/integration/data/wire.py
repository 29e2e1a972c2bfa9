"""Calls the API as a client does, and looks at what is left behind."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from queueapp.engine.library import Library
from queueapp.store import Store

ADMIN = "the-admin-key"
PROJECT = "/api/acme/sales"
COLUMNS = {"caseId": "case", "activityName": "act", "activityTime": "at"}
LOG = (
    b"case,act,at,who\n"
    b"1,Order,2024-01-01T10:00:00Z,ann\n"
    b"1,Pay,2024-01-02T10:00:00Z,bob\n"
    b"2,Order,2024-01-03T10:00:00Z,ann\n"
    b"2,,2024-01-04T10:00:00Z,ann\n"
)


@dataclass(frozen=True)
class Api:
    """An app, what is behind it, and a key for its project."""

    app: Flask
    store: Store
    data_dir: Path
    token: str

    @property
    def library(self) -> Library:
        """The library over the app's own parts."""
        services = self.app.extensions["queueapp"]
        return Library(services.engine, services.objects)

    def call(
        self, method: str, path: str, *, token: str | None = None, **more: Any
    ) -> TestResponse:
        """Send a request; the path is the project's unless it begins with /api."""
        headers = {"Authorization": f"Bearer {token or self.token}", **more.pop("headers", {})}
        address = path if path.startswith("/api") else f"{PROJECT}/{path}"
        response = self.app.test_client().open(address, method=method, headers=headers, **more)
        # The test client leaves the temporary file of a large body open.
        response.request.environ["wsgi.input"].close()
        return response

    def upload(
        self,
        body: bytes = LOG,
        *,
        path: str = "datasets/d",
        filename: str = "log.csv",
        fields: dict[str, str] | None = None,
        **more: Any,
    ) -> TestResponse:
        """Send a file with fields: with PUT to one dataset, with POST to all."""
        data: dict[str, Any] = {"name": "Orders", **(COLUMNS if fields is None else fields)}
        method = "POST" if path == "datasets" else "PUT"
        return self.call(method, path, data={**data, "file": (io.BytesIO(body), filename)}, **more)

    def left(self) -> tuple[set[str], set[str], list[Path]]:
        """Return what stays stored but the audit trails: keys, objects, and files of uploads."""
        found = (str(key) for key in self.store.client.keys("*"))
        # A receipt of an action, for its own repeat, ends by itself after half a minute.
        keys = {key for key in found if not key.endswith(":audit") and ":op:" not in key}
        objects = set(self.app.extensions["queueapp"].objects.keys())
        return keys, objects, list((self.data_dir / "uploads").glob("*"))
