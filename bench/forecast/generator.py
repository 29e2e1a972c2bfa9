"""Make up workloads of different characters, for where no logs of real machines are at hand.

Users with habits of their own submit sessions of like jobs; what differs is how.
"""

from dataclasses import dataclass

import numpy as np

from bench.forecast.history import HOUR, Floats, History, Work, history

DAYS = 56
USERS = 24
MONDAY = 1_704_067_200.0


@dataclass(frozen=True)
class Character:
    """What a workload is like.

    `sessions` a day, `size` mean jobs in one, `run` typical seconds, `spread` of their logarithm
    between kinds (and a third of it within), `swing` of the day about its mean, `load` the share
    of the workers that is busy, `drift` the factor by which traffic grows over the whole time.
    """

    sessions: float
    size: float
    run: float
    spread: float
    swing: float
    load: float
    drift: float = 1.0


CHARACTERS = {
    "diurnal": Character(120, 2, 600, 0.8, 0.95, 0.6),
    "bursty": Character(12, 40, 300, 1.0, 0.7, 0.55),
    "saturated": Character(60, 4, 900, 0.8, 0.6, 0.93),
    "quiet": Character(8, 2, 1200, 0.8, 0.8, 0.15),
    "heavy-tailed": Character(60, 3, 300, 2.0, 0.7, 0.6),
    "growing": Character(60, 3, 600, 0.8, 0.8, 0.6, drift=2.5),
}


def generated(name: str, seed: int = 0) -> History:
    """Return a made-up queue's history."""
    character = CHARACTERS[name]
    rng = np.random.default_rng(seed)
    begins = _begins(character, rng)
    user = rng.choice(USERS, size=len(begins), p=_shares())
    size = rng.geometric(1 / character.size, size=len(begins))
    owner = np.repeat(np.arange(len(begins)), size)
    gap = rng.exponential(120.0, size=len(owner))
    first = np.cumsum(size) - size
    elapsed = np.cumsum(gap) - np.repeat(np.cumsum(gap)[first] - gap[first], size)
    kind = (user * 4 + rng.integers(0, 4, len(begins)))[owner]
    typical = character.run * np.exp(character.spread * rng.standard_normal(USERS * 4))
    mood = character.spread / 3 * rng.standard_normal(len(begins))[owner]
    own = character.spread / 5 * rng.standard_normal(len(owner))
    run = np.maximum(typical[kind] * np.exp(mood + own), 1.0)
    submitted = MONDAY + begins[owner] + elapsed
    order = np.argsort(submitted, kind="stable")
    work = Work(
        submitted[order], run[order], (user[owner] % 4)[order], user[owner][order], kind[order]
    )
    workers = max(1, round(float(run.sum()) / (DAYS * 24 * HOUR) / character.load))
    return history(name, work, workers, MONDAY, DAYS * 24 - 2)


def _begins(character: Character, rng: np.random.Generator) -> Floats:
    """Return when sessions begin, in seconds: more by day, fewer at weekends."""
    hours = np.arange(DAYS * 24)
    wave = 1 + character.swing * np.sin(2 * np.pi * (hours % 24 - 8) / 24)
    week = np.where(hours // 24 % 7 >= 5, 1 - 0.7 * character.swing, 1.0)
    growth = character.drift ** (hours / len(hours))
    mood = np.repeat(np.exp(0.3 * rng.standard_normal(DAYS)), 24)
    rate = wave * week * growth * mood
    counts = rng.poisson(character.sessions / 24 * rate / rate.mean())
    begins = (np.repeat(hours, counts) + rng.random(counts.sum())) * HOUR
    return np.sort(begins)


def _shares() -> Floats:
    shares = 1 / np.arange(1, USERS + 1)
    return shares / shares.sum()
