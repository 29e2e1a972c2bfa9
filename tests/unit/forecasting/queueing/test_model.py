"""What holds between the answers of one model, and of models that differ in one thing."""

from itertools import pairwise

import numpy as np
import pytest

from forecasting import fit
from forecasting.queueing.model import serve_together
from tests.unit.forecasting.queueing.workloads import DAY, HOUR, NOW, steady

LEVELS = np.array([0.1, 0.5, 0.9])
TABLE = steady(10, 8, 900, 3)
BUSY = {
    name: np.concatenate([column, column[-30:]])
    for name, column in (
        TABLE | {"submitted": TABLE["submitted"], "started": TABLE["started"]}
    ).items()
}
for name in ("started", "finished"):
    BUSY[name][-30:] = np.nan
ROWS = range(len(BUSY["user"]) - 30, len(BUSY["user"]))
MODEL = fit(BUSY, now=NOW, workers=3, since=NOW - 10 * DAY, seed=4)


def test_same_seed_same_answer() -> None:
    """Two fits with one seed agree to the last digit; another seed gives other paths."""
    again, other = (
        fit(BUSY, now=NOW, workers=3, since=NOW - 10 * DAY, seed=seed).forecast(24, LEVELS)
        for seed in (4, 5)
    )

    assert all((again[k] == v).all() for k, v in MODEL.forecast(24, LEVELS).items())
    assert any((other[k] != v).any() for k, v in MODEL.forecast(24, LEVELS).items())


def test_more_workers_never_wait_longer() -> None:
    """Of jobs of one priority nobody starts later with more workers, in any path."""
    starts = [MODEL.with_workers(n).starts for n in (1, 2, 3, 4, 6)]

    assert all((more <= fewer).all() for fewer, more in pairwise(starts))


def test_with_the_same_workers_nothing_changes() -> None:
    """The counterfactual of no change is the forecast itself."""
    same = MODEL.with_workers(3).forecast(24, LEVELS)

    assert all((same[name] == values).all() for name, values in MODEL.forecast(24, LEVELS).items())


def test_models_served_together_are_served_alike() -> None:
    """Serving several at once is only quicker."""
    alone, together = ([MODEL.with_workers(n) for n in (1, 2, 5)] for _ in range(2))
    serve_together(together)

    assert all((a.starts == b.starts).all() for a, b in zip(alone, together, strict=True))


def test_starts_come_in_the_order_of_service() -> None:
    """Of jobs of one priority the one ahead is not forecast to start later."""
    medians = [MODEL.start_delay(row)[1] for row in ROWS]

    assert medians == sorted(medians)


def test_a_better_priority_starts_sooner() -> None:
    """The last of the waiting jobs, made critical, is forecast to start first."""
    table = {name: column.copy() for name, column in BUSY.items()}
    table["priority"][-1] = 0
    model = fit(table, now=NOW, workers=3, since=NOW - 10 * DAY, seed=4)

    assert model.start_delay(ROWS[-1])[1] <= model.start_delay(ROWS[0])[1]


def test_an_order_set_by_hand_is_kept() -> None:
    """The order column turns the waiting jobs round."""
    order = np.full(len(BUSY["user"]), np.nan)
    order[-30:] = np.arange(30, 0, -1)
    model = fit(BUSY | {"order": order}, now=NOW, workers=3, since=NOW - 10 * DAY)
    medians = [model.start_delay(row)[1] for row in ROWS]

    assert medians == sorted(medians, reverse=True)


def test_a_schedule_is_kept() -> None:
    """A job that must not start before tomorrow does not, and holds up nobody until then."""
    not_before = np.full(len(BUSY["user"]), np.nan)
    not_before[ROWS[0]] = NOW + 20 * HOUR
    model = fit(BUSY | {"not_before": not_before}, now=NOW, workers=3, since=NOW - 10 * DAY)

    assert model.start_delay(ROWS[0])[0] >= 20 * HOUR
    assert model.start_delay(ROWS[1])[1] < HOUR


def test_what_was_learnt_can_be_given() -> None:
    """A model fitted with the level maps of another one is read in the same way."""
    quick = fit(BUSY, now=NOW, workers=3, since=NOW - 10 * DAY, learnt=MODEL.learnt)

    assert quick.learnt == MODEL.learnt


def test_a_job_that_does_not_wait_has_no_start_to_come() -> None:
    """Asking for the start of an ended job is an error of the caller."""
    with pytest.raises(KeyError):
        MODEL.start_delay(0)


def test_columns_must_match() -> None:
    """A missing column and columns of different lengths are refused by name."""
    with pytest.raises(ValueError, match="lack the columns kind"):
        fit({k: v for k, v in BUSY.items() if k != "kind"}, now=NOW, workers=1, since=NOW)
    with pytest.raises(ValueError, match="one length"):
        fit(BUSY | {"kind": np.zeros(3)}, now=NOW, workers=1, since=NOW)


def test_who_waits_for_days_is_overtaken_for_days() -> None:
    """Two days of work that everybody may overtake take five where new jobs take 60 %."""
    table = steady(14, 4, 540, 1, seed=2)
    table["priority"][:] = 1
    last = table["submitted"].max()
    low = {name: np.full(320, np.nan) for name in ("started", "finished")}
    low |= {"submitted": np.linspace(last, NOW, 320), "priority": np.full(320, 3)}
    joined = {
        name: np.concatenate([column, low.get(name, np.zeros(320))])
        for name, column in table.items()
    }
    model = fit(joined, now=NOW, workers=1, since=NOW - 14 * DAY)
    _, middle, _ = model.start_delay(len(joined["user"]) - 1)

    assert 3.8 * DAY < middle < 6.5 * DAY
