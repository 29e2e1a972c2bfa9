"""Tiny logs whose figures can be worked out by hand."""

import polars as pl
import pytest

from actors.mining.document import Settings
from tests.unit.mining.logs import log, mined


def test_edge_times() -> None:
    """Mean, median and linear p95 of an edge are those of its gaps."""
    document = mined(log("A@0 B@10", "A@0 B@20", "A@0 B@60")).document

    (edge,) = document["flow"]["edges"]
    assert ("A", "B", 3, 3) == (edge["from"], edge["to"], edge["count"], edge["cases"])
    assert (30.0, 20.0) == (edge["meanSeconds"], edge["medianSeconds"])
    assert 56.0 == edge["p95Seconds"]


def test_an_edge_counts_times_and_cases_apart() -> None:
    """A transition that a case takes twice counts twice, in one case."""
    document = mined(log("A@0 B@1 A@2 B@3", "A@0 B@1")).document

    edge = document["flow"]["edges"][0]
    assert ("A", "B", 3, 2) == (edge["from"], edge["to"], edge["count"], edge["cases"])


def test_nothing_leads_from_one_case_to_the_next() -> None:
    """Neighbouring cases are not joined by an edge, however close in time."""
    document = mined(log("A@0", "B@1", "C@2 D@3")).document

    assert [("C", "D")] == [(e["from"], e["to"]) for e in document["flow"]["edges"]]


def test_variants_are_ranked_by_cases_then_by_name() -> None:
    """Equal frequency is settled by the activities, so the order never depends on case ids."""
    document = mined(log("B@0 C@1", "A@0 C@1", "A@0 B@1", "A@0 B@9")).document

    chains = [item["activities"] for item in document["variants"]["items"]]
    assert [["A", "B"], ["A", "C"], ["B", "C"]] == chains
    first = document["variants"]["items"][0]
    assert (1, 2, 0.5, 0.5, 5.0) == (
        first["rank"],
        first["cases"],
        first["share"],
        first["cumulativeShare"],
        first["medianDurationSeconds"],
    )


def test_happy_path_skips_cases_that_have_only_begun() -> None:
    """A single event is no complete path, even where it is the most frequent variant."""
    document = mined(log(*["A@0"] * 3, *["A@0 B@1 C@2"] * 2)).document

    assert ["A", "B", "C"] == document["happyPath"]["activities"]
    assert 0.4 == document["happyPath"]["share"]
    assert document["happyPath"]["complete"]


def test_log_without_a_complete_variant_says_so() -> None:
    """Where every case is one event, the most frequent stands in and is marked."""
    document = mined(log("A@0", "A@0", "B@0")).document

    assert (["A"], False) == (
        document["happyPath"]["activities"],
        document["happyPath"]["complete"],
    )


def test_quantiles_interpolate_linearly() -> None:
    """The median lies between the middle values and p90 nine tenths of the way."""
    document = mined(log(*(f"A@0 B@{n}" for n in (0, 10, 20, 30)))).document

    assert 15.0 == document["cycleTime"]["medianSeconds"]
    assert 27.0 == document["cycleTime"]["p90Seconds"]
    assert 15.0 == document["summary"]["medianCaseDurationSeconds"]


@pytest.mark.parametrize("spread", [1, 60, 3600, 10**6, 10**8])
def test_histogram_holds_every_case_once(spread: int) -> None:
    """Whatever the scale, the bins touch and their counts add up to the cases."""
    bins = mined(log(*(f"A@0 B@{n * spread}" for n in range(40)))).document["cycleTime"][
        "histogram"
    ]

    assert 40 == sum(one["cases"] for one in bins)
    assert [b["toSeconds"] for b in bins[:-1]] == [b["fromSeconds"] for b in bins[1:]]
    assert len(bins) <= 20


def test_bottlenecks_are_cases_times_median() -> None:
    """Many short waits may cost more than one long wait."""
    document = mined(log(*["A@0 B@100"] * 5, "A@0 C@300")).document

    items = document["bottlenecks"]["items"]
    assert [("B", 500.0), ("C", 300.0)] == [(i["to"], i["totalSeconds"]) for i in items]
    assert "time between events" == document["bottlenecks"]["measure"]


def test_waiting_is_known_only_with_start_times() -> None:
    """With start times, waiting runs from the end of one event to the start of the next."""
    frame = log("A@10 B@100")
    starts = frame["time"].dt.offset_by("-30s").alias("start")
    document = mined(frame.with_columns(starts)).document

    item = document["bottlenecks"]["items"][0]
    assert ("waiting time", 60.0) == (document["bottlenecks"]["measure"], item["medianSeconds"])
    assert 120.0 == document["cycleTime"]["medianSeconds"]


