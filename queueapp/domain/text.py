"""The API's text formats: durations, sizes, rates and times as people read them.

ASCII, dot decimal, one space, the same in every locale. The API's answers call these; nothing
reads such texts back, since every text has a number beside it.
Units: durations and moments in milliseconds, sizes in bytes.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import overload

MINUTE_MS = 60_000
_UNITS = ("B", "KB", "MB", "GB", "TB")


def _round(value: float | Decimal, places: int) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def whole(value: float | Decimal) -> int:
    """Return a number rounded half up to an integer."""
    return int(_round(value, 0))


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def number(value: float | Decimal) -> str:
    """Return a number with one decimal, or two below 1; trailing zeros are dropped."""
    if value < 0:
        shown = number(-value)
        return shown if shown == "0" else f"-{shown}"
    return _plain(_round(value, 2 if 0 < value < 1 else 1))


def _counted(shown: str, unit: str) -> str:
    return f"{shown} {unit}" if shown == "1" else f"{shown} {unit}s"


def minutes(ms: float) -> str:
    """Return a measured duration, always in minutes: ``8.5 minutes``."""
    return _counted(number(Decimal(str(ms)) / MINUTE_MS), "minute")


def whole_minutes(ms: float) -> str:
    """Return an estimate in whole minutes: ``47 minutes``."""
    return _counted(str(whole(Decimal(str(ms)) / MINUTE_MS)), "minute")


def elapsed(ms: float) -> str:
    """Return a running time down to the second: ``8 minutes 32 seconds``."""
    seconds = max(0, int(ms // 1000))
    parts = [
        (seconds // 3600, "hour"),
        (seconds // 60 % 60, "minute"),
        (seconds % 60, "second"),
    ]
    while len(parts) > 1 and parts[0][0] == 0:
        parts.pop(0)
    return " ".join(_counted(str(count), unit) for count, unit in parts)


def minute_range(low: int, high: int) -> str:
    """Return a range of whole minutes: ``12-15 minutes``; ``low`` is below ``high``."""
    if not 0 <= low < high:
        raise ValueError(f"{low}-{high} is no range of minutes")
    return f"{low}-{high} minutes"


def saved(ms: float) -> str:
    """Return the time that a change saves; negative means later: ``-6 minutes``."""
    return minutes(ms)


def size(n_bytes: int) -> str:
    """Return a size in steps of 1024: ``45.7 MB``."""
    shown, unit = Decimal(n_bytes), 0
    while unit < len(_UNITS) - 1 and _round(shown, 1 if unit else 0) >= 1024:
        shown, unit = shown / 1024, unit + 1
    return f"{_plain(_round(shown, 1 if unit else 0))} {_UNITS[unit]}"


def percent(value: float) -> str:
    """Return a share of 100 as a whole percentage: ``45%``."""
    return f"{min(100, max(0, whole(value)))}%"


def rate(per_second: float) -> str:
    """Return a processing rate: ``1250 records/second``; one decimal below ten."""
    shown = _round(per_second, 1)
    return f"{_plain(shown if shown < 10 else _round(per_second, 0))} records/second"


def timestamp(ms: float) -> str:
    """Return a moment in UTC, floored to the second: ``2024-01-20T10:30:00Z``."""
    return _second(int(ms // 1000))


@overload
def seconds(ms: float) -> float: ...


@overload
def seconds(ms: None) -> None: ...


def seconds(ms: float | None) -> float | None:
    """Return milliseconds as seconds to the millisecond: no mean is known any better."""
    return None if ms is None else round(ms / 1000, 3)


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    """Return a second in UTC; a page of rows names few of them, many times."""
    moment = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='seconds')}Z"


def zoned(ms: float, zone: tzinfo) -> str:
    """Return a moment with its numeric offset, with a fraction only where there is one.

    ``2024-01-01T12:00:00+08:00``
    """
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)
    return moment.astimezone(zone).isoformat()


def window(start_ms: float, end_ms: float) -> str:
    """Return a window of time: two timestamps and a hyphen between spaces."""
    if start_ms >= end_ms:
        raise ValueError("a window starts before it ends")
    return f"{timestamp(start_ms)} - {timestamp(end_ms)}"


def hours(hour: int) -> str:
    """Return an hour of the day in UTC: ``09:00-10:00``."""
    if not 0 <= hour < 24:
        raise ValueError(f"{hour} is no hour of the day")
    return f"{hour:02}:00-{(hour + 1) % 24:02}:00"


def delay(minutes_: int) -> str:
    """Return an extra waiting time: ``15 minute delay``, never plural."""
    return f"{minutes_} minute delay"


def reduction(percent_: float) -> str:
    """Return an improvement: ``25% reduction in wait times``."""
    return f"{percent(percent_)} reduction in wait times"


def tenth(value: float) -> Decimal:
    """Return a number rounded half up to one decimal; nothing is not negative."""
    return _round(value, 1) + 0
