"""Reading Parquet: typed times, odd columns, damaged files."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from queueapp.eventlog import read_log
from tests.unit.eventlog.log_files import at, error_of, read, write


def parquet(folder: Path, **columns: object) -> Path:
    data = {"case_id": ["c1"], "activity": ["Go"], **columns}
    path = folder / "log.parquet"
    pl.DataFrame(data).write_parquet(path)
    return path


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2024-01-05T10:11:12+02:00"], "2024-01-05T08:11:12"),
        ([datetime(2024, 1, 5, 10, 11, 12)], "2024-01-05T10:11:12"),  # noqa: DTZ001
        ([datetime(2024, 1, 5, 10, 11, 12, tzinfo=UTC)], "2024-01-05T10:11:12"),
        ([date(2024, 1, 5)], "2024-01-05T00:00:00"),
        ([1704449472000], "2024-01-05T10:11:12"),
    ],
)
def test_times_of_any_type_are_read(tmp_path: Path, values: list[object], expected: str) -> None:
    """Texts, date-times with and without zone, dates and epoch numbers are all times."""
    assert read(parquet(tmp_path, timestamp=values)).frame["time"].to_list() == [at(expected)]


def test_naive_times_take_the_zone_and_aware_ones_do_not(tmp_path: Path) -> None:
    """Typed times follow the same rule as texts."""
    naive = pl.Series([datetime(2024, 7, 1, 12)], dtype=pl.Datetime("ns"))  # noqa: DTZ001
    paris = naive.dt.replace_time_zone("Europe/Paris")

    for column in (naive, paris):
        raw = read(parquet(tmp_path, timestamp=column), timezone="Europe/Paris")
        assert raw.frame["time"].to_list() == [at("2024-07-01T10:00")]


def test_other_columns_become_text_or_are_named_as_left_out(tmp_path: Path) -> None:
    """Numbers and truths are text; lists and bytes are left out by name."""
    path = parquet(
        tmp_path,
        timestamp=["2024-01-05"],
        amount=[1.5],
        paid=[True],
        took=[timedelta(hours=1)],
        tags=[["a"]],
        raw=[b"x"],
    )
    raw = read(path)

    assert raw.frame.select("amount", "paid", "took").rows() == [("1.5", "true", "PT1H")]
    assert raw.source.left_out == ("tags", "raw")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """A file that only begins like Parquet is an error with a code."""
    whole = parquet(tmp_path, timestamp=["2024-01-05"]).read_bytes()

    assert error_of(read, write(tmp_path, whole[:-20], "cut.parquet")).code == "bad_parquet"


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    """A table without rows is no log."""
    path = tmp_path / "empty.parquet"
    pl.DataFrame({"case_id": [], "activity": [], "timestamp": []}).write_parquet(path)

    assert error_of(read, path).code == "no_rows"


def test_rows_that_would_not_fit_are_refused_before_reading(tmp_path: Path) -> None:
    """A small file may hold very many equal rows; their number alone refuses it."""
    path = tmp_path / "wide.parquet"
    one = pl.DataFrame({"case_id": ["c"], "activity": ["a"], "timestamp": ["2024-01-05"]})
    pl.concat([one] * 50_000, rechunk=True).write_parquet(path)

    error = error_of(read_log, path, format="parquet", max_bytes=1_000_000)
    assert error.code == "too_large"
