"""The sample log: the same bytes for the same seed, and exactly the defects it claims."""

import gzip
from pathlib import Path

import polars as pl
import pytest

from queueapp.eventlog import CleanLog, Columns
from queueapp.eventlog.sample import SampleFacts, write_sample_log
from tests.unit.eventlog.log_files import as_xes, clean, n_variants, read, write


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleFacts]:
    path = tmp_path_factory.mktemp("sample") / "orders.csv"
    return path, write_sample_log(path, seed=7, cases=600)


def assert_found(log: CleanLog, facts: SampleFacts) -> None:
    report, frame = log.report, log.frame
    assert report.total_records == facts.total_records
    assert report.valid_records == facts.valid_records
    assert report.duplicates_removed == facts.exact_duplicates
    assert report.invalid_by_reason == {
        "blank_case": facts.blank_cases,
        "blank_activity": facts.blank_activities,
        "blank_time": facts.blank_times,
        "unreadable_time": facts.unreadable_times,
    }
    assert report.timestamps_inferred == facts.inferable_times
    assert report.labels_normalised == facts.label_variants
    assert frame["case"].n_unique() == facts.cases
    assert frame["activity"].n_unique() == facts.activities
    assert n_variants(log) == facts.variants
    assert (frame["time"].min(), frame["time"].max()) == (facts.first_event, facts.last_event)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cleaning_finds_exactly_the_defects_of_any_seed(tmp_path: Path, seed: int) -> None:
    """The facts of the generator are the findings of the cleaning."""
    path = tmp_path / "orders.csv"
    facts = write_sample_log(path, seed=seed, cases=300)

    assert_found(clean(path), facts)


def test_the_same_log_packed_reads_the_same(
    tmp_path: Path, sample: tuple[Path, SampleFacts]
) -> None:
    """CSV and packed CSV give the same findings."""
    path, facts = sample
    packed = write(tmp_path, gzip.compress(path.read_bytes()), "orders.csv.gz")

    assert_found(clean(packed), facts)


def test_the_same_log_as_parquet_reads_the_same(
    tmp_path: Path, sample: tuple[Path, SampleFacts]
) -> None:
    """CSV and Parquet give the same findings."""
    path, facts = sample
    pl.read_csv(path, infer_schema=False).write_parquet(tmp_path / "orders.parquet")

    assert_found(clean(tmp_path / "orders.parquet"), facts)


def test_the_same_log_as_xes_reads_the_same(
    tmp_path: Path, sample: tuple[Path, SampleFacts]
) -> None:
    """CSV and XES give the same findings; a blank case is a trace with a blank name."""
    path, facts = sample
    names = {
        "case_id": "case:concept:name",
        "activity": "concept:name",
        "timestamp": "time:timestamp",
        "resource": "org:resource",
    }
    rows = pl.read_csv(path, infer_schema=False).rename(names)
    in_traces = rows.fill_null("").sort("case:concept:name", maintain_order=True)
    packed = gzip.compress(as_xes(in_traces.to_dicts()).encode())

    assert_found(clean(write(tmp_path, packed, "orders.xes.gz")), facts)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """The log is a function of its arguments."""
    one, two, other = tmp_path / "1.csv", tmp_path / "2.csv", tmp_path / "3.csv"
    facts = [write_sample_log(path, seed=seed, cases=80) for path, seed in ((one, 5), (two, 5))]
    write_sample_log(other, seed=6, cases=80)

    assert one.read_bytes() == two.read_bytes()
    assert facts[0] == facts[1]
    assert one.read_bytes() != other.read_bytes()


def test_the_process_looks_like_one(sample: tuple[Path, SampleFacts]) -> None:
    """There is rework, there are refusals, and people rest at night and at weekends."""
    log = clean(sample[0])
    by_people = log.frame.filter((pl.col("role") != "System") & ~pl.col("timestamp_inferred"))
    hours = by_people["time"].dt.hour()

    assert log.attributes == {
        name: name for name in ("role", "channel", "customer", "region", "amount")
    }
    assert {"Reject order", "Cancel order", "Correct packing"} <= set(log.frame["activity"])
    assert (hours.is_between(8, 18)).mean() > 0.99
    assert (by_people["time"].dt.weekday() > 5).sum() == 0


def test_its_columns_are_found_without_a_mapping(sample: tuple[Path, SampleFacts]) -> None:
    """The sample needs no explanation when uploaded."""
    assert read(sample[0]).source.columns == Columns("case_id", "activity", "timestamp", "resource")


def test_too_few_cases_are_refused(tmp_path: Path) -> None:
    """Below fifty orders the defects find no room."""
    with pytest.raises(ValueError, match="at least 50"):
        write_sample_log(tmp_path / "x.csv", cases=10)
