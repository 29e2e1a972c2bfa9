"""Advice comes from simulated differences, and silence where nothing helps."""

import json

import numpy as np
import pytest

from forecasting import fit
from forecasting.queueing.advice import best_move, best_windows, workers_effects
from forecasting.queueing.learnt import Learnt
from forecasting.queueing.record import record
from tests.unit.forecasting.queueing.workloads import DAY, HOUR, NOW, served, steady


def nightly(days: int = 21) -> dict[str, np.ndarray]:
    """A steady trickle, and every noon a batch of twenty long jobs of kind 7."""
    rng = np.random.default_rng(1)
    n = days * 48
    trickle = np.sort(NOW - days * DAY * rng.random(n))
    noon = (NOW - np.arange(days) * DAY) // DAY * DAY + 12 * HOUR
    batch = np.repeat(noon, 20) + np.tile(np.arange(20.0), days)
    submitted = np.concatenate([trickle, batch])
    run = np.concatenate([np.full(n, 300.0), np.full(len(batch), 1200.0)])
    kind = np.concatenate([np.zeros(n), np.full(len(batch), 7)])
    order = np.argsort(submitted)
    return served(submitted[order], run[order], 2, kind=kind[order], user=kind[order])


MODEL = fit(nightly(), now=NOW, workers=2, since=NOW - 21 * DAY)
IDLE = fit(steady(14, 1, 60, 8), now=NOW, workers=8, since=NOW - 14 * DAY)


def test_another_worker_helps_a_crowded_queue() -> None:
    """Each effect is the difference of two simulations: more workers, more gain."""
    effects = {effect.workers: effect for effect in workers_effects(MODEL)}

    assert {3, 4} <= set(effects)
    assert 0.1 < effects[3].gain < effects[4].gain <= 1
    assert effects[3].low <= effects[3].gain <= effects[3].high
    assert 1 not in effects


def test_an_idle_queue_needs_fewer_workers() -> None:
    """Where nobody waits, one worker less is all there is to advise."""
    assert [7] == [effect.workers for effect in workers_effects(IDLE)]
    assert [] == best_windows(IDLE)
    assert best_move(IDLE, 0) is None


def test_windows_keep_away_from_the_batch() -> None:
    """NOW is ten in the evening, the batch comes at noon: the hours after it are not advised."""
    hours = [(int(NOW // HOUR) + w.begin) % 24 for w in best_windows(MODEL)]

    assert all(hour not in (12, 13, 14) for hour in hours)


def test_windows_are_those_of_the_hours_that_are_told() -> None:
    """Whole hours still to come, and the present wait is that of the first hour's point."""
    now = NOW // DAY * DAY + 13.3 * HOUR
    jobs = {name: column[nightly()["submitted"] <= now] for name, column in nightly().items()}
    for name in ("started", "finished"):
        jobs[name] = np.where(jobs[name] <= now, jobs[name], np.nan)
    model = fit(jobs, now=now, workers=2, since=NOW - 21 * DAY)
    points = [hour["wait"]["middle"] for hour in record(model)["hours"]]
    found = best_windows(model)

    assert found
    for window in found:
        assert window.begin >= 1
        assert points[0] == pytest.approx(window.present)
        assert np.mean(points[window.begin : window.end]) == pytest.approx(window.middle)


def test_workers_come_and_go_with_all_their_slots() -> None:
    """Where each runs two jobs, one more makes room for two; none is advised by a step of 0."""
    crowded = record(MODEL, moves=False, step=2)["advice"]["workers"]

    assert [4, 6] == [effect["workers"] for effect in crowded]
    assert [] == record(MODEL, moves=False, step=0)["advice"]["workers"]


def test_a_kind_can_come_at_another_hour() -> None:
    """A move is advised only where its simulated gain is a tenth and a minute."""
    move = best_move(MODEL, 7)

    assert move is None or (move.gain >= 0.1 and move.wait_moved < move.wait)
    assert best_move(MODEL, 99) is None


@pytest.mark.parametrize("model", [MODEL, IDLE], ids=["crowded", "idle"])
def test_a_record_is_plain_data(model: object) -> None:
    """What is stored survives JSON, has whole hours, and ranges in order."""
    kept = record(model)  # type: ignore[arg-type]

    assert kept == json.loads(json.dumps(kept, allow_nan=False))
    assert 24 == len(kept["hours"])
    for hour in kept["hours"]:
        assert 0 == hour["time"] % HOUR
        for name in ("size", "busy", "wait"):
            point = hour[name]
            assert 0 <= point["lower"] <= point["middle"] <= point["upper"]
            assert 0 <= point["confidence"] <= 1
    assert NOW < kept["hours"][0]["time"] <= NOW + HOUR
    assert kept["any"]["lower"] < kept["any"]["upper"]


def test_more_jobs_now_are_carried_on() -> None:
    """A job more now adds at most about one to the queue of an hour, and never less than 0."""
    carried = [hour["size"]["carry"] for hour in record(MODEL)["hours"]]

    assert all(-0.05 <= carry <= 1.05 for carry in carried)
    assert carried[-1] <= carried[0] + 0.2


def test_what_was_learnt_survives_storage() -> None:
    """Level maps and reports are the same after a trip through JSON."""
    plain = MODEL.learnt.plain()
    again = Learnt.of(json.loads(json.dumps(plain)))

    assert plain == again.plain()


def test_reports_tell_how_good_the_past_was() -> None:
    """Each report has an accuracy and an error that grows, or not, with the hours ahead."""
    report = MODEL.learnt.reports["size"]

    assert report.points > 500
    assert report.accuracy is not None
    assert 0 <= report.accuracy <= 1
    assert {"1-4", "5-12", "13-24"} == set(report.errors)
