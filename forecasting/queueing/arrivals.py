"""Draw the jobs that may come: each drawn job is one of the past, at a new time.

paths.py asks for them. Two views in turn: whole past days come again, which keeps together what
belongs together; and sessions come as often as the hour and the recent level let expect.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from forecasting.queueing.cold import cold_draws
from forecasting.queueing.draws import Draws, expanded, joined
from forecasting.queueing.profile import Profile, learn_profile
from forecasting.queueing.sessions import Sessions, find_sessions
from forecasting.queueing.underway import continued
from forecasting.queueing.workload import Ints, Workload
from forecasting.recursion import Floats

HOUR = 3600.0
DAY = 24 * HOUR
DAYS_KEPT = 28
DAYS_FITTED = 56
AHEAD_DAYS, MOST_DAYS = 2, 7
"""Days drawn: one is shown, another decides how long its jobs wait; more where many wait now."""
DAYS_PER_DAY = 4.0
"""Days drawn more for each day that the waiting jobs take: where workers are three quarters busy
with jobs to come, a quarter is left for those that wait."""
LATER = 0.5
"""How the share of the second day's jobs that come differs between paths: two thirds on average.

With all of them the last in line were forecast to wait longer than they did on most logs, and
shorter with none.
"""
CROWDED = 1.5
"""Days that the waiting jobs take from which all later jobs come: who waits so long meets them."""
FADING_DAYS = 14.0
UNLIKE_RATES = 4.0
"""How fast a past day loses weight as the rates expected then differ from those of the coming."""
UNLIKE_COUNTS = 0.25
"""The same for the arrivals before it, in squared spreads of their square roots."""
LEVEL_HOURS = 24.0
LEVEL_DOUBT = 4.0
"""Sessions expected, beyond which the recent level counts for more than the usual one."""


@dataclass(frozen=True)
class Arrivals:
    """The jobs that came, by time and by session, and the rates at which sessions start."""

    submitted: Floats
    sessions: Sessions
    history: float
    profiles: tuple[tuple[float, Profile], ...]

    def profile(self, now: float) -> Profile:
        """Return the newest profile that was learnt by then, or else the oldest."""
        known = [profile for made, profile in self.profiles if made <= now]
        return known[-1] if known else self.profiles[0][1]

    def draw(
        self, now: float, guess: float, paths: int, rng: np.random.Generator, crowd: float = 0.0
    ) -> Draws:
        """Draw what may come in the days after `now`, knowing what came before it.

        `guess` is the number of jobs an hour to expect if nothing were known, `crowd` the days
        that the waiting jobs will take.
        """
        everyone = np.arange(paths)
        days = int(min(DAYS_KEPT, (now - self.history) // DAY))
        ahead = days_ahead(crowd)
        seen = self._seen(now)
        if not days or not len(seen):
            draws = self._cold(now, guess, everyone, rng)
        else:
            by_day = self._days_again(now, days, everyone[::2], rng, ahead)
            by_rate = self._sessions_again(now, seen, everyone[1::2], rng, ahead)
            draws = joined([by_day, by_rate])
        later = rng.random(paths) ** (LATER * np.clip(CROWDED - crowd, 0.0, 1.0))
        sure = (draws.at <= DAY) | (rng.random(len(draws.at)) < later[draws.path])
        return draws.where((draws.at > 0) & (draws.at <= ahead * DAY) & sure)

    def _cold(self, now: float, guess: float, paths: Ints, rng: np.random.Generator) -> Draws:
        known = self.sessions.until(now)
        seen = int((known.start > self.history).sum())
        per_session = len(known.jobs) / max(1, len(known.first))
        return cold_draws(
            known,
            known_hours=(now - self.history) / HOUR,
            seen=seen,
            guessed_per_hour=guess / max(1.0, per_session),
            paths=paths,
            hours=AHEAD_DAYS * 24,
            rng=rng,
        )

    def _days_again(
        self, now: float, days: int, paths: Ints, rng: np.random.Generator, ahead: int
    ) -> Draws:
        """Let each path see past days again, those before it that resemble the present."""
        ago = rng.choice(np.arange(1, days + 1), size=len(paths), p=self._likeness(now, days))
        parts = []
        for day in range(ahead):
            source = np.maximum(ago - day, 1)
            first = np.searchsorted(self.submitted, now - source * DAY, side="right")
            last = np.searchsorted(self.submitted, now - (source - 1) * DAY, side="right")
            owner, row = expanded(first, last - first)
            at = self.submitted[row] - now + (source[owner] + day) * DAY
            parts.append(Draws(paths[owner], row, at))
        return joined(parts)

    def _likeness(self, now: float, days: int) -> Floats:
        """Return how likely each past day is to come again, the newest first."""
        ago = np.arange(1, days + 1)
        moments = now - np.append(0, ago) * DAY
        profile = self.profile(now)
        hours = (moments[:, None] / HOUR + np.arange(24) + 0.5).astype(np.float64)
        expected = np.log(profile.rates(hours.ravel()).reshape(hours.shape))
        apart = np.abs(expected[1:] - expected[0]).mean(axis=1)
        logs = np.log(0.5) * ago / FADING_DAYS - UNLIKE_RATES * apart
        for span in (6 * HOUR, DAY):
            counts = np.searchsorted(self.submitted, moments, side="right") - np.searchsorted(
                self.submitted, moments - span, side="right"
            )
            root = np.sqrt(counts)
            spread = root[1:].std() + 0.5
            logs = logs - UNLIKE_COUNTS * ((root[1:] - root[0]) / spread) ** 2
        weights = np.exp(logs - logs.max())  # of days all unlike the present one is still likest
        likely: Floats = weights / weights.sum()
        return likely

    def _sessions_again(
        self, now: float, seen: Ints, paths: Ints, rng: np.random.Generator, ahead: int
    ) -> Draws:
        """Let sessions start by chance at the expected rate, each one of the past."""
        hours = np.arange(ahead * 24)
        rates = self._rates(now, hours + 0.5)
        level = self._level(now, len(paths), rng)[:, None] ** 0.5 ** (hours / LEVEL_HOURS)
        counts = rng.poisson(rates * level).ravel()
        path = np.repeat(np.repeat(np.arange(len(paths)), len(hours)), counts)
        hour = np.repeat(np.tile(hours, len(paths)), counts)
        session = self._pick(now, seen, hour, rng)
        owner, place = expanded(self.sessions.first[session], self.sessions.size[session])
        begin = (hour + rng.random(len(hour))) * HOUR
        at = begin[owner] + self.sessions.offset[place]
        new = Draws(paths[path[owner]], self.sessions.jobs[place], at)
        old = continued(self.sessions, self.submitted, now, seen=seen, paths=paths, rng=rng)
        return joined([new, old])

    def _seen(self, now: float) -> Ints:
        """Return the sessions that were over and new enough to come again."""
        s = self.sessions
        return np.flatnonzero((s.end <= now) & (s.start > max(self.history, now - DAYS_KEPT * DAY)))

    def _rates(self, now: float, hours: ArrayLike) -> Floats:
        """Return the sessions an hour to expect so many hours after `now`."""
        return self.profile(now).rates(np.asarray(now / HOUR + np.asarray(hours), np.float64))

    def _level(self, now: float, paths: int, rng: np.random.Generator) -> Floats:
        """Draw how much busier than usual it is, from the sessions of the last days."""
        span = min(4 * LEVEL_HOURS, (now - self.history) / HOUR)
        hours = np.arange(0, int(span)) + 0.5
        weights = 0.5 ** (hours / LEVEL_HOURS)
        expected = float(weights @ self._rates(now, -hours)) if span >= 1 else 0.0
        began = self.sessions.start[: np.searchsorted(self.sessions.start, now)]
        age = (now - began[began > now - span * HOUR]) / HOUR
        observed = float((0.5 ** (age / LEVEL_HOURS)).sum())
        shape = LEVEL_DOUBT + observed
        return rng.gamma(shape, 1 / (LEVEL_DOUBT + expected), size=paths)

    def _pick(self, now: float, seen: Ints, hour: Ints, rng: np.random.Generator) -> Ints:
        """Pick a past session for each start, of about the same hour of the day and rather new."""
        start = self.sessions.start[seen]
        newness = 0.5 ** ((now - start) / DAY / FADING_DAYS)
        apart = np.abs((start - now) / HOUR - 0.5 - np.arange(24)[:, None] + 12) % 24 - 12
        weights = newness * np.exp(-0.5 * (apart / 2.0) ** 2) + 0.02 * newness
        total = np.cumsum(weights, axis=1)
        total = total / total[:, -1:] + np.arange(24)[:, None]
        clock = hour % 24
        drawn = np.searchsorted(total.ravel(), clock + rng.random(len(hour)))
        picked: Ints = seen[np.minimum(drawn - clock * len(seen), len(seen) - 1)]
        return picked


def days_ahead(crowd: float) -> int:
    """Return the days drawn where the waiting jobs take `crowd` days: those that they may see."""
    return int(min(AHEAD_DAYS + DAYS_PER_DAY * crowd, MOST_DAYS))


def learn_arrivals(jobs: Workload, profile: Profile | None = None) -> Arrivals:
    """Read the jobs that came, and learn the rates as of now and as of some earlier times.

    A `profile` that was learnt lately spares that.
    """
    sessions = find_sessions(jobs)
    if profile is not None:
        return Arrivals(jobs.submitted, sessions, jobs.history, ((jobs.now, profile),))
    begin = max(jobs.history, jobs.now - DAYS_FITTED * DAY)
    times = np.unique(np.clip(jobs.now - np.array([21, 14, 7, 0]) * DAY, begin + DAY, jobs.now))
    if jobs.now - begin < DAY:
        times = np.array([jobs.now])
    profiles = tuple((float(t), _profile(sessions, begin, float(t))) for t in times)
    return Arrivals(jobs.submitted, sessions, jobs.history, profiles)


def _profile(sessions: Sessions, begin: float, end: float) -> Profile:
    """Count whole hours back from the end, so that the last one is complete."""
    n = max(1, round((end - begin) / HOUR))
    ago = np.floor((end - sessions.start) / HOUR).astype(np.intp)
    kept = (ago >= 0) & (ago < n) & (sessions.start <= end)
    counts = np.bincount(n - 1 - ago[kept], minlength=n).astype(np.float64)
    hours = np.asarray(end / HOUR - n + np.arange(n) + 0.5, dtype=np.float64)
    return learn_profile(hours, counts)
