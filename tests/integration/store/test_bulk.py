"""Operations on many jobs: the set is fixed first, then acted on in steps that are done once."""

from itertools import pairwise

import pytest

from queueapp.domain.audit import Act
from queueapp.domain.bulk import Bulk, BulkAction, BulkFilter, BulkState, Kept
from queueapp.domain.errors import Conflict, NotFound
from queueapp.domain.queue import Priority
from queueapp.domain.scope import Scope
from queueapp.domain.states import Status
from queueapp.engine.bulk import drive, drive_waiting
from queueapp.store import Store
from queueapp.store.audit import AuditFilter
from tests.factories import SCOPE, add_worker, claim, submit

ANN = Act("ann", "cleaning up", "request")
KEEP_MS = 86_400_000


def no_retry(*_: object, **__: object) -> None:
    """Stand in for the engine's retry where nothing is retried."""
    raise AssertionError("nothing is retried here")


def run(
    store: Store,
    wanted: BulkFilter,
    action: BulkAction = BulkAction.CANCEL,
    *,
    priority: Priority | None = None,
) -> Bulk:
    """Carry an operation out to its end."""
    bulk_id, _ = store.bulks.open(SCOPE, action, wanted, ANN, priority=priority)
    return drive(store, SCOPE, bulk_id, keep_ms=KEEP_MS, retry=no_retry, wait_s=30)


def queued(store: Store) -> list[str]:
    """Return the ids of the queued jobs in order."""
    return [row.job_id for row in store.queue.page(SCOPE, limit=10_000).rows]


