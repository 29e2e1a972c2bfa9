"""A small client of our own REST API, with nothing but the standard library.

The commands use it, so that what they show is what any other client would see.
"""

import json
import shutil
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

PIECE_BYTES = 1 << 16


class ApiError(Exception):
    """The server answered with a problem, or not at all."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """Talks to one server with one key."""

    def __init__(self, address: str, key: str, timeout_s: float = 60.0) -> None:
        self.address = address
        self._headers = {"Authorization": f"Bearer {key}"}
        self._timeout_s = timeout_s
        # A proxy of the environment is for the world outside, not for a server of our own.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str) -> dict[str, Any]:
        """Return the answer to a GET."""
        return self._json(self._request("GET", path))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a POST of a JSON body."""
        request = self._request("POST", path, json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        return self._json(request)

    def upload(
        self, path: str, file: Path, fields: Mapping[str, str], media_type: str
    ) -> dict[str, Any]:
        """Return the answer to a PUT of a form with one file, sent piece by piece."""
        boundary = uuid.uuid4().hex
        head = _form_head(boundary, fields, file.name, media_type)
        tail = f"\r\n--{boundary}--\r\n".encode()
        request = self._request("PUT", path)
        request.data = _pieces(head, file, tail)
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        request.add_header("Content-Length", str(len(head) + file.stat().st_size + len(tail)))
        return self._json(request)

    def download(self, url: str, target: Path) -> None:
        """Save what a link gives; the link carries its own permission, so no key is sent."""
        request = urllib.request.Request(urljoin(self.address, url))  # noqa: S310 -- our server's
        draft = target.with_name(f".{target.name}.part")
        with self._open(request) as answer, draft.open("wb") as file:
            shutil.copyfileobj(answer, file)
        draft.replace(target)

    def _request(self, method: str, path: str, body: bytes | None = None) -> urllib.request.Request:
        return urllib.request.Request(  # noqa: S310 -- our own server's address
            self.address + path, method=method, data=body, headers=self._headers
        )

    def _json(self, request: urllib.request.Request) -> dict[str, Any]:
        with self._open(request) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
            return found

    def _open(self, request: urllib.request.Request) -> Any:
        try:
            return self._opener.open(request, timeout=self._timeout_s)
        except urllib.error.HTTPError as error:
            with error:
                raise ApiError(_problem(error), error.code) from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise ApiError(f"{self.address} does not answer: {reason}") from None


def _problem(error: urllib.error.HTTPError) -> str:
    """Return a problem document's own words, with the fields that it names."""
    try:
        problem = json.loads(error.read())
        text = str(problem.get("detail") or problem.get("title") or error.reason)
        named = [f"{each['field']}: {each['message']}" for each in problem.get("errors") or []]
    except (ValueError, AttributeError, KeyError, TypeError):
        return f"{error.code} {error.reason}"
    return "; ".join([f"{error.code} {text}", *named])


def _form_head(boundary: str, fields: Mapping[str, str], name: str, media_type: str) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n"
    )
    return "".join(parts).encode()


def _pieces(head: bytes, file: Path, tail: bytes) -> Iterator[bytes]:
    yield head
    with file.open("rb") as source:
        while piece := source.read(PIECE_BYTES):
            yield piece
    yield tail
