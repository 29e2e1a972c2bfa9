"""Datasets and pipelines are put, listed and deleted, and never lost or mixed up."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from queueapp.domain.errors import InUse, NotFound
from queueapp.domain.scope import Scope
from queueapp.store import Store
from queueapp.store.records import HOLD_GRACE_MS
from tests.integration.store.records import (
    OTHER,
    SCOPE,
    make_dataset,
    make_pipeline,
    submit_job,
)

ODD_IDS = ["a b", "a:b", "%7Btenant%7D", "{x}", "a..b", "日本", "x" * 128, "a%3Ab"]


@pytest.mark.parametrize("record_id", ["", "a/b", "a\nb", "x" * 129, "\ud800", "unknown"])
def test_what_is_no_id_or_unknown_is_not_found(store: Store, record_id: str) -> None:
    """Reading or deleting something that cannot be is the same as something that is not."""
    with pytest.raises(NotFound):
        store.datasets.get(SCOPE, record_id)
    with pytest.raises(NotFound):
        store.pipelines.delete(SCOPE, record_id)


def test_a_dataset_comes_back_as_it_was_put(store: Store) -> None:
    """All fields are kept, and the store's clock sets the times."""
    dataset = make_dataset(
        columns={"case_id": "case", "activity": "act", "time": "at"},
        options={"delimiter": ";"},
        profile={"rows": 3, "problems": [{"row": 1}]},
    )
    put = store.datasets.put(SCOPE, dataset, object_key=dataset.object_key, now_ms=5)

    assert (put.how, put.left) == ("new", None)
    assert make_dataset(**{**vars(dataset), "dataset_id": "d", "id": "d"} | TIMES) == put.record
    assert put.record == store.datasets.get(SCOPE, "d")


TIMES = {"created_ms": 5, "updated_ms": 5}


def test_a_pipeline_comes_back_as_it_was_put(store: Store) -> None:
    """Stages and requirements are kept."""
    pipeline = make_pipeline(stages=({"type": "Filter"},), cpu_units=2, memory_gb=0.5)
    put = store.pipelines.put(SCOPE, pipeline, now_ms=5)

    assert put.record == store.pipelines.get(SCOPE, "p")
    assert make_pipeline(stages=({"type": "Filter"},), cpu_units=2, memory_gb=0.5, **TIMES) == (
        put.record
    )


def test_the_same_again_changes_nothing(store: Store) -> None:
    """A repeat answers the stored record, with its times, whoever repeats it."""
    first = store.datasets.put(SCOPE, make_dataset(), object_key="one", now_ms=5)
    again = store.datasets.put(
        SCOPE, make_dataset(object_key="two", created_by="bob"), object_key="two", now_ms=9
    )

    assert ("same", first.record) == (again.how, again.record)


def test_a_put_whose_answer_was_lost_may_be_repeated(store: Store) -> None:
    """The repeat of one and the same put is no stranger's put: its object stays in use."""
    first = store.datasets.put(SCOPE, make_dataset(), object_key="one", now_ms=5)
    again = store.datasets.put(SCOPE, make_dataset(), object_key="one", now_ms=9)

    assert (again.how, again.record) == (first.how, first.record)
    assert store.datasets.orphans(10**15, 10) == []


def test_something_else_replaces(store: Store) -> None:
    """A replaced record keeps its creation time and names the object that is left over."""
    store.datasets.put(SCOPE, make_dataset(), object_key="one", now_ms=5)
    put = store.datasets.put(SCOPE, make_dataset(sha256="11"), object_key="two", now_ms=9)

    assert (put.how, put.left) == ("replaced", "one")
    assert (put.record.created_ms, put.record.updated_ms) == (5, 9)
    assert store.datasets.orphans(60_009, 10) == ["one"]


def test_a_dataset_that_failed_may_be_sent_again(store: Store) -> None:
    """The same bytes after a failure are a new try, not a repeat."""
    store.datasets.put(SCOPE, make_dataset(status="Failed"), object_key="one")

    assert store.datasets.put(SCOPE, make_dataset(), object_key="two").how == "replaced"


def test_an_expected_object_that_is_gone_makes_a_put_stale(store: Store) -> None:
    """A late result for replaced contents is dropped."""
    store.datasets.put(SCOPE, make_dataset(name="new"), object_key="two")
    put = store.datasets.put(SCOPE, make_dataset(name="old"), object_key="one", expect="one")

    assert (put.how, put.record.name) == ("stale", "new")


def test_scopes_and_odd_ids_never_meet(store: Store) -> None:
    """Each id of each scope is a record of its own."""
    scopes = [Scope("a", "b"), Scope("a/b", "c"), Scope("a", "b/c"), Scope("a:b", "c")]
    for scope in scopes:
        for odd in ODD_IDS:
            store.pipelines.put(scope, make_pipeline(odd, name=f"{scope} {odd}"[:200]))

    for scope in scopes:
        for odd in ODD_IDS:
            assert f"{scope} {odd}"[:200] == store.pipelines.get(scope, odd).name
        assert len(ODD_IDS) == store.pipelines.page(scope, 1, 100)[1]
    assert store.pipelines.page(OTHER, 1, 100) == ([], 0)


