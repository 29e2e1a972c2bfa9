"""Moments as callers write them, read as milliseconds since the epoch in UTC.

RFC 3339, plus what callers really send: no offset (read as UTC), a date alone, a blank where
an unescaped plus was.
"""

import re
from datetime import datetime, timedelta

from queueapp.domain.errors import ValidationFailed

_TIME = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ](?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?"
    r"(?P<offset>[Zz]|[+\- ][0-9]{2}:[0-9]{2})?)?"
)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 # offsets are taken off by hand, so years cannot overflow
_FIRST_MS = -62_135_596_800_000
_LAST_MS = 253_402_300_799_999
_DAY_MS = 86_400_000
EXPECTED = "must be a time such as 2024-01-20T10:30:00Z or 2024-01-20"


def parse_time(text: str, *, upper: bool = False) -> int:
    """Return the moment that ``text`` names.

    ``upper``: it is the end of a span, so a date means the end of that day and a time without a
    fraction the end of that second. Raises: ValidationFailed.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValidationFailed(EXPECTED)
    try:
        moment = datetime.fromisoformat(f"{match['date']}T{match['clock'] or '00:00:00'}")
        offset_ms = _offset_ms(match["offset"])
    except ValueError as error:
        raise ValidationFailed(EXPECTED) from error
    ms = (moment - _EPOCH) // timedelta(milliseconds=1) - offset_ms
    ms += _fraction_ms(match, upper=upper)
    if not _FIRST_MS <= ms <= _LAST_MS:
        raise ValidationFailed(EXPECTED)
    return ms


def _offset_ms(text: str | None) -> int:
    if text is None or text in "Zz":
        return 0
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError("no such offset")
    return (-1 if text[0] == "-" else 1) * (hours * 60 + minutes) * 60_000


def _fraction_ms(match: re.Match[str], *, upper: bool) -> int:
    if match["clock"] is None:
        return _DAY_MS - 1 if upper else 0
    if match["fraction"] is None:
        return 999 if upper else 0
    return int(match["fraction"].ljust(3, "0")[:3])
