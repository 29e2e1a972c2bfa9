"""Pages of a queue: rows, counts and versions of one moment, whatever the filter."""

import random

import pytest

from queueapp.domain.queue import TIERS, Priority
from queueapp.domain.scope import Scope
from queueapp.store import Store
from tests.factories import SCOPE, add_worker, claim, submit


def peopled(store: Store, jobs: int = 60) -> list[tuple[str, Priority, str]]:
    """Submit jobs of two types in all tiers, one of them scheduled; return them in order."""
    dice = random.Random(5)
    found = []
    for number in range(jobs):
        job = (f"j{number:02}", dice.choice(TIERS), dice.choice(["Sleep", "Other"]))
        due = 10**15 if number == 3 else None
        submit(store, id=job[0], priority=job[1], type=job[2], scheduled_ms=due)
        found.append(job)
    return sorted(found, key=lambda job: job[1].tier)


@pytest.mark.parametrize("job_type", [None, "Sleep", "Other", "Unknown"])
@pytest.mark.parametrize("priority", [None, *TIERS])
def test_filters_choose_rows_and_never_renumber(
    store: Store, priority: Priority | None, job_type: str | None
) -> None:
    """Whatever is asked for, each row has the position that it has in the whole queue."""
    ordered = peopled(store)
    wanted = []
    for overall, (job_id, tier, kind) in enumerate(ordered, start=1):
        inside = [one for one in ordered if one[1] == tier].index((job_id, tier, kind)) + 1
        if priority in (None, tier) and job_type in (None, kind):
            wanted.append((job_id, overall, inside))
    for size in (1, 7, 1_000):
        rows, offset = [], 0
        while True:
            page = store.queue.page(
                SCOPE, priority=priority, job_type=job_type, offset=offset, limit=size
            )
            assert len(wanted) == page.matching
            if not page.rows:
                break
            rows += [(row.job_id, row.overall, row.position) for row in page.rows]
            offset += size
        assert wanted == rows


def test_numbers_are_of_the_whole_queue(store: Store) -> None:
    """Counts and versions do not depend on the filter; each change raises its tier's version."""
    peopled(store)
    before = store.queue.page(SCOPE, job_type="Unknown", limit=1, now_ms=77)
    first = store.queue.page(SCOPE, priority=Priority.LOW).rows[0].job_id
    store.queue.move(SCOPE, first, position=2)
    after = store.queue.page(SCOPE)

    assert 77 == before.now_ms
    assert 60 == sum(before.queued.values()) == len(after.rows)
    assert before.queued == after.queued
    raised = {tier: after.versions[tier] - before.versions[tier] for tier in TIERS}
    assert {**dict.fromkeys(TIERS, 0), Priority.LOW: 1} == raised


def test_what_left_the_queue_leaves_its_types_queue(store: Store) -> None:
    """A claimed job is in no page; one whose priority changed stands in its new tier."""
    add_worker(store)
    for job in ("a", "b", "c"):
        submit(store, id=job)
    held = claim(store)
    assert held is not None
    store.queue.reprioritise(SCOPE, "c", Priority.HIGH)
    page = store.queue.page(SCOPE, job_type="Sleep")

    assert [("c", 1, 1), ("b", 2, 1)] == [(r.job_id, r.overall, r.position) for r in page.rows]


def test_an_unknown_scope_has_an_empty_page(store: Store) -> None:
    """Nothing is there, and everything is zero."""
    page = store.queue.page(Scope("no", "body"))

    assert [] == page.rows
    assert 0 == page.matching
    assert {0} == set(page.queued.values()) == set(page.versions.values())
