"""Cleaning: what is removed, inferred, renamed, refused and counted."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queueapp.eventlog import QualityChecks, clean_log, read_log
from tests.unit.eventlog.cleaned import cleaned
from tests.unit.eventlog.log_files import (
    ALL_CHECKS,
    HEADER,
    NO_CHECKS,
    NOW,
    at,
    clean,
    read,
    write,
)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",Go,2024-01-05", "blank_case"),
        ("c1,  ,2024-01-05", "blank_activity"),
        ("c1,Go,", "blank_time"),
        ("c1,Go,soon", "unreadable_time"),
        ("c1,Go,1989-12-31", "time_before_1990"),
        ("c1,Go,2026-01-02T00:00:01", "time_in_future"),
        ("c1,Go,2024-01-05,extra", "too_many_fields"),
        (",,", None),
    ],
)
def test_unusable_rows_are_invalid_for_one_reason(
    tmp_path: Path, row: str, reason: str | None
) -> None:
    """A row without case, activity or believable time is invalid; an empty line is no row."""
    report = cleaned(tmp_path, "c0,Go,2024-01-05", "c0,Stop,2024-01-06", row).report

    assert report.invalid_by_reason == ({reason: 1} if reason else {})
    assert [finding.type for finding in report.problems] == ([reason] if reason else [])


def test_times_up_to_a_day_after_receipt_are_believed(tmp_path: Path) -> None:
    """Clocks and zones may differ by a day."""
    assert cleaned(tmp_path, "c1,Go,2026-01-02T00:00:00").report.valid_records == 1


def test_exact_duplicates_go_and_the_first_stays(tmp_path: Path) -> None:
    """Rows equal in every column go; equal in the main columns only, they stay."""
    path = write(
        tmp_path,
        f"{HEADER},note\nc1,Go,2024-01-05,a\nc1,Go,2024-01-05,b\nc1,Go,2024-01-05,a\n"
        "c1,Go,2024-01-05T00:00:00Z,a\n",
    )
    log = clean(path)

    assert log.frame["row"].to_list() == [1, 2, 4]
    assert (log.report.duplicates_found, log.report.duplicates_removed) == (1, 1)


def test_a_duplicate_of_an_invalid_row_is_a_duplicate(tmp_path: Path) -> None:
    """Each record is counted in one way only."""
    report = cleaned(tmp_path, ",Go,2024-01-05", ",Go,2024-01-05", "c,Go,2024-01-05").report

    assert (report.duplicates_removed, report.invalid_records) == (1, 1)


def test_blank_times_are_interpolated_between_dated_neighbours(tmp_path: Path) -> None:
    """Blanks in a row share the gap evenly, in the file order of their case."""
    log = cleaned(
        tmp_path,
        "c1,A,2024-01-05T00:00:00",
        "c2,A,2024-01-01T00:00:00",
        "c1,B,",
        "c1,C,",
        "c1,D,2024-01-05T03:00:00",
    )

    assert log.frame.filter(case="c1").select("activity", "time", "timestamp_inferred").rows() == [
        ("A", at("2024-01-05T00:00"), False),
        ("B", at("2024-01-05T01:00"), True),
        ("C", at("2024-01-05T02:00"), True),
        ("D", at("2024-01-05T03:00"), False),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        ("c1,A,", "c1,B,2024-01-05"),
        ("c1,A,2024-01-05", "c1,B,"),
        ("c1,A,2024-01-05", "c1,B,", "c2,C,2024-01-06"),
        ("c1,A,2024-01-05", "c1,B,", "c1,C,soon"),
        ("c1,A,2024-01-05", "c1,B,", "c1,A,2024-01-05"),
        ("c1,A,2024-01-05", "c1,B,", "c1,C,1970-01-01"),
    ],
)
def test_blank_times_without_two_dated_neighbours_are_invalid(
    tmp_path: Path, rows: tuple[str, ...]
) -> None:
    """No time is made up at the edge of a case, nor from a duplicate or an unbelievable time."""
    report = cleaned(tmp_path, *rows).report

    assert (report.timestamps_inferred, report.invalid_by_reason["blank_time"]) == (0, 1)


def test_a_repeated_blank_is_removed_not_inferred_twice(tmp_path: Path) -> None:
    """A duplicate that is removed needs no time."""
    rows = ("c1,A,2024-01-05", "c1,B,", "c1,B,", "c1,C,2024-01-07")
    report = cleaned(tmp_path, *rows).report

    assert (report.timestamps_inferred, report.timestamps_inferable) == (1, 1)
    assert report.duplicates_removed == 1


def test_unreadable_times_are_never_inferred(tmp_path: Path) -> None:
    """A text that says something else is an error, not a gap."""
    report = cleaned(tmp_path, "c1,A,2024-01-05", "c1,B,soon", "c1,C,2024-01-07").report

    assert report.invalid_by_reason == {"unreadable_time": 1}


def test_labels_take_their_most_frequent_spelling(tmp_path: Path) -> None:
    """Blanks, case and composition are mended; other words are left alone."""
    log = cleaned(
        tmp_path,
        *(
            f"c{n},{label},2024-01-05"
            for n, label in enumerate(
                [
                    "Pay now",
                    "Pay now",
                    "pay  now ",
                    "PAY NOW",
                    "Caf\u00e9",
                    "Cafe\u0301",
                    "Pay later",
                ]
            )
        ),
    )

    assert log.frame["activity"].to_list() == [
        "Pay now", "Pay now", "Pay now", "Pay now", "Caf\u00e9", "Caf\u00e9", "Pay later",
    ]  # fmt: skip
    report = log.report
    assert (report.labels_before, report.labels_after, report.labels_normalised) == (6, 3, 3)


def test_the_most_frequent_spelling_wins_wherever_it_stands(tmp_path: Path) -> None:
    """A rare spelling at the head of the file does not decide."""
    rows = [f"c{n},{label},2024-01-05" for n, label in enumerate(["PAY", "Pay", "Pay"])]

    assert cleaned(tmp_path, *rows).frame["activity"].to_list() == ["Pay"] * 3


def test_a_spelling_that_only_occurs_untidily_is_tidied(tmp_path: Path) -> None:
    """A label with stray blanks loses them even without a rival."""
    assert cleaned(tmp_path, "c1, Go  on ,2024-01-05").frame["activity"].to_list() == ["Go on"]


def test_without_checks_defects_are_only_counted(tmp_path: Path) -> None:
    """Nothing is repaired unless asked for, and everything found is a warning."""
    log = cleaned(
        tmp_path,
        "c1,A,2024-01-05",
        "c1,A,2024-01-05",
        "c1,B,",
        "c1,a ,2024-01-07",
        checks=NO_CHECKS,
    )

    assert log.frame["activity"].to_list() == ["A", "A", "a "]
    assert log.report.repairs == []
    assert {finding.type: finding.count for finding in log.report.warnings} == {
        "duplicate_rows": 1,
        "blank_timestamps": 1,
        "label_variants": 1,
    }


def test_each_check_repairs_its_own_defect(tmp_path: Path) -> None:
    """The three switches are independent."""
    rows = ("c1,A,2024-01-05", "c1,A,2024-01-05", "c1,B,", "c1,a,2024-01-07")

    for check, repair in (
        ("check_duplicates", "duplicates_removed"),
        ("validate_timestamps", "timestamps_inferred"),
        ("validate_activities", "labels_normalised"),
    ):
        repairs = cleaned(tmp_path, *rows, checks=QualityChecks(**{check: True})).report.repairs
        assert [(finding.type, finding.count) for finding in repairs] == [(repair, 1)]


def test_the_order_is_case_time_then_place_in_the_file(tmp_path: Path) -> None:
    """Sorting is stable: ties in time keep their order in the file."""
    log = cleaned(tmp_path, "b,Z,2024-01-06", "a,Y,2024-01-07", "b,Y,2024-01-05", "b,X,2024-01-06")

    assert log.frame["row"].to_list() == [2, 3, 1, 4]


def test_ties_keep_the_order_of_the_file_in_long_logs(tmp_path: Path) -> None:
    """Stability holds beyond the sizes that any sort keeps stable by chance."""
    frame = cleaned(
        tmp_path, *(f"c{n % 3},A{n % 50},2024-01-05" for n in range(5_000)), checks=NO_CHECKS
    ).frame

    assert frame["row"].to_list() == sorted(range(1, 5_001), key=lambda row: (row - 1) % 3)


def test_newest_first_is_turned_round(tmp_path: Path) -> None:
    """A file in descending time is not taken for a sorted one."""
    frame = cleaned(tmp_path, "c1,B,2024-01-06", "c1,A,2024-01-05").frame

    assert frame["activity"].to_list() == ["A", "B"]


def test_a_log_without_a_valid_row_is_clean_and_empty(tmp_path: Path) -> None:
    """Nothing left is a result, with its reasons."""
    log = cleaned(tmp_path, ",Go,2024-01-05")

    assert (log.frame.height, log.report.invalid_by_reason) == (0, {"blank_case": 1})


def test_a_receipt_in_another_zone_is_the_same_instant(tmp_path: Path) -> None:
    """Only the instant of receipt counts."""
    path = write(tmp_path, f"{HEADER}\nc1,A,2026-01-01T23:59:59\n")
    east = NOW.astimezone(UTC).astimezone()

    assert clean_log(read(path), checks=NO_CHECKS, now=east).report.valid_records == 1


def test_a_large_shuffled_log_cleans_like_a_sorted_one(tmp_path: Path) -> None:
    """Order in the file does not matter where times differ."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    rows = [
        f"c{n % 700:04},A{n % 7},{start + timedelta(seconds=n * 61):%Y-%m-%dT%H:%M:%SZ}"
        for n in range(20_000)
    ]
    ordered = sorted(rows, key=lambda row: (row.split(",")[0], row.split(",")[2]))
    logs = []
    for name, lines in (("a.csv", rows), ("b.csv", ordered)):
        path = write(tmp_path, "\n".join([HEADER, *lines]), name)
        logs.append(clean_log(read_log(path, format="csv"), checks=ALL_CHECKS, now=NOW))

    assert logs[0].frame.drop("row").equals(logs[1].frame.drop("row"))
