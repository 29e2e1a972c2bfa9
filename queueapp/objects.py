"""The object store: artifacts and uploaded files behind one URL, on disk or in a bucket.

Uploads, the job runner and downloads call it; only this room knows obstore.
It keeps bytes and nothing about them: names, media types and digests are the caller's to remember.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, S3Store

from queueapp.domain.errors import Conflict, NotFound, Unavailable, ValidationFailed

if TYPE_CHECKING:
    from obstore import GetResult

CHUNK_BYTES = 1 << 20
# What fits in memory is written in one atomic request; S3's parts must be at least 5 MiB.
WHOLE_BYTES = 8 << 20
PART_BYTES = 8 << 20
PARTS_AT_ONCE = 2
DELETED_AT_ONCE = 500
# The longest file name of common file systems is 255 bytes.
LONGEST_PART = 200
PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")


class ObjectNotFound(NotFound):
    """The object store has no such object."""


class ObjectExists(Conflict):
    """The object store has this object already."""


class ObjectStoreUnavailable(Unavailable):
    """The object store cannot be reached or refuses to work."""


@dataclass(frozen=True)
class StoredObject:
    """What was written: its key, its size and its digest."""

    key: str
    size_bytes: int
    sha256: str


def object_key(*parts: str) -> str:
    """Join ids to a key in which no two lists of ids collide, on any file system.

    Capitals are encoded too, for file systems that do not tell them apart;
    a part that would be too long for a file name becomes its digest.
    """
    return "/".join(_encode_part(part) for part in parts)


def _encode_part(part: str) -> str:
    raw = part.encode()
    encoded = "".join(chr(byte) if byte in PLAIN else f"%{byte:02X}" for byte in raw)
    if len(encoded) <= LONGEST_PART:
        return encoded
    return f"~{hashlib.sha256(raw).hexdigest()}"  # "~" is never plain, so no short part looks so


class ObjectStore:
    """One place for objects, named by a URL."""

    def __init__(self, store: LocalStore | S3Store, root: Path | None) -> None:
        self._store = store
        self._root = root

    def put(
        self, key: str, source: Path | Iterable[bytes], *, replace: bool = False
    ) -> StoredObject:
        """Write an object from a file or from pieces, never whole in memory.

        Nothing is seen under the key until all of it is there, and nothing after a failure.
        Two writers of one new key: of objects up to 8 MiB exactly one wins; of larger ones each
        first looks whether the key is taken, so keys of large objects carry an id of their own.

        Raises: ObjectExists, unless ``replace``.
        """
        pieces = _pieces_of_file(source) if isinstance(source, Path) else iter(source)
        meter = _Meter()
        head, rest = _split(meter.measure(pieces))
        with _errors(key):
            if rest is None:
                obstore.put(self._store, key, head, mode="overwrite" if replace else "create")
            else:
                self._put_in_parts(key, chain([head], rest), replace=replace)
        return StoredObject(key, meter.size_bytes, meter.digest.hexdigest())

    def _put_in_parts(self, key: str, pieces: Iterable[bytes], *, replace: bool) -> None:
        if not replace and self.exists(key):
            raise ObjectExists(f"There is already an object {key}.")
        obstore.put(
            self._store,
            key,
            pieces,
            use_multipart=True,
            chunk_size=PART_BYTES,
            max_concurrency=PARTS_AT_ONCE,
        )

    def read(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield an object's bytes from ``start`` up to but without ``end``.

        The object is looked up at the call, so that a missing one is known before the first byte.

        Raises: ObjectNotFound, ValidationFailed when the range lies outside the object.
        """
        size_bytes = self.size(key)
        end = size_bytes if end is None else min(end, size_bytes)
        if not 0 <= start <= end:
            raise ValidationFailed(f"The object has {size_bytes} bytes, none at {start}.")
        if start == end:
            return iter(())
        with _errors(key):
            found = obstore.get(self._store, key, options={"range": (start, end)})
        return _stream(key, found)

    def fetch(self, key: str, target: Path) -> None:
        """Make an object a local file: a hard link where that is possible, else a copy.

        The file is for reading; as a link it shares its bytes with the store.

        Raises: ObjectNotFound.
        """
        local = self.local_path(key)
        draft = target.with_name(f".{target.name}.{uuid4().hex}")
        try:
            if local is None or not _linked(local, draft):
                _write(draft, self.read(key))
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def local_path(self, key: str) -> Path | None:
        """Return where an object lies as a file, None where the store is not this disk.

        Raises: ObjectNotFound.
        """
        if self._root is None:
            return None
        path = self._root / key
        if not path.is_file():
            raise ObjectNotFound(f"There is no object {key}.")
        return path

    def size(self, key: str) -> int:
        """Return an object's size in bytes.

        Raises: ObjectNotFound.
        """
        with _errors(key):
            return obstore.head(self._store, key)["size"]

    def exists(self, key: str) -> bool:
        """Tell whether there is an object of this key."""
        try:
            self.size(key)
        except ObjectNotFound:
            return False
        return True

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys under a prefix of whole parts."""
        with _errors(prefix):
            for batch in obstore.list(self._store, prefix or None):
                yield from (found["path"] for found in batch)

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is no error."""
        with contextlib.suppress(ObjectNotFound), _errors(key):
            obstore.delete(self._store, key)

    def delete_prefix(self, prefix: str) -> int:
        """Delete every object under a prefix of whole parts and return how many there were."""
        if not prefix.strip("/"):
            raise ValueError("A prefix is needed: this would delete everything.")
        keys = list(self.keys(prefix))
        for first in range(0, len(keys), DELETED_AT_ONCE):
            for key in keys[first : first + DELETED_AT_ONCE]:
                self.delete(key)
        return len(keys)


