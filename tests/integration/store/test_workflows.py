"""A graph of jobs is accepted whole or not at all, and its status follows from its jobs."""

import re
import uuid
from dataclasses import replace
from typing import Any

import orjson
import pytest

from queueapp.config import Config
from queueapp.domain.errors import IdempotencyMismatch, NotFound, QueueFull, ValidationFailed
from queueapp.domain.job import JobSpec, RetryPolicy
from queueapp.domain.queue import Priority
from queueapp.domain.states import Status
from queueapp.domain.workflow import Step, Workflow
from queueapp.store import Store
from queueapp.store.answers import Idempotency
from queueapp.store.workflows import WorkflowReceipt
from queueapp.upkeep.chores import cascade
from tests.factories import SCOPE, add_worker, claim, finish, spec, submit

CONFIG = Config()
NOW_MS = 1_800_000_000_000
Graph = dict[str, tuple[str, ...]]
DIAMOND: Graph = {"load": (), "left": ("load",), "right": ("load",), "join": ("left", "right")}


def make(graph: Graph, **changes: Any) -> tuple[Workflow, list[JobSpec]]:
    """Return a workflow whose jobs have their steps' names as ids."""
    workflow_id = changes.pop("workflow_id", "w")
    steps = tuple(Step(name, name, needs) for name, needs in graph.items())
    specs = [
        spec(id=name, step=name, workflow_id=workflow_id, dependencies=needs, **changes)
        for name, needs in graph.items()
    ]
    return Workflow(workflow_id, "a workflow", "ann", steps), specs


def accept(
    store: Store, workflow: Workflow, specs: list[JobSpec], **options: Any
) -> WorkflowReceipt:
    """Submit a workflow."""
    return store.workflows.submit(SCOPE, workflow, specs, **{"max_queued": 100, **options})


def run(store: Store, outcome: str = "completed") -> str:
    """Run the next job to an end and return its id."""
    held = claim(store)
    assert held is not None
    finish(store, held, outcome)
    return held.job.id


def dump(store: Store) -> dict[str, Any]:
    """Return what the store holds, without the marks of a workflow and the moments of events."""
    readers = {
        "hash": store.client.hgetall,
        "zset": lambda key: store.client.zrange(key, 0, -1, withscores=True),
        "set": store.client.smembers,
        "string": store.client.get,
        "stream": lambda key: [fields for _, fields in store.client.xrange(key) if fields["job"]],
    }
    found = {}
    for key in store.client.scan_iter():
        value = readers[store.client.type(key)](key)
        if isinstance(value, dict):
            value.pop("workflow", None)
        if key.endswith(":spec"):
            value = orjson.loads(value)
            value = {
                name: one for name, one in value.items() if name not in ("workflow_id", "step")
            }
        found[key] = value
    return {key: value for key, value in found.items() if not re.search(":wf|libraries", key)}


def test_a_graphs_jobs_are_as_if_submitted_one_by_one(store: Store) -> None:
    """Every key of every job is the same: order, indexes, counters, places, hosts, times."""
    submit(store, id="before", now_ms=NOW_MS)
    workflow, specs = make(DIAMOND)
    tried = RetryPolicy(3, 1_000, 2_000)
    specs[1] = replace(specs[1], priority=Priority.HIGH, submitted_by="bob", retry=tried)
    specs[2] = replace(specs[2], timeout_minutes=7, on_dependency_failure="run")
    specs[3] = replace(specs[3], dependencies=("left", "right", "before"))
    specs += [
        spec(id="later", step="later", scheduled_ms=NOW_MS + 5_000),
        spec(id="pinned", step="pinned", host="h"),
        spec(id="second", step="second", host="h", priority=Priority.CRITICAL),
    ]
    for one in specs:
        store.jobs.submit(one, now_ms=NOW_MS)
    one_by_one = dump(store)
    store.client.flushall()
    submit(store, id="before", now_ms=NOW_MS)
    accept(store, workflow, specs, now_ms=NOW_MS)
    together = dump(store)
    store.client.flushall()

    assert one_by_one == together


@pytest.mark.parametrize("parked", [0, 1, 3])
def test_parked_workers_are_woken_for_the_first_steps(store: Store, parked: int) -> None:
    """As many as there are steps that may start."""
    for number in range(parked):
        assert claim(store, add_worker(store, f"w{number}")) is None
    accept(store, *make({"a": (), "b": (), "c": ("a",)}))

    assert max(0, parked - 2) == store.client.zcard(store.keys("idle"))


def test_a_workflow_runs_from_its_first_start_to_its_last_end(store: Store) -> None:
    """Each step may be claimed in the moment in which the last one that it waits for ends."""
    add_worker(store)
    accept(store, *make(DIAMOND))
    before = store.workflows.get(SCOPE, "w")
    order = [run(store)]
    between = store.workflows.get(SCOPE, "w")
    order += [run(store) for _ in range(3)]
    after = store.workflows.get(SCOPE, "w")

    assert ["load", "left", "right", "join"] == order
    assert (Status.QUEUED, None) == (before.status, before.started_ms)
    assert (Status.RUNNING, None) == (between.status, between.ended_ms)
    assert (Status.COMPLETED, 4) == (after.status, (after.ended or {})[Status.COMPLETED])
    assert after.started_ms is not None
    assert after.ended_ms is not None
    for status, wanted in ((None, 1), (Status.QUEUED, 0), (Status.COMPLETED, 1)):
        assert wanted == store.workflows.page(SCOPE, status, 1, 20)[1]


