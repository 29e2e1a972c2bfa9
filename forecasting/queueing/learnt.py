"""What a model learnt from its own past errors, in a form that can be stored.

fit.py makes it from a replay and takes it back, so that a refresh need not replay again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecasting.queueing.profile import Profile
from forecasting.queueing.replay import TARGETS, Past, Shown
from forecasting.queueing.trust import (
    CAUTION,
    NEWCOMER,
    LevelMap,
    Ranks,
    cautious,
    learn_levels,
)
from forecasting.recursion import Floats

LEADS = {"1-4": slice(0, 4), "5-12": slice(4, 12), "13-24": slice(12, 24)}
"""Hours ahead whose errors are told together."""
TOLERANCE = {"size": 2.0, "busy": 0.5, "wait": 120.0}
"""What a forecast may be off and still count as right: jobs, workers, seconds."""
RELATIVE = 0.25
"""The same as a share of the value shown; the larger of the two counts."""
CHANGE = 1.06
"""How much further out to read than the past taught: the next day is never quite like it."""
MOVED = ("busy",)
"""What is read higher or lower than the futures say where past truths lay to one side.

Sizes and waits are ruled by few long errors: moving their middle lost 2 % of the loss on most logs.
"""
MATURE = 14 * 86400.0
"""Seconds of history from which its moments are believed as far as ever."""


@dataclass(frozen=True)
class Report:
    """How good the forecasts of one thing were: of so many past points, which share was right.

    `coverage80` is how often intervals held that were read off by what the older half of the past
    taught, in its newer half; `errors` the mean error of the middle, by hours ahead.
    """

    points: int
    accuracy: float | None
    coverage80: float | None
    errors: Mapping[str, float | None]


@dataclass(frozen=True)
class Learnt:
    """How to read the forecasts of size, busy, wait, start and duration, and how good they were.

    `profile` is how many arrivals each hour brings.
    """

    trusted: Mapping[str, LevelMap]
    reports: Mapping[str, Report]
    profile: Profile | None = None

    def plain(self) -> dict[str, Any]:
        """Return the same as what JSON can hold."""
        return {
            "levels": {name: kept.values.tolist() for name, kept in self.trusted.items()},
            "reports": {
                name: {**vars(kept), "errors": dict(kept.errors)}
                for name, kept in self.reports.items()
            },
            "profile": self.profile.plain() if self.profile else None,
        }

    @staticmethod
    def of(plain: Mapping[str, Any]) -> "Learnt":
        """Return what `plain` made plain."""
        return Learnt(
            {name: LevelMap(np.array(values)) for name, values in plain["levels"].items()},
            {name: Report(**values) for name, values in plain["reports"].items()},
            Profile.of(plain["profile"]) if plain.get("profile") else None,
        )


def learn(past: Past, history_seconds: float, duration: LevelMap) -> Learnt:
    """Learn from what was forecast of the past and what came true."""
    young = 1 - min(1.0, history_seconds / MATURE)
    prior = cautious(CAUTION + (NEWCOMER - CAUTION) * young)
    trusted = {name: _trusted(name, ranks, prior) for name, ranks in past.ranks.items()}
    return Learnt(
        {**dict.fromkeys((*TARGETS, "start"), prior), **trusted, "duration": duration},
        {name: _report(name, past.ranks[name], shown, prior) for name, shown in past.shown.items()},
    )


def _trusted(name: str, ranks: Ranks, prior: LevelMap) -> LevelMap:
    seen = learn_levels(ranks, prior)
    return seen.further_out(CHANGE) if name in MOVED else seen.about_the_middle()


def _report(name: str, ranks: Ranks, shown: Shown, prior: LevelMap) -> Report:
    error = np.abs(shown.middle - shown.truth)
    known = np.isfinite(error)
    right = error <= np.maximum(TOLERANCE[name], RELATIVE * shown.middle)
    accuracy = float(right[known].mean()) if known.any() else None
    errors = {lead: _mean(error[:, span]) for lead, span in LEADS.items()}
    return Report(int(known.sum()), accuracy, _coverage(name, ranks, prior), errors)


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _coverage(name: str, ranks: Ranks, prior: LevelMap) -> float | None:
    """Return how often 80 % held in the newer half, by what the older half taught."""
    half = len(ranks.values) // 2
    if half < 24:
        return None
    older = Ranks(ranks.values[half:], ranks.weights[half:])
    low, high = _trusted(name, older, prior)(np.array([0.1, 0.9]))
    newer = ranks.values[:half]
    return float(((newer > low) & (newer < high)).mean())
