"""Pauses and limits keep jobs from starting, of a scope or of a type, and nothing else."""

from queueapp.domain.audit import Act
from queueapp.domain.fleet import Node
from queueapp.domain.outcome import Progress, Usage
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import LARGE, SCOPE, add_worker, claim, finish, submit


def test_nothing_starts_while_paused(store: Store) -> None:
    """After a pause no job of the scope is claimed; other scopes go on."""
    add_worker(store)
    submit(store, id="a")
    paused = store.pauses.pause(SCOPE, act=Act("ann", "why"), until_ms=10**15)
    submit(store, id="b")
    submit(store, id="other", scope=Scope("tenant", "other"))
    held = claim(store)

    assert (1, 0) == (paused.queued, paused.running)
    assert held is not None
    assert "other" == held.job.id
    assert claim(store) is None
    found = store.pauses.of(SCOPE)["*"]
    assert ("ann", "why", 10**15) == (found.by, found.reason, found.until_ms)
    store.pauses.resume(SCOPE, act=Act("ann"))
    assert claim(store) is not None


def test_pausing_again_keeps_the_first_time(store: Store) -> None:
    """A second pause replaces reason and end, not the time of the first."""
    first = store.pauses.pause(SCOPE, act=Act("ann"), until_ms=5_000, now_ms=1_000)
    again = store.pauses.pause(SCOPE, act=Act("bob"), now_ms=2_000)

    assert first.pause is not None
    assert again.pause is not None
    assert 1_000 == first.pause.at_ms == again.pause.at_ms
    assert [] == store.pauses.due(now_ms=10_000, limit=10)


def test_pause_of_one_type_leaves_the_others(store: Store) -> None:
    """A paused job type waits, another type of the scope runs."""
    add_worker(store, types=("Sleep", "Other"))
    submit(store, id="a")
    submit(store, id="b", type="Other")
    store.pauses.pause(SCOPE, kind="Sleep", act=Act("ann"))
    held = claim(store)

    assert held is not None
    assert "b" == held.job.id
    assert claim(store) is None


def test_pause_ends_at_its_time(store: Store) -> None:
    """A due pause is resumed; an early or repeated resume of the chore does nothing."""
    add_worker(store)
    submit(store)
    store.pauses.pause(SCOPE, act=Act("ann"), until_ms=5_000, now_ms=1_000)

    assert [(SCOPE, "*")] == store.pauses.due(now_ms=5_000, limit=10)
    early = store.pauses.resume(SCOPE, act=Act("system"), due_only=True, now_ms=4_999)
    assert early.pause is None
    assert claim(store) is None
    store.pauses.resume(SCOPE, act=Act("system"), due_only=True, now_ms=5_000)
    assert claim(store) is not None


def test_recalled_job_is_told_by_its_next_report(store: Store) -> None:
    """A pause that does not wait asks running jobs to go back."""
    add_worker(store)
    submit(store)
    held = claim(store)
    assert held is not None
    store.pauses.pause(SCOPE, act=Act("ann"), recall=True)
    wish = store.attempts.report(held.job.id, held.epoch, Progress(), Usage())

    assert {"give_back": True} == wish
    assert "Queued" == finish(store, held, "given_back")
    assert claim(store) is None


def test_limit_of_a_scope(store: Store) -> None:
    """Of a limited scope no more jobs run than allowed; the end of one lets the next start."""
    add_worker(store, node=LARGE)
    for _ in range(4):
        submit(store)
    store.pauses.limit_scope(SCOPE, 2)
    held = [claim(store), claim(store)]

    assert None not in held
    assert claim(store) is None
    first = held[0]
    assert first is not None
    finish(store, first)
    assert claim(store) is not None
    assert claim(store) is None
    store.pauses.limit_scope(SCOPE, None)
    assert claim(store) is not None


def test_limit_of_a_type_counts_the_whole_fleet(store: Store) -> None:
    """Of a limited type no more jobs run than allowed, over all scopes and workers."""
    add_worker(store, "w1", node=LARGE)
    add_worker(store, "w2", node=Node("n2", "n2", cpu_units=100, memory_mb=10**6))
    store.pauses.limit_type("Sleep", 2)
    for project in ("1", "2", "3"):
        submit(store, scope=Scope("t", project))
    first, second = claim(store, "w1"), claim(store, "w2")

    assert first is not None
    assert second is not None
    assert claim(store, "w1") is None
    finish(store, first)
    assert claim(store, "w2") is not None
