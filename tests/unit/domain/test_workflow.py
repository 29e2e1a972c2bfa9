"""Graphs of jobs: their order, their circles, and the chain that decides when they end."""

from itertools import pairwise
from typing import Any

import pytest

from queueapp.domain.errors import ValidationFailed
from queueapp.domain.job import JobRequest
from queueapp.domain.workflow import (
    MAX_EDGES,
    Leg,
    StepRequest,
    check_graph,
    critical_path,
    find_circle,
    in_order,
)

JOB = JobRequest("a job", "Sleep")


def leg(*needs: str, **known: Any) -> Leg:
    """Return a step that may start at 100 and runs 10."""
    return Leg(needs, **{"end_ms": None, "earliest_ms": 100.0, "run_ms": 10.0, **known})


def test_each_name_comes_after_all_that_it_needs() -> None:
    """Also when one is named twice; the order of the list decides between equals."""
    needs = {"d": ["b", "c", "b"], "b": ["a"], "c": ["a"], "a": [], "e": []}

    assert ["a", "e", "b", "c", "d"] == in_order(needs)


@pytest.mark.parametrize(
    ("needs", "circle"),
    [
        ({"a": []}, []),
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"a": ["b"], "b": ["c"], "c": ["d"], "d": ["b"], "e": []}, ["b", "c", "d", "b"]),
    ],
)
def test_a_circle_is_found(needs: dict[str, list[str]], circle: list[str]) -> None:
    """Without those that only lead to it."""
    assert circle == find_circle(needs)


def test_a_long_chain_is_no_trouble() -> None:
    """A thousand steps, in the worst order."""
    names = [str(number) for number in range(1_000)]
    needs = {name: [after] for name, after in pairwise(names)}

    assert list(reversed(names)) == in_order({**needs, names[-1]: []})


def test_too_many_dependencies_are_refused() -> None:
    """They are counted over the whole graph."""
    names = [f"n{number}" for number in range(150)]
    steps = [StepRequest(name, JOB, tuple(names[:at])) for at, name in enumerate(names)]
    assert sum(len(step.depends_on) for step in steps) > MAX_EDGES
    with pytest.raises(ValidationFailed) as caught:
        check_graph(steps)

    assert [("/jobs", f"They may name {MAX_EDGES} dependencies in all.")] == caught.value.errors


def test_the_longest_chain_decides() -> None:
    """Not the one with the most steps."""
    legs = {
        "a": leg(),
        "b": leg("a"),
        "c": leg("b"),
        "long": leg("a", run_ms=90.0),
        "end": leg("c", "long"),
    }
    path = critical_path(legs)

    assert (("a", "long", "end"), 210.0, True) == (path.steps, path.completion_ms, path.measured)


def test_what_has_ended_or_runs_is_taken_as_it_is() -> None:
    """A step that waits starts no earlier than it may."""
    legs = {
        "a": leg(end_ms=50.0),
        "b": leg("a", end_ms=130.0),
        "c": leg("a", "b", earliest_ms=140.0),
    }

    assert (("a", "b", "c"), 150.0) == (
        critical_path(legs).steps,
        critical_path(legs).completion_ms,
    )


def test_no_time_is_told_that_nobody_knows() -> None:
    """If one step cannot be foreseen the end cannot; the path is still told."""
    path = critical_path({"a": leg(known=False), "b": leg("a", measured=False)})

    assert (("a", "b"), None, False) == (path.steps, path.completion_ms, path.measured)
    assert () == critical_path({}).steps
