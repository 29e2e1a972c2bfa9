"""The function library: loaded when it is missing, beside other releases', usable when full."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from queueapp.domain.errors import Unavailable
from queueapp.domain.states import Status
from queueapp.store import Store
from queueapp.store.library import library
from queueapp.upkeep.chores import LIBRARY_KEPT_MS, retire
from tests.factories import SCOPE, add_worker, claim, finish, submit

OTHER = "queueapp_0123456789abcdef"


def loaded(store: Store) -> set[str]:
    """The names of the libraries in the server."""
    found = store.client.function_list(library="queueapp_*")
    return {text for one in found for text in one if str(text).startswith("queueapp_")}


@pytest.fixture
def other_release(store: Store) -> Iterator[int]:
    """A server that has another release's library too; the time when that was loaded."""
    code = "redis.register_function('other', function() return 'still here' end)"
    store.client.function_load(f"#!lua name={OTHER}\n{code}")
    seconds, _ = store.client.time()
    yield int(seconds) * 1000
    store.client.function_flush()


def test_a_missing_library_is_loaded(store: Store) -> None:
    """A server that lost its functions, or never had them, gets them with the next call."""
    store.client.function_flush()
    receipt = submit(store)

    assert receipt.new
    assert loaded(store) == {library().name}


def test_releases_run_side_by_side(store: Store, other_release: int) -> None:
    """Loading one release's library leaves another's as it is, also after a day of its own."""
    submit(store)
    retire(store)

    assert loaded(store) == {OTHER, library().name}
    assert store.client.fcall("other", 0) == "still here"


def test_an_old_library_is_deleted_after_a_day(store: Store, other_release: int) -> None:
    """What other releases loaded goes a day later; ours stays, however old."""
    submit(store)
    old = other_release - LIBRARY_KEPT_MS - 1
    store.client.zadd(store.keys("libraries"), {OTHER: old, library().name: old, "queueapp_x": old})
    retire(store)

    assert loaded(store) == {library().name}
    assert store.client.zrange(store.keys("libraries"), 0, -1) == [library().name]


def test_a_full_server_takes_no_new_jobs_but_ends_those_it_has(store: Store) -> None:
    """Over its memory limit a server refuses submissions; what runs there can still end."""
    add_worker(store)
    submit(store)
    store.client.config_set("maxmemory", 1)
    try:
        held = claim(store)
        with pytest.raises(Unavailable):
            submit(store)
        assert held is not None
        status = finish(store, held)
    finally:
        store.client.config_set("maxmemory", 0)

    assert status is Status.COMPLETED


def test_an_error_in_a_script_names_its_file_and_line(store: Store) -> None:
    """A fault in Lua is told with the place where it was written, not that in the library."""
    with pytest.raises(RuntimeError, match=r"^limit_scope\.lua:\d+: .*"):
        store.pauses.limit_scope(SCOPE, {})  # type: ignore[arg-type] # that is the fault


def test_many_may_find_the_library_missing_at_once(store: Store) -> None:
    """Whoever loads it second goes on as if it had been first."""
    for _ in range(5):
        store.client.function_flush()
        with ThreadPoolExecutor(8) as pool:
            receipts = list(pool.map(lambda _: submit(store), range(8)))

        assert [True] * 8 == [receipt.new for receipt in receipts]
        assert loaded(store) == {library().name}
