"""The data quality score: its five parts on logs whose shares can be counted by hand."""

from pathlib import Path

import pytest

from queueapp.eventlog import Quality
from tests.unit.eventlog.log_files import ALL_CHECKS, HEADER, NO_CHECKS, clean, write

GOOD = ["c1,A,2024-01-05T10:11:12Z", "c1,B,2024-01-05T10:12:13Z", "c2,A,2024-01-06T11:12:13Z"]


def quality(folder: Path, *rows: str, header: str = HEADER) -> Quality:
    path = write(folder, "\n".join([header, *rows]) + "\n")
    measured = clean(path, NO_CHECKS).report.quality
    assert clean(path, ALL_CHECKS).report.quality == measured
    return measured


def test_a_flawless_log_scores_a_hundred(tmp_path: Path) -> None:
    """Nothing wrong is 100.0."""
    assert quality(tmp_path, *GOOD).score == 100.0


def test_completeness_weighs_the_cells(tmp_path: Path) -> None:
    """Case, activity and time weigh three, the resource one, each by its non-blank share."""
    measured = quality(
        tmp_path, "c1,A,2024-01-05T10:11:12Z,", ",B,,R1", header=f"{HEADER},resource"
    )

    assert measured.completeness == pytest.approx((3 * 0.5 + 3 + 3 * 0.5 + 0.5) / 10)


def test_validity_is_the_share_of_usable_rows(tmp_path: Path) -> None:
    """Rows that no repair can save lower it; a time that can be inferred does not."""
    rows = ["c1,A,2024-01-05T10:11:12Z", "c1,B,", "c1,C,2024-01-06T10:11:12Z", "c1,D,soon"]

    assert quality(tmp_path, *rows).validity == pytest.approx(3 / 4)


def test_uniqueness_is_the_share_without_duplicates(tmp_path: Path) -> None:
    """Each repetition counts once."""
    assert quality(tmp_path, *GOOD, GOOD[0]).uniqueness == pytest.approx(3 / 4)


def test_consistency_counts_disorder_and_label_variants(tmp_path: Path) -> None:
    """Two of four events out of order or tied, three spellings of two labels."""
    measured = quality(
        tmp_path,
        "c1,A,2024-01-05T10:11:12Z",
        "c1,B,2024-01-05T10:11:12Z",
        "c2,a,2024-01-04T10:11:12Z",
        "c1,A,2024-01-03T10:11:12Z",
    )

    assert measured.events_out_of_order == 2
    assert measured.consistency == pytest.approx((1 - 2 / 4) * (2 / 3))


def test_a_tie_within_one_activity_is_no_disorder(tmp_path: Path) -> None:
    """Two people who do the same at the same time leave the order certain."""
    rows = ["c1,A,2024-01-05T10:11:12Z,R1", "c1,A,2024-01-05T10:11:12Z,R2"]

    assert quality(tmp_path, *rows, header=f"{HEADER},resource").events_out_of_order == 0


def test_precision_falls_with_midnights_and_whole_minutes(tmp_path: Path) -> None:
    """Dates without time of day say less, and so do minutes without seconds."""
    dates = quality(tmp_path, "c1,A,2024-01-05", "c1,B,2024-01-06")
    minutes = quality(tmp_path, "c1,A,2024-01-05T10:11", "c1,B,2024-01-05T10:12:13Z")

    assert dates.precision == pytest.approx(1 - 0.6 - 0.1 * (1 - 1 / 60))
    assert minutes.precision == pytest.approx(1 - 0.1 * (0.5 - 1 / 60))


def test_the_score_is_the_weighted_sum(tmp_path: Path) -> None:
    """The published weights give the score, with one decimal."""
    measured = quality(tmp_path, *GOOD, GOOD[0], ",Z,2024-01-07T10:11:12Z")
    expected = 100 * (0.30 * (14 / 15) + 0.25 * (4 / 5) + 0.15 * (4 / 5) + 0.15 * 1 + 0.15 * 1)

    assert measured.score == round(expected, 1)
