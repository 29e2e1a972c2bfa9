"""The timestamp reader: each notation, mixtures, zones and what must stay unreadable."""

import polars as pl
import pytest

from queueapp.eventlog.timestamps import known_zone, parse_times
from tests.unit.eventlog.log_files import at, error_of


def parsed(*texts: str | None, zone: str = "UTC") -> list[object]:
    return parse_times(pl.Series(texts, dtype=pl.String), zone=zone).time.to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-05T10:11:12Z", "2024-01-05T10:11:12"),
        ("2024-01-05t10:11:12z", "2024-01-05T10:11:12"),
        ("2024-01-05T10:11:12", "2024-01-05T10:11:12"),
        ("2024-01-05 10:11:12", "2024-01-05T10:11:12"),
        ("  2024-01-05 10:11:12  ", "2024-01-05T10:11:12"),
        ("2024-01-05T10:11:12+02:00", "2024-01-05T08:11:12"),
        ("2024-01-05T10:11:12-0330", "2024-01-05T13:41:12"),
        ("2024-01-05T10:11:12+02", "2024-01-05T08:11:12"),
        ("2024-01-05 10:11:12 +0200", "2024-01-05T08:11:12"),
        ("2024-01-05 10:11:12 UTC", "2024-01-05T10:11:12"),
        ("2024-01-05T10:11:12.5Z", "2024-01-05T10:11:12.500000"),
        ("2024-01-05T10:11:12,788+01:00", "2024-01-05T09:11:12.788000"),
        ("2024-01-05T10:11:12.123456789Z", "2024-01-05T10:11:12.123456"),
        ("2024-01-05T10:11", "2024-01-05T10:11:00"),
        ("2024-01-05T10:11Z", "2024-01-05T10:11:00"),
        ("2024-01-05 10:11+01:00", "2024-01-05T09:11:00"),
        ("2024-01-05", "2024-01-05T00:00:00"),
        ("2024-1-5 9:05", "2024-01-05T09:05:00"),
        ("2024/01/05 10:11:12", "2024-01-05T10:11:12"),
        ("2024/01/05", "2024-01-05T00:00:00"),
        ("20240105", "2024-01-05T00:00:00"),
        ("20240105T101112Z", "2024-01-05T10:11:12"),
        ("20240105101112", "2024-01-05T10:11:12"),
        ("25/01/2024 10:11", "2024-01-25T10:11:00"),
        ("25.01.2024 10:11:12", "2024-01-25T10:11:12"),
        ("25-01-2024", "2024-01-25T00:00:00"),
        ("1/25/2024 1:05 PM", "2024-01-25T13:05:00"),
        ("1/25/2024 12:05:06 am", "2024-01-25T00:05:06"),
        ("5 Jan 2024 10:11:12", "2024-01-05T10:11:12"),
        ("05-JAN-2024 10:11", "2024-01-05T10:11:00"),
        ("Fri, 05 Jan 2024 10:11:12 GMT", "2024-01-05T10:11:12"),
        ("January 5, 2024 10:11", "2024-01-05T10:11:00"),
        ("1704449472", "2024-01-05T10:11:12"),
        ("1704449472.25", "2024-01-05T10:11:12.250000"),
        ("1704449472123", "2024-01-05T10:11:12.123000"),
        ("1704449472123456", "2024-01-05T10:11:12.123456"),
    ],
)
def test_each_notation_reads_as_its_instant(text: str, expected: str) -> None:
    """A text in a known notation is read as the instant that it names."""
    assert parsed(text) == [at(expected)]


@pytest.mark.parametrize(
    "text",
    [
        "not a date",
        "????",
        "2013-13-45 10:00",
        "2013-13-45 10:00:00",
        "32/01/2014",
        "2023-02-29",
        "2024-01-05T25:00:00",
        "2024-01-05T10:11:12 somewhere",
        "2024-01-05T10:11:12.1234567890Z",
        "13:30 PM 2024-01-05",
        "1/25/2024 13:05 PM",
        "12345",
        "5 Foo 2024",
    ],
)
def test_other_texts_stay_unreadable(text: str) -> None:
    """A text that names no instant is never guessed at."""
    assert parsed(text) == [None]


def test_blank_and_null_are_null() -> None:
    """Blank texts have no time."""
    assert parsed(None, "2024-01-05") == [None, at("2024-01-05T00:00:00")]


def test_a_column_may_mix_notations() -> None:
    """Each row is read by its own notation, whatever its neighbours use."""
    times = parsed(
        "2024-01-05T10:11:12Z", "?", None, "05/01/2024 10:11:12", "2024-01-05 12:11:12+02:00"
    )

    assert times == [at("2024-01-05T10:11:12"), None, None] + [at("2024-01-05T10:11:12")] * 2


def test_the_column_decides_between_day_and_month_first() -> None:
    """One order holds for a column: the one that reads more of its rows."""
    assert parsed("03/04/2024", "04/13/2024") == [at("2024-03-04T00:00"), at("2024-04-13T00:00")]
    assert parsed("03/04/2024", "13/04/2024") == [at("2024-04-03T00:00"), at("2024-04-13T00:00")]


def test_an_undecidable_order_is_day_first_and_said() -> None:
    """Where no row decides, the day comes first and the ambiguity is reported."""
    times = parse_times(pl.Series(["03/04/2024"]), zone="UTC")

    assert (times.time.to_list(), times.ambiguous_day_month) == ([at("2024-04-03T00:00")], True)


def test_the_zone_holds_for_times_without_offset_only() -> None:
    """A zone moves naive times and leaves those with an offset alone."""
    times = parsed("2024-07-01T12:00:00", "2024-07-01T12:00:00Z", zone="Europe/Paris")

    assert times == [at("2024-07-01T10:00"), at("2024-07-01T12:00")]


def test_clock_changes_never_lose_a_time() -> None:
    """Repeated wall times take the first pass; skipped ones count on from before the gap."""
    times = parsed("2024-10-27 02:30:00", "2024-03-31 02:30:00", zone="Europe/Paris")

    assert times == [at("2024-10-27T00:30"), at("2024-03-31T01:30")]


def test_long_columns_are_read_like_short_ones() -> None:
    """Reading some rows at a time changes nothing at the seams."""
    texts = ["2024-01-05T10:11:12Z", "05/01/2024 10:11:12"] * 70_000
    times = parse_times(pl.Series(texts), zone="UTC")

    assert times.time.unique().to_list() == [at("2024-01-05T10:11:12")]
    assert times.readable == 140_000


def test_precision_is_measured_on_the_written_clock() -> None:
    """Midnight and whole minutes are those of the text, not of UTC."""
    column = pl.Series(["2024-01-05T00:00:00+02:00", "2024-01-05T10:11:00Z", "x", "2024-01-05T1"])
    times = parse_times(column, zone="UTC")

    assert (times.readable, times.at_midnight, times.at_whole_minute) == (2, 1, 2)


@pytest.mark.parametrize(
    "name",
    ["Mars/Olympus", "", "Factory", "localtime", "../../etc/passwd", "/etc/passwd", "a\x00b"],
)
def test_unknown_zones_are_refused(name: str) -> None:
    """Only zones of the time zone database are taken."""
    error = error_of(known_zone, name)

    assert (error.code, error.field) == ("unknown_timezone", "timezone")
