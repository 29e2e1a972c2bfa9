"""The bench's generator and scores, so that the bench cannot rot unseen."""

import numpy as np
import pytest

from bench.forecast.generator import CHARACTERS, generated
from bench.forecast.scores import LEVELS, Scores


@pytest.mark.parametrize("name", CHARACTERS)
def test_made_up_workloads_are_as_busy_as_they_say(name: str) -> None:
    """Each character's workers are busy about as much of the time as it asks for."""
    past = generated(name)
    load = past.busy.mean() / past.workers

    assert load == pytest.approx(CHARACTERS[name].load, abs=0.2)
    assert (past.started >= past.work.submitted).all()


def test_a_forecast_is_scored_against_what_came() -> None:
    """A perfect forecast has no loss; one that is one too high everywhere loses one."""
    truth = np.arange(24.0)
    exact = np.repeat(truth[:, None], len(LEVELS), axis=1)
    scores = Scores()
    scores.add(1, exact, truth)
    scores.add(2, exact + 1, truth)

    assert scores.loss("all", [1]) == 0
    assert scores.loss("all", [2]) == pytest.approx(1.0)
    assert scores.mae("all", [1, 2]) == 0.5
    assert scores.held(0.8, "all", [2]) == 0


def test_what_is_not_known_yet_is_not_shown() -> None:
    """Of a moment nothing later reaches the model: no job, no start, no end."""
    past = generated("quiet")
    now = past.begin + 700 * 3600.0
    jobs, rows = past.jobs(now)

    assert (past.work.submitted[rows] <= now).all()
    assert np.nanmax(jobs["started"]) <= now
    assert np.nanmax(jobs["finished"]) <= now
