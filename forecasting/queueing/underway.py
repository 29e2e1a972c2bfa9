"""Draw how sessions that are under way go on: as ones of the past did that came as far.

arrivals.py adds it to the sessions that begin later.
"""

import numpy as np

from forecasting.queueing.draws import Draws, expanded, joined
from forecasting.queueing.sessions import Sessions
from forecasting.queueing.workload import PAUSE, Ints
from forecasting.recursion import Floats

ENOUGH = 5
"""Sessions of the user's own, as long as this one, that tell how it goes on without others'."""
MOST = 50
"""Sessions under way that are followed, the newest."""


def continued(
    sessions: Sessions,
    submitted: Floats,
    now: float,
    *,
    seen: Ints,
    paths: Ints,
    rng: np.random.Generator,
) -> Draws:
    """Draw the rest of each session under way; `seen` are the sessions that were over by `now`."""
    begun = int(np.searchsorted(sessions.start, now, side="right"))
    parts = []
    for each in np.flatnonzero(sessions.end[:begun] >= now - PAUSE)[-MOST:].tolist():
        first = sessions.first[each]
        times = submitted[sessions.jobs[first : first + sessions.size[each]]]
        come = int((times <= now).sum())
        if now - times[come - 1] <= PAUSE:
            like = _as_far(sessions, seen, int(sessions.user[each]), come)
            parts.append(
                _rest(sessions, like, come, float(times[come - 1]) - now, paths=paths, rng=rng)
            )
    return joined(parts)


def _as_far(sessions: Sessions, seen: Ints, user: int, come: int) -> Ints:
    """Return past sessions of at least so many jobs: the user's own, twice, if few with others'."""
    far = seen[sessions.size[seen] >= come]
    own = far[sessions.user[far] == user]
    return own if len(own) >= ENOUGH else np.concatenate([own, own, far])


def _rest(
    sessions: Sessions, like: Ints, come: int, last: float, *, paths: Ints, rng: np.random.Generator
) -> Draws:
    """Let what followed the same job of a past session follow the last one, `last` from now."""
    if not len(like):
        return Draws.none()
    drawn = rng.choice(like, size=len(paths))
    same = sessions.first[drawn] + come - 1
    owner, place = expanded(same, sessions.size[drawn] - come + 1)
    at = last + sessions.offset[place] - sessions.offset[same][owner]
    return Draws(paths[owner], sessions.jobs[place], at)
