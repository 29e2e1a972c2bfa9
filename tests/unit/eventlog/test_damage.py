"""Whatever bytes arrive, the answer is a log whose counts add up or a LogError, never a crash."""

import gzip
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queueapp.eventlog import LogError
from queueapp.eventlog.sample import write_sample_log
from tests.unit.eventlog.log_files import as_xes, clean, write

Edit = tuple[float, int, bytes]
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=6)), min_size=1, max_size=5
)


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same small log in each format."""
    path = tmp_path_factory.mktemp("damage") / "log.csv"
    write_sample_log(path, cases=50)
    text = path.read_bytes()[:4_000].rpartition(b"\n")[0]
    rows = pl.read_csv(text, infer_schema=False)
    parquet = io.BytesIO()
    rows.write_parquet(parquet)
    names = {"case_id": "case:concept:name", "activity": "concept:name"}
    xes = as_xes(rows.rename({**names, "timestamp": "time:timestamp"}).fill_null("").to_dicts())
    return {
        "log.csv": text,
        "log.csv.gz": gzip.compress(text),
        "log.xes": xes.encode(),
        "log.parquet": parquet.getvalue(),
    }


def damaged(content: bytes, edits: list[Edit]) -> bytes:
    """Replace some bytes at relative places."""
    for place, removed, inserted in edits:
        at = int(place * len(content))
        content = content[:at] + inserted + content[at + removed :]
    return content


@pytest.mark.parametrize("name", ["log.csv", "log.csv.gz", "log.xes", "log.parquet"])
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=EDITS)
def test_damage_never_crashes_the_reader(
    tmp_path: Path, contents: dict[str, bytes], name: str, edits: list[Edit]
) -> None:
    """Any damage gives a LogError or a log that accounts for each row."""
    path = write(tmp_path, damaged(contents[name], edits), name)
    try:
        log = clean(path)
    except LogError:
        return
    report = log.report
    assert report.total_records == (
        report.valid_records + report.duplicates_removed + report.invalid_records
    )
    assert log.frame.height == report.valid_records
