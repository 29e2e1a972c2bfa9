"""Answers about datasets, pipelines and keys are lost: nothing is lost or made twice."""

from collections.abc import Callable
from dataclasses import replace

from queueapp.domain.api_key import Role
from queueapp.domain.audit import Act
from queueapp.domain.dataset import Dataset, Pipeline
from queueapp.domain.scope import FLEET
from queueapp.store.answers import Idempotency
from queueapp.store.idempotency import IdempotencyKeys
from tests.factories import SCOPE
from tests.integration.store.lossy import Journey, Lossy, again, losses


def a_dataset(object_key: str, digest: str = "1") -> Dataset:
    """A dataset whose bytes stand under a key."""
    return Dataset(
        id="d",
        name="d",
        status="Ready",
        format="csv",
        object_key=object_key,
        size_bytes=1,
        sha256=digest,
        created_ms=0,
        updated_ms=0,
        created_by="ann",
    )


def dataset_put(lossy: Lossy) -> None:
    """A put whose answer was lost is never told that somebody else had put the same before.

    The caller would delete its object as not needed, and with it the dataset's bytes.
    """
    sets = lossy.store.datasets
    put = again(lambda: sets.put(SCOPE, a_dataset("o1"), object_key="o1"))
    same = again(lambda: sets.put(SCOPE, a_dataset("o2"), object_key="o2"))
    other = again(lambda: sets.put(SCOPE, a_dataset("o3", "2"), object_key="o3"))

    assert put.how in ("new", "replaced")
    assert "o1" == put.record.object_key
    assert ("same", "o1") == (same.how, same.record.object_key)
    assert ("replaced", "o3") == (other.how, other.record.object_key)
    assert ["o1"] == lossy.real.datasets.orphans(4_000_000_000_000, 10)


def pipelines_kept(lossy: Lossy) -> None:
    """A key makes one pipeline; puts and deletes are told and written down as they happened."""
    pipelines, key = lossy.store.pipelines, Idempotency("key", "print")
    plan = Pipeline(id="", name="p")
    made = [
        again(
            lambda one=one: pipelines.create(  # type: ignore[misc] # bound at once
                SCOPE, replace(plan, id=one), Act("ann"), idempotency=key
            )
        )
        for one in ("a", "b")
    ]
    put = again(lambda: pipelines.put(SCOPE, replace(plan, id="c"), act=Act("ann")))
    again(lambda: pipelines.put(SCOPE, replace(plan, id="c", name="q"), act=Act("ann")))
    lossy.store.pipelines.delete(SCOPE, "a", act=Act("ann"))

    assert made[0][0] == made[1][0]
    assert ("a", True) == (made[1][0].id, made[1][1])
    assert put.how in ("new", "same")
    assert ["c"] == [one.id for one in lossy.real.pipelines.page(SCOPE, 1, 9)[0]]
    assert [
        "delete_pipeline",
        "replace_pipeline",
        "create_pipeline",
        "create_pipeline",
    ] == lossy.trail()


def dataset_held(lossy: Lossy) -> None:
    """A dataset that is held for a job stays."""
    lossy.real.datasets.put(SCOPE, a_dataset("o"), object_key="o")
    again(lambda: lossy.store.datasets.hold(SCOPE, ["d"], "job"))

    assert 1 == lossy.real.client.zcard(lossy.real.keys("dataset_jobs", SCOPE.key, "d"))


def key_made(lossy: Lossy) -> None:
    """A key whose token was answered is good, and there is one key per answer."""
    _, token = again(lambda: lossy.store.api_keys.create("ann", Role.ADMIN))
    found = again(lambda: lossy.store.api_keys.authenticate(token))

    assert found is not None
    again(lambda: lossy.store.api_keys.limit(found.id, 5, act=Act("root")))
    again(lambda: lossy.store.api_keys.revoke(found.id, act=Act("root")))
    assert lossy.real.api_keys.authenticate(token) is None
    assert {"revoke_key", "limit_key"} == set(lossy.trail(FLEET))


def key_reserved(lossy: Lossy) -> None:
    """A request that took its idempotency key may do its work, and repeats get its answer."""
    parts = (lossy.store.client, lossy.store.keys, lossy.store.scripts)
    keys, key = IdempotencyKeys(*parts), Idempotency("key", "print")

    assert again(lambda: keys.reserve(SCOPE, key, "holder")) is None
    again(lambda: keys.publish(SCOPE, key, "the answer"))
    assert "the answer" == again(lambda: keys.reserve(SCOPE, key, "holder"))


@losses(
    dataset_put,
    pipelines_kept,
    dataset_held,
    key_made,
    key_reserved,
    looks=(key_reserved, pipelines_kept),
)
def test_each_answer_may_be_lost(
    lose_each: Callable[[Journey, int], None], journey: Journey, times: int
) -> None:
    """Whichever answers of a journey are lost, its end is the same and the laws hold."""
    lose_each(journey, times)
