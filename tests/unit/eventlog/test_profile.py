"""The profile of an upload: counts over usable rows, and the first problems by row."""

from pathlib import Path

from queueapp.eventlog import Columns, Problem, profile_log
from tests.unit.eventlog.log_files import NOW, at, write


def test_a_profile_says_what_the_log_holds(tmp_path: Path) -> None:
    """Counts, period, mapping and source of a log in one answer."""
    path = write(
        tmp_path,
        "Case;Step;When;Who\n1;A;2024-01-05;R1\n1;B;2024-01-06;R2\n2;A;2024-01-04;\n;A;2024-01-04;\n",
    )
    profile = profile_log(
        path, format="csv", columns=Columns("Case", "Step", "When", "Who"), now=NOW
    )

    assert (profile.rows, profile.cases, profile.activities, profile.resources) == (4, 2, 2, 2)
    assert (profile.invalid_rows, profile.report.score is not None) == (1, True)
    assert (profile.first_event, profile.last_event) == (
        at("2024-01-04T00:00"),
        at("2024-01-06T00:00"),
    )
    assert (profile.source.delimiter, profile.source.header) == (
        ";",
        ("Case", "Step", "When", "Who"),
    )


def test_problems_name_row_column_and_value(tmp_path: Path) -> None:
    """Each problem can be found in the file; only the first few are listed."""
    path = write(
        tmp_path, "case,activity,time\n1,A,soon\n1,,2024-01-05\n,A,2024-01-05\n1,B,2024-01-05\n"
    )
    profile = profile_log(path, format="csv", now=NOW, max_problems=2)

    assert profile.problems == [
        Problem(1, "time", "unreadable_time", "the time cannot be read", "soon"),
        Problem(2, "activity", "blank_activity", "the row names no activity", None),
    ]
    assert profile.invalid_rows == 3


def test_a_log_without_usable_rows_has_no_period(tmp_path: Path) -> None:
    """Nothing usable is zeros and nulls, not an error."""
    profile = profile_log(write(tmp_path, "case,activity,time\n1,A,soon\n"), format="csv", now=NOW)

    assert (profile.cases, profile.first_event, profile.last_event) == (0, None, None)