def peopled(store: Store) -> None:
    """Two users, two types, two tiers, one job of another scope."""
    for number in range(8):
        submit(
            store,
            id=f"j{number}",
            submitted_by=("ann", "bob")[number % 2],
            type=("Sleep", "Other")[number // 2 % 2],
            priority=(Priority.NORMAL, Priority.LOW)[number // 4],
            now_ms=1_000 * number + 1_000,
        )
    submit(store, id="elsewhere", scope=Scope("other", "project"), priority=Priority.LOW)


FILTERS = [
    (BulkFilter(user="bob"), {"j1", "j3", "j5", "j7"}),
    (BulkFilter(type="Sleep"), {"j0", "j1", "j4", "j5"}),
    (BulkFilter(priority=Priority.LOW), {"j4", "j5", "j6", "j7"}),
    (BulkFilter(user="ann", type="Other", priority=Priority.LOW), {"j6"}),
    (BulkFilter(created_from_ms=3_000, created_to_ms=5_000), {"j2", "j3", "j4"}),
    (BulkFilter(job_ids=("j1", "j2", "nobody", "elsewhere", "j1")), {"j1", "j2"}),
    (BulkFilter(job_ids=("j1", "j2"), user="ann"), {"j2"}),
    (BulkFilter(excluded=("j0", "j1")), {"j2", "j3", "j4", "j5", "j6", "j7"}),
    (BulkFilter(user="nobody"), set()),
]


@pytest.mark.parametrize(
    ("wanted", "meant"),
    FILTERS,
    ids=lambda one: str(sorted(one) if isinstance(one, set) else one)[:40],
)
def test_filters_mean_what_they_say(store: Store, wanted: BulkFilter, meant: set[str]) -> None:
    """Exactly those are cancelled; the rest waits on."""
    peopled(store)
    done = run(store, wanted)

    assert (BulkState.DONE, len(meant), len(meant)) == (done.state, done.matched, done.changed)
    assert meant == {one.job_id for one in done.meant}
    assert {f"j{n}" for n in range(8)} - meant == set(queued(store))
    assert Status.QUEUED is store.jobs.get(Scope("other", "project"), "elsewhere").status
    for job_id in meant:
        cancel = store.jobs.get(SCOPE, job_id).cancel
        assert cancel is not None
        assert ("ann", "cleaning up") == (cancel.by, cancel.reason)


@pytest.mark.parametrize(
    ("action", "wanted"),
    [
        (BulkAction.MOVE_TO_HEAD, ["j1", "j3", "j5", "j7", "j0", "j2", "j4", "j6"]),
        (BulkAction.MOVE_TO_TAIL, ["j0", "j2", "j4", "j6", "j1", "j3", "j5", "j7"]),
    ],
)
def test_many_go_to_one_end_in_their_order(
    store: Store, action: BulkAction, wanted: list[str]
) -> None:
    """All of one tier; the others keep theirs, and a repeat changes nothing."""
    for number in range(8):
        submit(store, id=f"j{number}", submitted_by=("ann", "bob")[number % 2])
    done = run(store, BulkFilter(user="bob"), action)

    assert (4, 4) == (done.matched, done.changed)
    assert wanted == queued(store)
    run(store, BulkFilter(user="bob"), action)
    assert wanted == queued(store)
    submit(store, id="new")
    assert [*wanted, "new"] == queued(store)


def test_priorities_of_many(store: Store) -> None:
    """Each takes the place of its own submission; positions before are told."""
    peopled(store)
    done = run(store, BulkFilter(user="bob"), BulkAction.PRIORITY, priority=Priority.HIGH)

    assert ["j1", "j3", "j5", "j7", "j0", "j2", "j4", "j6"] == queued(store)
    assert [("j1", 2), ("j3", 4), ("j5", 6), ("j7", 8)] == [
        (one.job_id, one.position) for one in done.meant
    ]


def test_what_was_counted_is_acted_on(store: Store) -> None:
    """Later jobs are not in the set; one that started meanwhile is preserved and told."""
    add_worker(store, types=("Sleep", "Other"))
    peopled(store)
    sleeping = BulkFilter(type="Sleep")
    bulk_id, _ = store.bulks.open(SCOPE, BulkAction.CANCEL, sleeping, ANN, dry=True)
    counted = drive(store, SCOPE, bulk_id, keep_ms=KEEP_MS, retry=no_retry, wait_s=30)
    assert (BulkState.COUNTED, 4, 0) == (counted.state, counted.matched, counted.changed)
    assert counted.expires_ms
    assert 8 == len(queued(store))
    held = claim(store)
    assert held is not None
    assert "j0" == held.job.id
    submit(store, id="later")
    with pytest.raises(NotFound):
        store.bulks.go(SCOPE, bulk_id, BulkAction.CANCEL, Act("eve"))
    with pytest.raises(Conflict):
        store.bulks.go(SCOPE, bulk_id, BulkAction.PRIORITY, ANN, priority=Priority.LOW)
    store.bulks.go(SCOPE, bulk_id, BulkAction.CANCEL, ANN)
    done = drive(store, SCOPE, bulk_id, keep_ms=KEEP_MS, retry=no_retry, wait_s=30)

    assert (4, 3, {Kept.RUNNING: 1}) == (done.matched, done.changed, done.kept)
    assert [("j0", Kept.RUNNING)] == done.left
    assert ["j2", "j3", "later", "j6", "j7"] == queued(store)
    with pytest.raises(Conflict):
        store.bulks.go(SCOPE, bulk_id, BulkAction.CANCEL, ANN)


def test_running_jobs_are_asked_to_stop(store: Store) -> None:
    """Where running ones are meant, each gets the wish, and goes on until it stops."""
    add_worker(store)
    for _ in range(3):
        submit(store)
    held = [claim(store), claim(store)]
    done = run(store, BulkFilter(status=Status.RUNNING))

    assert 2 == done.changed
    for one in held:
        assert one is not None
        job = store.jobs.get(SCOPE, one.job.id)
        assert (Status.RUNNING, "ann") == (job.status, job.cancel and job.cancel.by)
    assert 1 == len(queued(store))


def test_a_users_other_jobs_are_told(store: Store) -> None:
    """What is excluded, of another type or running is preserved, each with its reason."""
    add_worker(store, types=("Sleep", "Other"))
    peopled(store)
    held = claim(store)
    assert held is not None
    wanted = BulkFilter(user="ann", types=("Other",), excluded=("j2", "j7"), tell=True)
    done = run(store, wanted)

    assert (["j6"], 1) == ([one.job_id for one in done.meant], done.changed)
    assert {("j0", Kept.RUNNING), ("j2", Kept.EXCLUDED), ("j4", Kept.OTHER_TYPE)} == set(done.left)


def test_steps_are_done_once(store: Store) -> None:
    """A driver that is behind changes nothing; operations left alone are finished by upkeep."""
    for _ in range(300):
        submit(store)
    bulk_id, _ = store.bulks.open(SCOPE, BulkAction.CANCEL, BulkFilter(type="Sleep"), ANN)
    bulk = store.bulks.get(SCOPE, bulk_id)
    while bulk.state is BulkState.COUNTING:
        store.bulks.step(SCOPE, bulk, keep_ms=KEEP_MS)
        bulk = store.bulks.get(SCOPE, bulk_id)
    first = store.bulks.step(SCOPE, bulk, keep_ms=KEEP_MS)
    assert first == store.bulks.step(SCOPE, bulk, keep_ms=KEEP_MS)
    assert 200 == len(queued(store))
    drive_waiting(store, keep_ms=KEEP_MS, retry=no_retry)
    assert 200 == len(queued(store))
    (member,) = store.client.zrange(store.keys("bulks"), 0, -1)
    store.client.zadd(store.keys("bulks"), {member: 1})
    drive_waiting(store, keep_ms=KEEP_MS, retry=no_retry)

    assert [] == queued(store)
    done = store.bulks.get(SCOPE, bulk_id)
    assert (BulkState.DONE, 300) == (done.state, done.changed)
    page = store.audit.page(SCOPE, AuditFilter(), before=None, limit=10)
    assert ["cancel", "cancel", "cancel", "bulk"] == [one.action for one in page.entries]
    job_id = done.meant[200].job_id
    named = store.audit.page(SCOPE, AuditFilter(job_id=job_id), before=None, limit=10)
    assert 1 == len(named.entries)


def test_forgotten_operations_end(store: Store) -> None:
    """One whose record has expired is taken off the list."""
    store.client.zadd(store.keys("bulks"), {f"{SCOPE.key}|gone": 1})
    drive_waiting(store, keep_ms=KEEP_MS, retry=no_retry)

    assert 0 == store.client.zcard(store.keys("bulks"))


def test_no_step_holds_the_server_for_long(store: Store) -> None:
    """No step takes more jobs than the server does in a few milliseconds."""
    for _ in range(300):
        submit(store)
    bulk_id, _ = store.bulks.open(SCOPE, BulkAction.CANCEL, BulkFilter(type="Sleep"), ANN)
    bulk = store.bulks.get(SCOPE, bulk_id)
    left = [300]
    while not bulk.over:
        bulk = bulk.at(*store.bulks.step(SCOPE, bulk, keep_ms=KEEP_MS))
        left.append(sum(store.queue.page(SCOPE, limit=0).queued.values()))

    assert 0 == left[-1]
    assert 100 >= max(was - now for was, now in pairwise(left))