def test_lists_are_newest_first_and_paged(store: Store) -> None:
    """Pages follow each other without gaps; one past the end is empty."""
    for number in range(7):
        store.pipelines.put(SCOPE, make_pipeline(f"p{number}"), now_ms=number)
    pages = [store.pipelines.page(SCOPE, page, 3) for page in (1, 2, 3, 4)]

    assert [total for _, total in pages] == [7, 7, 7, 7]
    assert [one.id for records, _ in pages for one in records] == [
        "p6",
        "p5",
        "p4",
        "p3",
        "p2",
        "p1",
        "p0",
    ]


def test_parallel_puts_leave_one_record_and_name_every_other_object(store: Store) -> None:
    """Of many writers of one id one is left standing; no object is forgotten."""

    def put(number: int) -> str | None:
        key = f"object{number}"
        return store.datasets.put(
            SCOPE, make_dataset(sha256=str(number), object_key=key), object_key=key
        ).left

    with ThreadPoolExecutor(16) as pool:
        left = {one for one in pool.map(put, range(50)) if one}

    kept = store.datasets.get(SCOPE, "d").object_key
    assert {f"object{number}" for number in range(50)} == left | {kept}
    assert kept not in left
    assert store.datasets.page(SCOPE, 1, 10)[1] == 1


def test_a_deleted_dataset_leaves_only_its_object_to_delete(store: Store) -> None:
    """Nothing stays in the key space but the note about the object."""
    store.datasets.put(SCOPE, make_dataset(), object_key="one", now_ms=5)

    assert store.datasets.delete(SCOPE, "d") == "one"
    store.datasets.forget_orphan("one")
    kept = store.client.keys("*")
    assert [key for key in kept if store.client.ttl(key) < 0] == []


def test_a_dataset_that_a_queued_job_needs_stays(store: Store) -> None:
    """It may go when the job has ended."""
    store.datasets.put(SCOPE, make_dataset(), object_key="one")
    store.datasets.hold(SCOPE, ["d"], "job", now_ms=1_000)
    submit_job(store, "job")

    with pytest.raises(InUse):
        store.datasets.delete(SCOPE, "d", now_ms=10**9)
    store.jobs.cancel(
        SCOPE, "job", by="ann", reason=None, force=False, preserve=True, keep_ms=10**9
    )
    assert store.datasets.delete(SCOPE, "d", now_ms=10**9) == "one"


def test_a_dataset_stays_between_the_hold_and_the_submit(store: Store) -> None:
    """A hold whose job never came ends by itself."""
    store.datasets.put(SCOPE, make_dataset(), object_key="one")
    store.datasets.hold(SCOPE, ["d"], "job", now_ms=1_000)

    with pytest.raises(InUse):
        store.datasets.delete(SCOPE, "d", now_ms=1_000 + HOLD_GRACE_MS - 1)
    assert store.datasets.delete(SCOPE, "d", now_ms=1_000 + HOLD_GRACE_MS) == "one"


def test_an_unknown_dataset_cannot_be_held(store: Store) -> None:
    """A hold of several datasets, one of them unknown, changes nothing."""
    store.datasets.put(SCOPE, make_dataset(), object_key="one")
    before = set(store.client.keys("*"))
    with pytest.raises(NotFound):
        store.datasets.hold(SCOPE, ["d", "unknown"], "job")

    assert before == set(store.client.keys("*"))


def test_notes_of_ended_jobs_do_not_pile_up(store: Store) -> None:
    """However many jobs have worked on a dataset, few are remembered."""
    store.datasets.put(SCOPE, make_dataset(), object_key="one")
    for number in range(300):
        store.datasets.hold(SCOPE, ["d"], f"job{number}", now_ms=1_000)
        submit_job(store, f"job{number}", now_ms=None)
        store.jobs.cancel(
            SCOPE, f"job{number}", by="a", reason=None, force=False, preserve=True, keep_ms=10**9
        )

    assert store.client.zcard(store.keys("dataset_jobs", SCOPE.key, "d")) < 20


def test_a_delete_looks_past_many_ended_jobs(store: Store) -> None:
    """More jobs than one look sees are looked at in turns."""
    store.datasets.put(SCOPE, make_dataset(), object_key="one")
    users = store.keys("dataset_jobs", SCOPE.key, "d")
    store.client.zadd(users, {f"gone{number}": 1 for number in range(1_200)})

    assert store.datasets.delete(SCOPE, "d", now_ms=10**9) == "one"
