"""A time window keeps the events of its days, and counts the others apart."""

from datetime import date
from pathlib import Path

from tests.unit.eventlog.cleaned import cleaned
from tests.unit.eventlog.log_files import (
    HEADER,
    clean,
    error_of,
    write,
)


def test_a_window_keeps_the_events_of_its_days(tmp_path: Path) -> None:
    """Both days belong to the window, in UTC; cases it cuts are counted."""
    rows = (
        "c1,A,2024-01-04T23:59:59",
        "c1,B,2024-01-05T00:00:00",
        "c1,C,",
        "c1,D,2024-01-06T23:59:59.999",
        "c2,E,2024-01-07",
        "c3,F,soon",
    )
    log = cleaned(tmp_path, *rows, time_window=(date(2024, 1, 5), date(2024, 1, 6)))

    assert log.frame["activity"].to_list() == ["B", "C", "D"]
    report = log.report
    assert (report.outside_window, report.total_records, report.invalid_records) == (2, 4, 1)
    assert report.cases_cut == 1


def test_a_window_may_be_open_at_one_end(tmp_path: Path) -> None:
    """Either day may be left out."""
    rows = ("c1,A,2024-01-04", "c1,B,2024-01-05")

    assert cleaned(tmp_path, *rows, time_window=(date(2024, 1, 5), None)).frame["row"][0] == 2
    assert cleaned(tmp_path, *rows, time_window=(None, date(2024, 1, 4))).frame["row"][0] == 1


def test_a_window_that_ends_before_it_starts_is_refused(tmp_path: Path) -> None:
    """Such a window means nothing."""
    window = (date(2024, 1, 6), date(2024, 1, 5))
    path = write(tmp_path, f"{HEADER}\nc1,A,2024-01-05\n")

    assert error_of(clean, path, time_window=window).code == "bad_time_window"


def test_an_empty_window_has_no_score(tmp_path: Path) -> None:
    """What was not measured is null."""
    log = cleaned(tmp_path, "c1,A,2024-01-05", time_window=(date(2025, 1, 1), None))

    assert (log.report.quality.completeness, log.report.score) == (None, None)