def test_a_failed_step_ends_what_needs_it(store: Store) -> None:
    """The rest goes on, and the whole counts as failed."""
    add_worker(store)
    graph: Graph = {"a": (), "b": ("a",), "c": ("b",), "d": ()}
    accept(store, *make(graph))
    run(store, "failed")
    cascade(store, CONFIG)
    unfinished = store.workflows.get(SCOPE, "w").status
    run(store)
    found = store.workflows.get(SCOPE, "w")
    jobs = store.workflows.jobs(found)

    assert (Status.RUNNING, Status.FAILED) == (unfinished, found.status)
    assert ["Failed", "Cancelled", "Cancelled", "Completed"] == [jobs[one].status for one in graph]


def test_a_step_may_run_whatever_became_of_others(store: Store) -> None:
    """With the policy run it starts after a failure."""
    add_worker(store)
    accept(store, *make({"a": (), "b": ("a",)}, on_dependency_failure="run"))
    run(store, "failed")
    cascade(store, CONFIG)

    assert "b" == run(store)
    assert Status.FAILED == store.workflows.get(SCOPE, "w").status


def test_a_workflow_without_a_run_is_cancelled(store: Store) -> None:
    """So it is when a job outside of it, on which it depends, was cancelled before."""
    submit(store, id="outside")
    options: dict[str, Any] = {"by": "x", "reason": None, "force": False, "preserve": True}
    store.jobs.cancel(SCOPE, "outside", keep_ms=CONFIG.keep_ms, **options)
    workflow, (first, second) = make({"a": (), "b": ("a",)})
    accept(store, workflow, [replace(first, dependencies=("outside",)), second])
    cascade(store, CONFIG)
    found = store.workflows.get(SCOPE, "w")

    assert (Status.CANCELLED, None) == (found.status, found.started_ms)


def test_nothing_is_stored_of_a_refused_workflow(store: Store) -> None:
    """Neither when the queue has no room for all of it, nor when it names an unknown job."""
    workflow, specs = make(DIAMOND)
    with pytest.raises(QueueFull):
        accept(store, workflow, specs, max_queued=3)
    specs[2] = replace(specs[2], dependencies=("load", "nobody"))
    with pytest.raises(ValidationFailed, match=r"^/jobs/2/dependencies/0 "):
        accept(store, workflow, specs)

    assert [] == store.client.keys()


def test_a_repeat_makes_no_second_workflow(store: Store) -> None:
    """Neither under the same id nor under the same key; the key stands for one request."""
    key = Idempotency("key", "print")
    first = accept(store, *make(DIAMOND), idempotency=key)
    same_id = accept(store, *make(DIAMOND))
    workflow, specs = make(DIAMOND, workflow_id="other")
    same_key = accept(store, workflow, specs, idempotency=key)

    assert [True, False, False] == [first.new, same_id.new, same_key.new]
    assert {"w"} == {first.id, same_id.id, same_key.id}
    assert {first.created_ms} == {same_id.created_ms, same_key.created_ms}
    assert 4 == store.client.zcard(store.keys("all", SCOPE.key))
    with pytest.raises(IdempotencyMismatch):
        accept(store, workflow, specs, idempotency=Idempotency("key", "another"))


def test_a_record_lives_as_long_as_the_last_of_its_jobs(store: Store) -> None:
    """Half-forgotten workflows can still be read; then nothing is left."""
    add_worker(store)
    accept(store, *make({"a": (), "b": ()}))
    run(store)
    store.scripts.call("prune", limit=10, now_ms=NOW_MS + 10**12)
    half = store.workflows.get(SCOPE, "w")
    assert {"b"} == set(store.workflows.jobs(half))
    run(store)
    store.scripts.call("prune", limit=10, now_ms=NOW_MS + 10**12)

    with pytest.raises(NotFound):
        store.workflows.get(SCOPE, "w")
    assert ([], 0) == store.workflows.page(SCOPE, None, 1, 20)


def test_a_thousand_steps_cost_few_commands(store: Store) -> None:
    """The script's time is bounded by the number of commands that it gives."""
    names = [str(uuid.uuid4()) for _ in range(1_000)]
    graph = {name: tuple(names[max(0, at - 10) : at]) for at, name in enumerate(names)}
    workflow, specs = make(graph)
    store.client.config_resetstat()
    accept(store, workflow, specs, max_queued=1_000)
    calls = sum(row["calls"] for row in store.client.info("commandstats").values())

    assert calls < 9_000
    assert 1_000 == store.client.zcard(store.keys("queue", SCOPE.key))
