"""Cron expressions name the moments that people expect, also where clocks are set."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from queueapp.domain.errors import ValidationFailed
from queueapp.engine.cron import Cron

APIA, BEIRUT = "Pacific/Apia", "Asia/Beirut"
BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def moments(expression: str, zone: str, after: str, count: int) -> list[str]:
    """Return the next moments in UTC, to the minute."""
    start = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = Cron(expression, zone).after(int(start.timestamp() * 1000), count)
    texts = [datetime.fromtimestamp(ms / 1000, UTC).isoformat()[:16] for ms in found]
    assert texts == sorted(set(texts))
    return texts


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        # the next one is later than the moment itself
        ("0 9 * * *", "UTC", "2026-01-01T09:00:00", ["2026-01-02T09:00", "2026-01-03T09:00"]),
        ("0 9 * * *", BERLIN, "2026-01-01T07:59:59", ["2026-01-01T08:00", "2026-01-02T08:00"]),
        ("@daily", NEW_YORK, "2026-01-01T00:00:00", ["2026-01-01T05:00", "2026-01-02T05:00"]),
        ("0 0 * * mon-fri", "UTC", "2026-01-02T00:00:00", ["2026-01-05T00:00"]),
        ("0 0 31 * *", "UTC", "2026-01-31T00:00:00", ["2026-03-31T00:00", "2026-05-31T00:00"]),
        ("0 0 L * *", "UTC", "2026-01-31T00:00:00", ["2026-02-28T00:00", "2026-03-31T00:00"]),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        # skipped: Berlin goes from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC
        ("30 2 * * *", BERLIN, "2026-03-28T12:00:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("0,30 2 * * *", BERLIN, "2026-03-28T12:00:00", ["2026-03-29T01:00", "2026-03-30T00:00"]),
        ("0 2,3 * * *", BERLIN, "2026-03-28T12:00:00", ["2026-03-29T01:00", "2026-03-30T00:00"]),
        ("0 */2 * * *", BERLIN, "2026-03-29T00:00:00", ["2026-03-29T01:00", "2026-03-29T02:00"]),
        ("*/30 2 * * *", BERLIN, "2026-03-28T12:00:00", ["2026-03-29T01:00", "2026-03-30T00:00"]),
        # skipped: New York goes from 02:00 to 03:00 on 8 March 2026, at 07:00 UTC
        ("30 2 * * *", NEW_YORK, "2026-03-07T12:00:00", ["2026-03-08T07:00", "2026-03-09T06:30"]),
        # skipped: Lord Howe goes from 02:00 to 02:30 on 4 October 2026, at 15:30 UTC the day before
        ("15 2 * * *", LORD_HOWE, "2026-10-03T00:00:00", ["2026-10-03T15:30", "2026-10-04T15:15"]),
        # skipped: a whole day, Samoa has no 30 December 2011
        ("0 12 * * *", APIA, "2011-12-29T23:00:00", ["2011-12-30T10:00", "2011-12-30T22:00"]),
        # skipped: midnight, in Beirut on 29 March 2026
        ("0 0 * * *", BEIRUT, "2026-03-28T00:00:00", ["2026-03-28T22:00", "2026-03-29T21:00"]),
        # repeated: Berlin goes from 03:00 to 02:00 on 25 October 2026, at 01:00 UTC
        ("30 2 * * *", BERLIN, "2026-10-24T12:00:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("45 2 * * *", BERLIN, "2026-10-25T01:30:00", ["2026-10-26T01:45"]),
        ("0 */2 * * *", BERLIN, "2026-10-24T23:00:00", ["2026-10-25T00:00", "2026-10-25T03:00"]),
        ("45 1 * * *", LORD_HOWE, "2026-04-04T00:00:00", ["2026-04-04T14:45", "2026-04-05T15:15"]),
    ],
)  # fmt: skip
def test_moments(expression: str, zone: str, after: str, expected: list[str]) -> None:
    """A skipped time fires at the next instant, a repeated one the first time, each once."""
    assert expected == moments(expression, zone, after, len(expected))


@pytest.mark.parametrize("after", ["2026-03-28T22:00:00", "2026-10-24T22:00:00"])
@pytest.mark.parametrize("zone", [BERLIN, "UTC", "Australia/Adelaide"])
def test_what_names_every_hour_goes_by_real_time(zone: str, after: str) -> None:
    """A quarter-hourly job never stops and never doubles while clocks are set."""
    found = moments("*/15 * * * *", zone, after, 24)
    times = [datetime.fromisoformat(one).timestamp() for one in found]

    assert {900.0} == {later - earlier for earlier, later in pairwise(times)}


def test_starting_anywhere_gives_the_same_moments() -> None:
    """Whoever restarts goes on where the one before stopped."""
    cron = Cron("*/20 1-3 * * *", BERLIN)
    for day in ("2026-03-28T12:00:00", "2026-10-24T12:00:00"):
        start = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)
        whole, at, one_by_one = cron.after(start, 30), start, []
        for _ in range(30):
            (at,) = cron.after(at, 1)
            one_by_one.append(at)
        assert whole == one_by_one


def test_no_moment_after_the_last() -> None:
    """An end bounds them."""
    cron = Cron("0 0 * * *", "UTC")

    assert [86_400_000] == cron.after(0, 5, until_ms=2 * 86_400_000 - 1)


@pytest.mark.parametrize(
    ("expression", "zone", "field"),
    [
        ("", "UTC", "/cron"),
        ("* * * *", "UTC", "/cron"),
        ("0 * * * * *", "UTC", "/cron"),
        ("60 * * * *", "UTC", "/cron"),
        ("* * * * *" + " " * 300 + "x", "UTC", "/cron"),
        ("@reboot", "UTC", "/cron"),
        ("0 0 30 2 *", "UTC", "/cron"),
        ("*/0 * * * *", "UTC", "/cron"),
        ("\u0662 * * * *", "UTC", "/cron"),
        ("* * * * *", "Mars/Olympus", "/timeZone"),
        ("* * * * *", "../../etc/passwd", "/timeZone"),
        ("* * * * *", "", "/timeZone"),
    ],
)
def test_what_cannot_be_read_is_refused(expression: str, zone: str, field: str) -> None:
    """With the field named."""
    with pytest.raises(ValidationFailed) as caught:
        Cron(expression, zone)

    assert [field] == [named for named, _ in caught.value.errors]