def open_object_store(url: str, environ: Mapping[str, str] = os.environ) -> ObjectStore:
    """Open `file:///directory` or `s3://bucket/prefix`, the latter with the usual AWS_* settings.

    Open it in the process that uses it: its threads do not survive a fork.

    Raises: ValueError when the URL names neither.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        root = Path(unquote(parts.path)).resolve()
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return ObjectStore(LocalStore(root, automatic_cleanup=True), root)
    if parts.scheme == "s3" and parts.netloc:
        return ObjectStore(_s3(parts.netloc, unquote(parts.path).strip("/"), environ), None)
    raise ValueError(f"{url!r} is not file:///directory or s3://bucket/prefix.")


def _s3(bucket: str, prefix: str, environ: Mapping[str, str]) -> S3Store:
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or ""
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    given = {
        "access_key_id": environ.get("AWS_ACCESS_KEY_ID"),
        "secret_access_key": environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": environ.get("AWS_SESSION_TOKEN"),
        "endpoint": endpoint,
    }
    config: Any = {name: value for name, value in given.items() if value}
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=region,
        config=config,
        client_options={"allow_http": endpoint.startswith("http://")},
    )


class _Meter:
    """Counts and digests what passes."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.size_bytes = 0

    def measure(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.digest.update(piece)
            self.size_bytes += len(piece)
            yield piece


def _pieces_of_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


def _split(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes] | None]:
    """Return all of a small input, or the first part of a large one and the rest."""
    head = bytearray()
    for piece in pieces:
        head += piece
        if len(head) > WHOLE_BYTES:
            return bytes(head), pieces
    return bytes(head), None


def _stream(key: str, found: "GetResult") -> Iterator[bytes]:
    with _errors(key):
        for piece in found.stream(CHUNK_BYTES):
            yield bytes(piece)


def _write(path: Path, pieces: Iterator[bytes]) -> None:
    with path.open("xb") as file:
        for piece in pieces:
            file.write(piece)


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        return False
    return True


@contextlib.contextmanager
def _errors(key: str) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectNotFound(f"There is no object {key}.") from error
    except AlreadyExistsError as error:
        raise ObjectExists(f"There is already an object {key}.") from error
    except (BaseError, OSError) as error:
        reason = str(error).split("\n", 1)[0]
        raise ObjectStoreUnavailable(f"The object store failed: {reason}") from error
