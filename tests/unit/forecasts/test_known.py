"""What the store keeps of a queue becomes columns: kinds, moments, what holds jobs back."""

from typing import Any

import numpy as np

from actors.forecasts.known import NEVER_S, columns_of, known_of
from queueapp.gathering import columns
from queueapp.store.past import FIELDS, PastJobs, resource_in

NOW = 1_700_000_000


def row(**changes: Any) -> list[Any]:
    """A job that waits, as the script tells of it."""
    plain: dict[str, Any] = {
        "created": f"{NOW - 100}000",
        "eligible": None,
        "started": None,
        "ended": None,
        "tier": "2",
        "user": "ann",
        "shape": "Sleep.1x1024",
        "due": None,
        "unmet": None,
        "status": "Queued",
        "head": "{}",
    }
    return list((plain | changes).values())


def gathered(jobs: dict[str, list[Any]]) -> dict[str, Any]:
    """What a worker gathers of jobs that the script tells of."""
    table: dict[str, list[Any]] = {
        name: [told[place] for told in jobs.values()] for place, name in enumerate(FIELDS)
    }
    table |= {"id": [*jobs], "resource": [resource_in(told[-1]) for told in jobs.values()]}
    queued = {job_id: place for place, job_id in enumerate(jobs)}
    return columns(PastJobs(table, queued, whole=True, oldest_ms=0))


def seconds(found: Any) -> list[float | None]:
    """A column as a list, None where nothing is known."""
    return [None if np.isnan(at) else round(float(at), 1) for at in found]


def known(jobs: dict[str, list[Any]], **changes: Any) -> Any:
    """What is known of a queue of these jobs."""
    told = {
        "now_ms": NOW * 1000,
        "since_ms": (NOW - 500) * 1000,
        "jobs": gathered(jobs),
        "learnt": None,
        "most_running": None,
        "pauses": {},
        "whole_scope": "*",
        "slots": 8,
        "step": 2,
        "others": 2.4,
        "efficiency": None,
        "loads": [],
    }
    whole = {**told, **changes}
    return known_of(whole, columns_of(whole))


def test_kinds_are_types_and_resources() -> None:
    """The head of a spec names the resource, whatever its name looks like or where it is cut."""
    tricky = (
        '{"name":"a \\"resource\\":{","resource":{"type":"Dataset","id":"a/b}","name":null},"pa'
    )
    found = known(
        {
            "a": row(head=tricky),
            "b": row(head='{"name":"b","parameters":{"resource":{"id":"x"}}}'),
            "c": row(head='{"resource":{"type":"Notebook","id":"n"}}', shape="My.Type.2x1"),
            "d": row(head="{}"),
        }
    )

    assert ["r/Sleep/Dataset/a%2Fb%7D", "t/Sleep", "r/My.Type/Notebook/n"] == found.kinds
    assert ["Sleep", "Sleep", "My.Type"] == found.types
    assert [0, 1, 2, 1] == seconds(found.jobs["kind"])


def test_another_worker_helps_as_far_as_the_projects_own_limit() -> None:
    """By as many jobs as a worker runs at once; not at all where the limit is met."""
    told = {"a": row()}

    assert (6, 2) == (known(told).workers, known(told).changes)
    assert (6, 0) == (known(told, most_running=6).workers, known(told, most_running=6).changes)
    assert (6, 2) == (known(told, most_running=7).workers, known(told, most_running=7).changes)


def test_a_job_that_began_came_when_it_could_begin() -> None:
    """One that waits came when it was submitted."""
    begun = {"eligible": f"{NOW - 60}000", "started": f"{NOW - 50}500", "ended": f"{NOW - 10}000"}
    found = known({"a": row(**begun), "b": row(eligible=f"{NOW - 60}000")})

    assert [NOW - 60, NOW - 100] == seconds(found.jobs["submitted"])
    assert [NOW - 49.5, None] == seconds(found.jobs["started"])
    assert [NOW - 10, None] == seconds(found.jobs["finished"])


def test_what_holds_jobs_back_is_told() -> None:
    """Schedules and pauses by their ends; what nobody knows is a week away."""
    jobs = {
        "due": row(due=f"{NOW + 60}000"),
        "paused": row(shape="Other.1x1"),
        "blocked": row(unmet="2"),
        "free": row(),
    }
    found = known(jobs, pauses={"Other": (NOW + 90) * 1000, "*": None})

    assert [NOW + 60, NOW + 90, NOW + NEVER_S, None] == seconds(found.jobs["not_before"])
    assert NOW + NEVER_S == found.paused_until
    assert [0, 1, 2, 3] == seconds(found.jobs["order"])


def test_workers_are_what_others_leave() -> None:
    """At least one where there is any, at most the project's own limit."""
    assert 6 == known({}).workers
    assert 3 == known({}, most_running=3).workers
    assert 1 == known({}, others=99.0).workers
    assert 0 == known({}, slots=0).workers


def test_machines_count_by_their_cores() -> None:
    """A minute's load of two machines is one sample."""
    at = NOW // 60 * 60_000
    loads = [[1, [[at, 100.0, 50.0, 1, 4]]], [3, [[at, 20.0, 10.0, 3, 4], [at, None, 1.0, 1, 1]]]]

    assert [[at / 1000, 0.5, 40.0, 20.0]] == known({}, loads=loads).samples.tolist()
