"""The mapping of columns: given names are checked, usual names are found."""

import pytest

from queueapp.eventlog import Columns
from queueapp.eventlog.header import resolve, unique_names
from tests.unit.eventlog.log_files import error_of


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ["case:concept:name", "concept:name", "time:timestamp", "org:resource"],
            Columns("case:concept:name", "concept:name", "time:timestamp", "org:resource"),
        ),
        (["case_id", "activity", "timestamp"], Columns("case_id", "activity", "timestamp")),
        (
            ["Case ID", "Activity Name", "Start Time", "Timestamp", "Resource"],
            Columns("Case ID", "Activity Name", "Timestamp", "Resource", "Start Time"),
        ),
        (
            ["caseId", "activityName", "activityTime", "resource", "startTime"],
            Columns("caseId", "activityName", "activityTime", "resource", "startTime"),
        ),
    ],
)
def test_usual_names_need_no_mapping(names: list[str], expected: Columns) -> None:
    """Well-known names are taken in any spelling of case, blanks and underscores."""
    assert resolve(names, None) == expected


def test_the_first_of_two_usual_names_is_taken() -> None:
    """Columns that differ in case only are told apart by their place."""
    columns = resolve(["Case", "Activity", "activity", "Time"], None)

    assert columns.activity == "Activity"


def test_a_missing_part_names_the_columns_there_are() -> None:
    """Without a usual name the error lists what could be mapped."""
    error = error_of(resolve, ["Ticket", "activity", "timestamp"], None)

    assert (error.code, error.field, "'Ticket'" in error.message) == (
        "missing_column",
        "case_id",
        True,
    )


def test_a_mapped_column_must_exist() -> None:
    """A wrong name is refused with the nearest right one."""
    error = error_of(resolve, ["Ticket", "Step", "When"], Columns("Tickets", "Step", "When"))

    assert (error.code, error.field) == ("missing_column", "case_id")
    assert error.message.endswith("it has 'Ticket'")


def test_a_column_plays_one_part_only() -> None:
    """The same column cannot be case and activity."""
    error = error_of(resolve, ["a", "b"], Columns("a", "a", "b"))

    assert (error.code, error.field) == ("repeated_column", "activity")


def test_header_cells_get_names_of_their_own() -> None:
    """Blank and repeated header cells are numbered, others trimmed."""
    assert unique_names(["", " a ", "a", "a (2)"]) == ["column_1", "a", "a (2)", "a (2) (2)"]
