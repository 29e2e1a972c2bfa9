"""Cron expressions in time zones: which moments they name, also where clocks are set.

An expression of times of day (``30 2 * * *``) goes by the wall clock: a time that is skipped
fires at the next instant that exists, one that is repeated fires once, the first time. One that
names every hour (``*/10 * * * *``) goes by real time: it fires all through both. The store keeps
the moments; nothing here knows of schedules.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from queueapp.domain.errors import ValidationFailed

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
LONGEST = 200
LAST_YEAR = 9_900
EVERY_HOUR = frozenset(range(24))


class Cron:
    """A cron expression of five fields in a time zone."""

    def __init__(self, expression: str, time_zone: str) -> None:
        """Check both. Raises: ValidationFailed, naming the field."""
        self._fields = _checked(expression)
        self._zone = zone(time_zone)
        self._real_time = CronSim(self._fields, datetime(2000, 1, 1)).hours >= EVERY_HOUR  # noqa: DTZ001 # only parsed

    def after(self, at_ms: int, count: int, *, until_ms: int | None = None) -> list[int]:
        """Return the next ``count`` moments after ``at_ms``, none later than ``until_ms``.

        Fewer where the expression names no more.
        """
        found = []
        for moment in islice(self._moments(at_ms), count):
            if until_ms is not None and moment > until_ms:
                break
            found.append(moment)
        return found

    def _moments(self, at_ms: int) -> Iterator[int]:
        last = datetime.fromtimestamp(at_ms // 1000, UTC)
        walk = self._by_real_time if self._real_time else self._by_wall_clock
        for moment in walk(last):
            # Two skipped times may fall on one instant, a repeated one before where we began.
            if moment > last:
                last = moment
                yield int(moment.timestamp()) * 1000

    def _by_real_time(self, after: datetime) -> Iterator[datetime]:
        for local in CronSim(self._fields, after.astimezone(self._zone)):
            if local.year > LAST_YEAR:
                return
            yield local.astimezone(UTC)

    def _by_wall_clock(self, after: datetime) -> Iterator[datetime]:
        start = after.astimezone(self._zone)
        if start.utcoffset() != (start - timedelta(days=1)).utcoffset():
            # A time that is skipped is named before the instant that it falls on.
            start -= timedelta(days=1)
        start = start.replace(tzinfo=None)
        for local in CronSim(self._fields, start):
            if local.year > LAST_YEAR:
                return
            yield _existing(local, self._zone)


def _existing(local: datetime, where: tzinfo) -> datetime:
    """Return the first instant at which a wall clock shows ``local``, or jumps over it."""
    moment = local.replace(tzinfo=where, fold=0).astimezone(UTC)
    if moment.astimezone(where).replace(tzinfo=None) == local:
        return moment
    # Read with the clock's offset before the jump, it lies as far behind the jump as it was in it.
    before = moment - timedelta(days=1)
    return _jump(before, moment + timedelta(days=1), where, local)


def _jump(low: datetime, high: datetime, where: tzinfo, local: datetime) -> datetime:
    """Return the first instant, to the second, at which the wall clock is past ``local``."""
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(where).replace(tzinfo=None) < local:
            low = middle
        else:
            high = middle
    return high


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name. Raises: ValidationFailed."""
    if name not in _zones():
        text = f"There is no time zone {name!r}; a name such as Europe/Amsterdam is expected."
        raise ValidationFailed(text, errors=[("/timeZone", text)])
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})


def _checked(expression: str) -> str:
    text = expression.strip()
    fields = ALIASES.get(text.lower(), text)
    problem = None
    if len(text) > LONGEST:
        problem = f"It may have {LONGEST} characters."
    elif text.startswith("@") and fields == text:
        problem = f"It is none of {', '.join(ALIASES)}."
    elif len(fields.split()) != 5:
        problem = "It must have five fields: minute, hour, day of month, month, day of week."
    else:
        problem = _unreadable(fields)
    if problem:
        raise ValidationFailed(problem, errors=[("/cron", problem)])
    return fields


def _unreadable(fields: str) -> str | None:
    try:
        next(CronSim(fields, datetime(2000, 1, 1)))  # noqa: DTZ001 # any moment will do
    except CronSimError as error:
        return f"It cannot be read: {str(error).lower()}."
    except (StopIteration, RuntimeError):
        return "It names no moment that ever comes."
    return None
