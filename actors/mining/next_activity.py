"""A back-off n-gram model that predicts the next activity of a case and its remaining time.

The model looks at the last four activities; where it has seldom seen them it looks at three,
two, one, none. It is plain builtins, so it can be stored as JSON and as a pickle that needs no
class to load, and it is measured on cases that it has not seen.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from actors.mining.events import MICROSECOND, Events

ORDER = 4
MIN_SEEN = 3  # a context seen less often says less than the shorter one
TRAINING_SHARE = 0.8
FEWEST_TESTS = 2
MOST_CONTEXTS = 50_000  # of each length
MOST_NEXT = 20  # successors kept per context
END = ""  # what follows the last event of a case


def fit(events: Events, cases: pl.DataFrame) -> dict[str, Any]:
    """Fit the model on the first 80 % of the cases by start and measure it on the rest.

    The model returned is the one that was measured. `accuracy` is None where the log has too
    few cases to hold any out.
    """
    by_start = cases.sort(["begin", "case"])["case"]
    n_train = max(1, int(len(by_start) * TRAINING_SHARE))
    order = _order(len(events.activities) + 1)
    prefixes = _prefixes(events, cases, order)
    is_training = pl.col("case").is_in(by_start.head(n_train).implode())
    training, test = prefixes.filter(is_training), prefixes.filter(~is_training)
    tables = [_table(training, length) for length in range(order + 1)]
    n_test = len(by_start) - n_train
    measured = _measure(tables, training, test) if n_test >= FEWEST_TESTS else _unmeasured()
    return _model(events, tables, measured, n_train, n_test)


def _order(base: int) -> int:
    """Take the longest contexts whose keys fit 63 bits: four activities up to 55,000 names."""
    return max(n for n in range(ORDER + 1) if base**n < 2**63)


def _prefixes(events: Events, cases: pl.DataFrame, order: int) -> pl.DataFrame:
    """Give each event its contexts, its successor (0 for the end) and the time that was left.

    Shape: `key0` … as UInt64, null where the case is shorter; `next` is a code, plus one.
    """
    base = len(events.activities) + 1
    step = (pl.col("activity") + 1).cast(pl.UInt64)
    keys = [pl.lit(0, dtype=pl.UInt64).alias("key0")]
    for length in range(1, order + 1):
        parts = [step.shift(back) * base**back for back in range(length)]
        key = pl.sum_horizontal(*parts)
        keys.append(pl.when(pl.col("index") >= length - 1).then(key).alias(f"key{length}"))
    is_last = pl.col("index").shift(-1, fill_value=0) == 0
    following = pl.when(is_last).then(0).otherwise(step.shift(-1, fill_value=0))
    end = cases["end"].gather(events.frame["case"])
    return events.frame.select(
        "case",
        *keys,
        next=following.cast(pl.UInt32),
        remaining=(end - pl.col("time")) / MICROSECOND,
    )


def _table(training: pl.DataFrame, length: int) -> pl.DataFrame:
    """Count what followed each context of one length, and take the median time left."""
    key = f"key{length}"
    known = training.filter(pl.col(key).is_not_null())
    counts = known.group_by(key, "next").agg(n=pl.len())
    best = (
        counts.sort([key, "n", "next"], descending=[False, True, False])
        .group_by(key, maintain_order=True)
        .agg(seen=pl.col("n").sum(), guess=pl.col("next").first(), next="next", n="n")
    )
    left = known.group_by(key).agg(remaining=pl.col("remaining").median())
    least = MIN_SEEN if length else 1
    return (
        best.join(left, on=key, maintain_order="left")
        .filter(pl.col("seen") >= least)
        .rename({key: "key"})
        .sort(["seen", "key"], descending=[True, False])
        .head(MOST_CONTEXTS)
    )


def _measure(
    tables: list[pl.DataFrame], training: pl.DataFrame, test: pl.DataFrame
) -> dict[str, Any]:
    """Predict the held-out prefixes; beside the model stand two predictors that know nothing."""
    scored = _scored(tables, test)
    right: Any = (scored["guess"] == scored["next"]).mean()
    error: Any = (scored["left"] - scored["remaining"]).abs().mean()
    middle: Any = training["remaining"].median()
    base_error: Any = (scored["remaining"] - middle).abs().mean()
    baseline: Any = (scored["next"] == tables[0]["guess"][0]).mean()
    return {
        "accuracy": round(right, 4),
        "majorityAccuracy": round(baseline, 4),
        "remainingErrorSeconds": round(error, 3),
        "remainingBaselineErrorSeconds": round(base_error, 3),
        "testPredictions": scored.height,
    }


def _scored(tables: list[pl.DataFrame], test: pl.DataFrame) -> pl.DataFrame:
    """Return each held-out prefix with the guess of the longest context that is known."""
    guessed = test
    for length, table in enumerate(tables):
        told = table.select(
            pl.col("key").alias(f"key{length}"),
            pl.col("guess").alias(f"guess{length}"),
            pl.col("remaining").alias(f"left{length}"),
        )
        guessed = guessed.join(told, on=f"key{length}", how="left", maintain_order="left")
    longest_first = range(len(tables) - 1, -1, -1)
    return guessed.select(
        "next",
        "remaining",
        guess=pl.coalesce(*(f"guess{n}" for n in longest_first)),
        left=pl.coalesce(*(f"left{n}" for n in longest_first)),
    )


def _unmeasured() -> dict[str, Any]:
    return {
        "accuracy": None,
        "majorityAccuracy": None,
        "remainingErrorSeconds": None,
        "remainingBaselineErrorSeconds": None,
        "testPredictions": 0,
    }


def _model(
    events: Events,
    tables: list[pl.DataFrame],
    measured: dict[str, Any],
    n_train: int,
    n_test: int,
) -> dict[str, Any]:
    error, baseline = measured["remainingErrorSeconds"], measured["remainingBaselineErrorSeconds"]
    timed = error is not None and error < baseline
    return {
        "format": "queueapp.next-activity/1",
        "order": len(tables) - 1,
        "activities": [END, *events.activities],
        "predictsRemainingTime": timed,
        "trainingCases": n_train,
        "testCases": n_test,
        **measured,
        "contexts": [
            context
            for length, table in enumerate(tables)
            for context in _contexts(table, length, len(events.activities) + 1, timed=timed)
        ],
    }


def _contexts(table: pl.DataFrame, length: int, base: int, *, timed: bool) -> list[dict[str, Any]]:
    """Write a table's contexts as codes of activities, the oldest first."""
    rows = []
    for row in table.iter_rows(named=True):
        codes, key = [], row["key"]
        for _ in range(length):
            key, code = divmod(key, base)
            codes.append(code)
        context = {
            "after": codes[::-1],
            "seen": row["seen"],
            "next": [list(pair) for pair in zip(row["next"], row["n"], strict=True)][:MOST_NEXT],
        }
        if timed:
            context["remainingSeconds"] = round(row["remaining"], 3)
        rows.append(context)
    return rows


def card(model: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a model without its contents: how it was fitted and how well it does."""
    facts = {key: value for key, value in model.items() if key not in ("contexts", "activities")}
    return {**facts, "contexts": len(model["contexts"])}


def predict(model: Mapping[str, Any], path: list[str]) -> tuple[str, float]:
    """Say what follows a path of activities ('' for the end) and how often it did, 0 to 1."""
    codes = {name: code for code, name in enumerate(model["activities"])}
    contexts = {tuple(c["after"]): c for c in model["contexts"]}
    recent = [codes.get(name, -1) for name in path[-model["order"] :]]
    for length in range(len(recent), -1, -1):
        context = contexts.get(tuple(recent[len(recent) - length :]))
        if context:
            code, times = context["next"][0]
            return model["activities"][code], times / context["seen"]
    msg = "the model has no contexts"
    raise ValueError(msg)
