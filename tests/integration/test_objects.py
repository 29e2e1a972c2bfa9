"""The object store keeps the same promises on a disk and in a bucket."""

import hashlib
import shutil
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from queueapp.domain.errors import ValidationFailed
from queueapp.objects import (
    ObjectExists,
    ObjectNotFound,
    ObjectStore,
    ObjectStoreUnavailable,
    object_key,
    open_object_store,
)

LARGE = 20 << 20


def pieces(size: int, piece: int = 1 << 20) -> Iterator[bytes]:
    """Yield bytes that differ from piece to piece."""
    for number in range(0, size, piece):
        yield number.to_bytes(8) * (min(piece, size - number) // 8)


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """An empty object store of each kind."""
    if request.param == "file":
        return open_object_store((tmp_path / "objects here").as_uri())
    environ = request.getfixturevalue("bucket_server")
    return open_object_store(f"s3://bucket/{tmp_path.name}", environ)


@pytest.mark.parametrize("size", [0, 1000, LARGE])
def test_what_was_put_is_read(store: ObjectStore, size: int) -> None:
    """An object comes back byte by byte, and its size and digest were told at the put."""
    expected = b"".join(pieces(size))
    stored = store.put("a/b", pieces(size))

    assert (size, hashlib.sha256(expected).hexdigest()) == (stored.size_bytes, stored.sha256)
    assert expected == b"".join(store.read("a/b"))
    assert size == store.size("a/b")


def test_a_file_can_be_put(store: ObjectStore, tmp_path: Path) -> None:
    """A local file is stored as it is."""
    (tmp_path / "file").write_bytes(b"content")
    stored = store.put("a/b", tmp_path / "file")

    assert stored.size_bytes == 7
    assert b"content" == b"".join(store.read("a/b"))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 3, b"abc"), (3, None, b"def"), (2, 4, b"cd"), (4, 99, b"ef"), (6, None, b""), (2, 2, b"")],
)
def test_a_range_can_be_read(
    store: ObjectStore, start: int, end: int | None, expected: bytes
) -> None:
    """A range is read from start up to but without end; an end beyond the object is its end."""
    store.put("a/b", [b"abc", b"def"])

    assert expected == b"".join(store.read("a/b", start, end))


@pytest.mark.parametrize(("start", "end"), [(7, None), (-1, 3), (4, 2)])
def test_a_range_outside_is_refused(store: ObjectStore, start: int, end: int | None) -> None:
    """A range that no byte can lie in is an error before anything is read."""
    store.put("a/b", [b"abcdef"])
    with pytest.raises(ValidationFailed):
        store.read("a/b", start, end)


@pytest.mark.parametrize("size", [8, LARGE])
def test_an_object_is_not_overwritten(store: ObjectStore, size: int) -> None:
    """A second put of a key changes nothing, unless it asks to replace."""
    store.put("a/b", [b"first"])
    with pytest.raises(ObjectExists):
        store.put("a/b", pieces(size))

    assert b"first" == b"".join(store.read("a/b"))
    assert size == store.put("a/b", pieces(size), replace=True).size_bytes
    assert size == store.size("a/b")


def test_one_of_many_writers_wins(store: ObjectStore) -> None:
    """Of writers that put one key at once exactly one succeeds, and its bytes are there."""

    def write(number: int) -> int | None:
        try:
            store.put("a/b", [str(number).encode()])
        except ObjectExists:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(write, range(16)) if number is not None]

    assert len(winners) == 1
    assert str(winners[0]).encode() == b"".join(store.read("a/b"))


@pytest.mark.parametrize("size", [8, LARGE])
def test_a_failed_put_leaves_nothing(store: ObjectStore, size: int) -> None:
    """When the source breaks off there is no object, not even a part of one."""

    def breaking() -> Iterator[bytes]:
        yield from pieces(size)
        raise ConnectionResetError("the client went away")

    with pytest.raises((ConnectionResetError, ObjectStoreUnavailable)):
        store.put("a/b", breaking())

    assert not store.exists("a/b")
    assert [] == list(store.keys())


def test_missing_objects_are_told(store: ObjectStore, tmp_path: Path) -> None:
    """Reading, sizing and fetching what is not there is an error; deleting it is not."""
    for attempt in (store.read, store.size, lambda key: store.fetch(key, tmp_path / "x")):
        with pytest.raises(ObjectNotFound):
            attempt("a/b")
    store.delete("a/b")

    assert not store.exists("a/b")
    assert not (tmp_path / "x").exists()


