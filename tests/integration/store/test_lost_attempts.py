"""Answers to submitting, claiming and ending are lost: each job is there, runs and ends once."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dramatiq.errors import ConnectionClosed

from queueapp.domain.outcome import Failure, Progress
from queueapp.domain.states import Status
from queueapp.store.answers import Idempotency
from queueapp.store.idempotency import IdempotencyKeys
from tests.factories import (
    NOTHING,
    SCOPE,
    add_worker,
    artifact,
    beat,
    claim,
    engine,
    finish,
    report,
    spec,
    submit,
)
from tests.integration.store.lossy import KEEP_MS, Journey, Lossy, again, losses


def submitted(lossy: Lossy) -> None:
    """A job that is submitted again under its id is one job, with one place."""
    job = spec(id="job")
    receipt = again(lambda: lossy.store.jobs.submit(job))

    assert ("job", 1, {"job"}) == (receipt.job_id, receipt.position, lossy.ids())
    assert ["submitted"] == lossy.facts()


def submitted_with_a_key(lossy: Lossy) -> None:
    """A request with an idempotency key makes one job, though each repeat brings a new id."""
    idempotency = Idempotency("key", "print")
    receipt = again(lambda: lossy.store.jobs.submit(spec(), idempotency=idempotency))
    keys = IdempotencyKeys(lossy.store.client, lossy.store.keys, lossy.store.scripts)
    kept = again(lambda: keys.keep(SCOPE, idempotency, "the answer"))
    other = again(lambda: keys.keep(SCOPE, idempotency, "another answer"))
    repeat = again(lambda: lossy.store.jobs.submit(spec(), idempotency=idempotency))

    assert {receipt.job_id} == lossy.ids()
    assert (None, "the answer") == (kept, other)
    assert "the answer" == again(lambda: keys.answer(SCOPE, idempotency))
    assert (receipt.job_id, False) == (repeat.job_id, repeat.new)


def dependent_submitted(lossy: Lossy) -> None:
    """A job that waits for two others starts after both, however often it was sent."""
    for name in ("a", "b"):
        submit(lossy.real, id=name)
    job = spec(id="job", dependencies=("a", "b"))
    again(lambda: lossy.store.jobs.submit(job))

    assert 2 == lossy.job().unmet_dependencies


def run_to(outcome: str, status: Status, facts: list[str], **changes: Any) -> Any:
    """Make the journey of a job from its claim to one of the ends."""

    def journey(lossy: Lossy) -> None:
        add_worker(lossy.real)
        submit(lossy.real, id="job", **changes)
        message = lossy.take()
        held = message.claim
        again(lambda: lossy.store.attempts.report("job", held.epoch, Progress(1), NOTHING))
        told = again(lambda: beat(lossy.store, "w1", lossy.station.held()))
        failure = Failure("job_error", "it broke", retryable=outcome == "failed")
        lossy.give(message, report(outcome, failure=failure if outcome == "failed" else None))

        job = lossy.job()
        assert (False, 1, 1) == (bool(told["lost"]), held.epoch, job.epoch)
        assert (status, 1, []) == (job.status, len(job.attempts), lossy.station.held())
        assert ["submitted", "started", *facts] == lossy.facts()

    journey.__name__ = f"run_to_{outcome}_{status}"
    return journey


def completed_with_files(lossy: Lossy) -> None:
    """The files of a completed attempt are published once, with its run time."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    message = lossy.take()
    file = artifact(id="file", object_key="o")
    lossy.give(message, report(artifacts=(file,), result={"artifacts": [{"id": "file"}]}))

    assert "o" == lossy.real.artifacts.get(SCOPE, "file").object_key
    assert [1] == [len(runs) for runs in lossy.real.figures.runs(SCOPE, ["p"])]
    assert "1" == lossy.real.client.hget(lossy.real.keys("worker", "w1"), "succeeded")


def two_jobs(lossy: Lossy) -> None:
    """Two jobs of one worker are claimed once each: no claim is lost on the way."""
    add_worker(lossy.real)
    for name in ("a", "b"):
        submit(lossy.real, id=name)
    messages = []
    for _ in range(12):
        try:
            message = next(lossy.consumer)
        except ConnectionClosed:
            continue
        messages += [message] if message is not None else []
        if len(messages) == 2:
            break

    assert [("a", 1), ("b", 1)] == [(m.claim.job.id, m.claim.epoch) for m in messages]
    assert 2 == len(lossy.station.held())
    for message in messages:
        lossy.give(message, report())


def claimed_when_woken(lossy: Lossy) -> None:
    """A parked worker's wait and the claim behind it are one call: the job is taken once."""
    add_worker(lossy.real)
    while lossy.real.client.zcard(lossy.real.keys("idle")) == 0:
        with suppress(ConnectionClosed):
            assert next(lossy.consumer) is None
    submit(lossy.real, id="job")
    lossy.give(lossy.take(), report())

    assert ["submitted", "started", "completed"] == lossy.facts()


def ended_and_next_taken(lossy: Lossy) -> None:
    """An attempt ends and the worker's next job is handed over once, in one call."""
    add_worker(lossy.real)
    for name in ("job", "next"):
        submit(lossy.real, id=name)
    held = claim(lossy.real)
    assert held is not None
    status, following = again(
        lambda: lossy.store.attempts.finish_and_claim(
            "job",
            held.epoch,
            report(),
            max_lost=3,
            keep_ms=KEEP_MS,
            worker="w1",
            lease_ms=30_000,
        )
    )

    assert following is not None
    assert (Status.COMPLETED, "next", 1) == (status, following.job.id, following.epoch)
    assert ["submitted", "started"] == lossy.facts("next")
    assert "Completed" == finish(lossy.real, following)


def retried(lossy: Lossy) -> None:
    """A retry with a key makes one new job, and the old one points to it."""
    add_worker(lossy.real)
    submit(lossy.real, id="job")
    held = claim(lossy.real)
    assert held is not None
    finish(lossy.real, held, "failed")
    key = Idempotency("key", "print")
    new, _ = again(lambda: engine(lossy.store).retry(SCOPE, "job", by="ann", idempotency=key))

    assert {"job", new.spec.id} == lossy.ids()
    assert new.spec.id == lossy.job().retried_as
    assert ["retry"] == lossy.trail()


def batch_submitted(lossy: Lossy) -> None:
    """The jobs of one request are there once, and a repeat is told the same."""
    key = Idempotency("key", "print")
    told = [
        again(
            lambda: lossy.store.batches.submit(
                SCOPE, [spec(), spec()], told=["refused"], idempotency=key
            )
        )
        for _ in range(2)
    ]

    assert set(told[0].job_ids) == lossy.ids()
    assert (told[0].job_ids, ["refused"], True) == (told[1].job_ids, told[1].told, told[1].repeated)


ENDS = (
    run_to("completed", Status.COMPLETED, ["completed"]),
    run_to("failed", Status.FAILED, ["failed"]),
    run_to("cancelled", Status.CANCELLED, ["cancelled"]),
    run_to("lost", Status.QUEUED, ["lost"]),
    run_to("given_back", Status.QUEUED, ["given_back"]),
)


@losses(
    submitted,
    dependent_submitted,
    submitted_with_a_key,
    batch_submitted,
    completed_with_files,
    two_jobs,
    claimed_when_woken,
    *ENDS,
    ended_and_next_taken,
    retried,
)
def test_each_answer_may_be_lost(
    lose_each: Callable[[Journey, int], None], journey: Journey, times: int
) -> None:
    """Whichever answers of a journey are lost, its end is the same and the laws hold."""
    lose_each(journey, times)