def test_rework_tells_loops_and_ping_pong_apart() -> None:
    """A directly after A is a self-loop; A, B, A is ping-pong; both are rework."""
    rework = mined(log("A@0 A@4 B@5", "A@0 B@1 A@7", "A@0 B@1")).document["rework"]

    assert (2, 7.0 - 1.0) == (rework["cases"], rework["medianSecondsWith"])
    assert 1.0 == rework["medianSecondsWithout"]
    assert [("A", 1, 1, 4.0)] == [
        (r["activity"], r["count"], r["cases"], r["medianSeconds"]) for r in rework["selfLoops"]
    ]
    assert [("A", "B", 1, 7.0)] == [
        (r["activity"], r["via"], r["count"], r["medianSeconds"]) for r in rework["pingPong"]
    ]
    repeated = rework["activities"]
    assert [("A", 2, 2)] == [(r["activity"], r["cases"], r["repeats"]) for r in repeated]


def test_three_of_a_kind_are_no_ping_pong() -> None:
    """A, A, A loops twice and never leaves."""
    rework = mined(log("A@0 A@1 A@2")).document["rework"]

    assert ([], 2) == (rework["pingPong"], rework["selfLoops"][0]["count"])


def test_resources_and_handovers() -> None:
    """Events, cases and days are counted per resource; only a change of hands is a handover."""
    resources = mined(log("A@0:ann B@60:bob C@90000:bob", "A@0:ann B@10:ann C@20")).document[
        "resources"
    ]

    assert (2, 1, 1) == (
        resources["total"],
        resources["eventsWithoutResource"],
        resources["halfOfEventsBy"],
    )
    ann, bob = resources["items"]
    assert ("ann", 3, 2, 0.5, 1) == (
        ann["resource"],
        ann["events"],
        ann["cases"],
        ann["share"],
        ann["activeDays"],
    )
    assert ("bob", 2, 1, 2) == (bob["resource"], bob["events"], bob["cases"], bob["activeDays"])
    assert [("ann", "bob", 1, 60.0)] == [
        (h["from"], h["to"], h["count"], h["medianSeconds"]) for h in resources["handovers"]
    ]


def test_throughput_counts_begun_and_ended_per_period() -> None:
    """Each case is counted in the day it began and in the day it ended, empty days too."""
    document = mined(log("A@0 B@10", "A@0 B@180000")).document

    days = [(d["start"], d["begun"], d["ended"]) for d in document["throughput"]["items"]]
    assert [("2024-01-01", 2, 1), ("2024-01-02", 0, 0), ("2024-01-03", 0, 1)] == days


def test_one_event_is_a_log() -> None:
    """The smallest log has a document: no edges, no bottlenecks, a duration of nothing."""
    document = mined(log("A@0"), Settings(anomalies=True)).document

    assert (1, 1, 1, 1) == tuple(
        document["summary"][key] for key in ("cases", "events", "activities", "variants")
    )
    assert ([], []) == (document["flow"]["edges"], document["bottlenecks"]["items"])
    assert 0.0 == document["cycleTime"]["medianSeconds"]


def test_duration_outliers_are_named_with_their_case() -> None:
    """A case far beyond the others in the logarithm of its time is an anomaly."""
    usual = [f"A@0 B@{100 + n % 7}" for n in range(50)]
    document = mined(log(*usual, "A@0 B@1000000"), Settings(anomalies=True)).document

    kinds = {kind["kind"]: kind for kind in document["anomalies"]["kinds"]}
    assert ["c0050"] == [item["case"] for item in kinds["duration"]["items"]]
    assert "unusually long: 11.6 days" in kinds["duration"]["items"][0]["reason"]


def test_broken_order_is_found_by_the_place_in_the_file() -> None:
    """An event that stands in the file before an earlier event of its case is told."""
    frame = log(*["A@0 B@1 C@2"] * 4)
    places = frame["row"].to_list()
    places[1], places[2] = places[2], places[1]
    frame = frame.with_columns(pl.Series("row", places, dtype=pl.UInt32))
    document = mined(frame, Settings(anomalies=True)).document

    (order,) = [k for k in document["anomalies"]["kinds"] if k["kind"] == "order"]
    assert (1, "c0000") == (order["found"], order["items"][0]["case"])


def test_only_wanted_sections_are_computed() -> None:
    """Metrics, variants, anomalies and insights appear as asked for, and not otherwise."""
    frame = log("A@0:ann B@1:bob")
    nothing = Settings(metrics=frozenset({"cycle_time"}), variants=False, insights=False)
    document = mined(frame, nothing).document

    assert "cycleTime" in document
    assert not {"variants", "anomalies", "bottlenecks", "throughput", "resources"} & set(document)
    assert [] == document["insights"]


def test_equal_logs_give_equal_documents() -> None:
    """Nothing in the document depends on anything but the log and the settings."""
    frame = log("A@0 B@1 A@2", "A@0 C@5", "B@0 C@5")

    assert mined(frame).document == mined(frame).document