def test_a_prefix_is_deleted_whole_and_alone(store: ObjectStore) -> None:
    """Everything under a prefix goes, its neighbour of a similar name stays."""
    for key in ("p/one/a", "p/one/b/c", "p/one2/a"):
        store.put(key, [b"x"])

    assert 2 == store.delete_prefix("p/one")
    assert ["p/one2/a"] == list(store.keys())
    with pytest.raises(ValueError, match="prefix"):
        store.delete_prefix("/")


def test_an_object_is_fetched_to_a_file(store: ObjectStore, tmp_path: Path) -> None:
    """A fetched file has the object's bytes, replaces what was there and leaves no draft."""
    store.put("a/b", pieces(LARGE))
    target = tmp_path / "got" / "file"
    target.parent.mkdir()
    target.write_bytes(b"old")
    store.fetch("a/b", target)

    assert b"".join(pieces(LARGE)) == target.read_bytes()
    assert ["file"] == [file.name for file in target.parent.iterdir()]


def test_a_local_object_is_fetched_without_a_copy(tmp_path: Path) -> None:
    """On one disk a fetch is a hard link, and the object has a path."""
    store = open_object_store(f"file://{tmp_path}/objects")
    store.put("a/b", [b"x"])
    store.fetch("a/b", tmp_path / "link")
    path = store.local_path("a/b")

    assert path is not None
    assert path.samefile(tmp_path / "link")


def test_large_objects_are_not_held_in_memory(store: ObjectStore) -> None:
    """Writing and reading 96 MiB takes a small part of that in Python's memory."""
    tracemalloc.start()
    store.put("a/b", pieces(96 << 20))
    read = sum(len(piece) for piece in store.read("a/b"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert 96 << 20 == read
    assert peak < 64 << 20


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a/b", "c"), ("a", "b/c")),
        (("a", "B"), ("a", "b")),
        (("%41",), ("A",)),
        (("..",), (".",)),
        (("\u00e9",), ("e\u0301",)),
        (("x" * 300,), ("x" * 301,)),
    ],
)
def test_no_two_lists_of_ids_make_one_key(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Keys differ also where a file system ignores case, and their parts fit in a file name."""
    keys = [object_key(*one), object_key(*other)]

    assert keys[0].lower() != keys[1].lower()
    assert all(0 < len(part) <= 255 for key in keys for part in key.split("/"))


def test_strange_ids_are_stored(store: ObjectStore) -> None:
    """Objects whose ids are dots, slashes or long foreign words stay apart."""
    ids = ["..", "a/../b", "%2F", "A", "a", "数" * 128, "#?&= +"]
    for number, one in enumerate(ids):
        store.put(object_key("datasets", one, "file.csv"), [str(number).encode()])

    for number, one in enumerate(ids):
        key = object_key("datasets", one, "file.csv")
        assert str(number).encode() == b"".join(store.read(key))
    assert len(ids) == len(list(store.keys("datasets")))


@pytest.mark.parametrize("url", ["", "objects", "/tmp/x", "s3://", "http://x/y", "file://host/x"])
def test_other_urls_are_refused(url: str) -> None:
    """An address of neither kind is refused at once."""
    with pytest.raises(ValueError, match="is not file"):
        open_object_store(url)


def test_a_bucket_that_is_not_there_is_unavailable(bucket_server: dict[str, str]) -> None:
    """A wrong bucket is told as the store's failure, not as the object's absence."""
    store = open_object_store("s3://another-bucket", bucket_server)
    with pytest.raises((ObjectStoreUnavailable, ObjectNotFound)):
        store.put("a", [b"x"])


def test_a_broken_disk_is_unavailable(tmp_path: Path) -> None:
    """A file where a folder should be is told as the store's failure."""
    store = open_object_store((tmp_path / "objects").as_uri())
    shutil.rmtree(tmp_path / "objects")
    (tmp_path / "objects").write_text("in the way")
    with pytest.raises(ObjectStoreUnavailable):
        store.put("a/b", [b"x"])


def test_threads_share_a_store(store: ObjectStore) -> None:
    """Many threads use one store at once."""

    def use(number: int) -> int:
        store.put(f"t/{number}", pieces(1 << 20))
        return sum(len(piece) for piece in store.read(f"t/{number}"))

    with ThreadPoolExecutor(12) as pool:
        assert [1 << 20] * 24 == list(pool.map(use, range(24)))
