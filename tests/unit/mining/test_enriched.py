"""The enriched data set keeps the log, adds what was found, and is safe in a spreadsheet."""

import io
from pathlib import Path

import polars as pl
import pytest

from actors.mining import enriched
from actors.mining.compact import compact
from tests.shared_data import shared
from tests.unit.mining.logs import log, mined
from tests.unit.mining.running import run_job


def written(frame: pl.DataFrame, names: dict[str, str] | None = None) -> pl.DataFrame:
    """Write a log and read it back as text."""
    found, file = mined(frame), io.BytesIO()
    enriched.write_csv(frame, found.events, found.cases, file, names=names or {})
    return pl.read_csv(file.getvalue(), infer_schema_length=0)


def test_each_event_knows_its_case() -> None:
    """Index, time since the previous event, case figures and variant stand with every event."""
    table = written(log("A@0 B@90.5:ann", "A@5"))

    assert table.to_dicts()[1] == {
        "source_row": "2",
        "case_id": "c0000",
        "activity": "B",
        "timestamp": "2024-01-01T00:01:30.500000Z",
        "resource": "ann",
        "timestamp_inferred": "false",
        "event_index": "2",
        "seconds_since_previous": "90.5",
        "seconds_since_case_start": "90.5",
        "case_events": "2",
        "case_start": "2024-01-01T00:00:00.000000Z",
        "case_end": "2024-01-01T00:01:30.500000Z",
        "case_duration_seconds": "90.5",
        "variant_id": "2",
    }
    assert [None, "90.5", None] == table["seconds_since_previous"].to_list()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("@cmd", "'@cmd"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-12.5", "-12.5"),
        ("+3", "+3"),
        ("-1e5", "-1e5"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_text_is_never_a_formula(cell: str, expected: str) -> None:
    """A cell that a spreadsheet would compute gets an apostrophe; numbers stay numbers."""
    frame = log("A@0").with_columns(note=pl.lit(cell))

    assert expected == (written(frame, {"note": "note"})["note"][0] or "")


def test_headings_are_never_formulas_and_never_clash() -> None:
    """A column of the log that is called like one of ours keeps its values under another name."""
    frame = log("A@0").with_columns(x=pl.lit("1"), y=pl.lit("2"))
    table = written(frame, {"x": "variant_id", "y": "=evil"})

    assert ("1", "2") == (table["variant_id_original"][0], table["'=evil"][0])


def test_slices_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log longer than a slice is written as one table, and progress counts its rows."""
    frame = log(*["A@0 B@1 C@2"] * 7)
    whole = written(frame)
    monkeypatch.setattr(enriched, "SLICE", 4)
    found, file, heard = mined(frame), io.BytesIO(), list[int]()
    enriched.write_csv(frame, found.events, found.cases, file, names={}, on_rows=heard.append)

    assert whole.equals(pl.read_csv(file.getvalue(), infer_schema_length=0))
    assert [4, 8, 12, 16, 20, 21] == heard


def test_compact_attributes_keep_their_texts() -> None:
    """Repeated texts become categories, unique ones stay, and both are written as they were."""
    frame = log(*["A@0"] * 20).with_columns(
        same=pl.lit("=x"), unique=pl.int_range(20).cast(pl.String)
    )
    small = compact(frame, ["same", "unique"])
    names = {"same": "same", "unique": "unique"}

    assert (pl.Categorical, pl.String) == (small.schema["same"], small.schema["unique"])
    assert written(frame, names).equals(written(small, names))


def test_every_column_of_the_file_arrives(tmp_path: Path) -> None:
    """All fifteen columns of a real log are in the enriched one, with its 8,577 records."""
    source = shared("eventlogs/receipt.csv")
    header = source.read_text().partition("\n")[0].strip().split(",")
    run = run_job(source, tmp_path)
    table = pl.read_csv(run.folder / "enriched.csv", infer_schema_length=0)

    renamed = {
        "case:concept:name": "case_id",
        "concept:name": "activity",
        "time:timestamp": "timestamp",
        "org:resource": "resource",
        "lifecycle:transition": "lifecycle",
    }
    assert {renamed.get(name, name) for name in header} <= set(table.columns)
    assert 8577 == table.height == run.outputs["enriched.csv"]["record_count"]
