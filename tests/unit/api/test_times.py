"""Moments as callers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queueapp.api.times import parse_time
from queueapp.domain.errors import ValidationFailed
from queueapp.domain.text import timestamp

NOON = 1_705_752_000_000  # 2024-01-20T12:00:00Z


@pytest.mark.parametrize(
    ("given_text", "ms"),
    [
        ("2024-01-20T12:00:00Z", NOON),
        ("2024-01-20t12:00:00z", NOON),
        ("2024-01-20T12:00:00", NOON),
        ("2024-01-20 12:00:00", NOON),
        ("2024-01-20T12:00:00.123456", NOON + 123),
        ("2024-01-20T12:00:00.1Z", NOON + 100),
        ("2024-01-20T12:00:00.123456789Z", NOON + 123),
        ("2024-01-20T20:00:00+08:00", NOON),
        ("2024-01-20T20:00:00 08:00", NOON),
        ("2024-01-20T06:30:00-05:30", NOON),
        ("2024-01-20", NOON - 43_200_000),
        ("0001-01-01", -62_135_596_800_000),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000),
    ],
)
def test_every_usual_spelling_is_read(given_text: str, ms: int) -> None:
    """No offset is UTC, a blank stands for an unescaped plus, a date is its midnight."""
    assert parse_time(given_text) == ms


@pytest.mark.parametrize(
    ("given_text", "ms"),
    [
        ("2024-01-20", NOON + 43_200_000 - 1),
        ("2024-01-20T12:00:00Z", NOON + 999),
        ("2024-01-20T12:00:00.5Z", NOON + 500),
    ],
)
def test_an_upper_bound_includes_what_it_names(given_text: str, ms: int) -> None:
    """The end of a span is the end of the day or the second that it names."""
    assert parse_time(given_text, upper=True) == ms


@pytest.mark.parametrize(
    "given_text",
    [
        "",
        "now",
        "2024-01-20T",
        "2024-01-20T12",
        "2024-01-20T12:00",
        "2024-13-01",
        "2024-02-30",
        "2024-01-20T24:00:00Z",
        "2024-01-20T12:60:00Z",
        "2024-01-20T12:00:60Z",
        "2024-01-20T12:00:00.1234567890Z",
        "2024-01-20T12:00:00.Z",
        "2024-01-20T12:00:00+24:00",
        "2024-01-20T12:00:00+08:60",
        "2024-01-20T12:00:00+0800",
        "2024-01-20T12:00:00ZZ",
        "20240120",
        "0000-01-01",
        "10000-01-01",
        "-2024-01-20",
        "2024-01-20\n",
        "２０２４-01-20",
        "1705752000",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "\0",
    ],
)
def test_anything_else_is_refused(given_text: str) -> None:
    """A text that is no moment is refused with the form that is expected."""
    with pytest.raises(ValidationFailed, match="must be a time such as"):
        parse_time(given_text)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(given_text: str) -> None:
    """Whatever the text, it is read or refused."""
    try:
        ms = parse_time(given_text)
    except ValidationFailed:
        return
    assert timestamp(ms).endswith("Z")


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_what_is_shown_is_read_back(seconds: int) -> None:
    """A shown moment is read as the same second."""
    assert parse_time(timestamp(seconds * 1000)) == seconds * 1000
