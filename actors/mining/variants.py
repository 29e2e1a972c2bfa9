"""Variants: the distinct sequences of activities that cases follow, ranked by frequency."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from actors.mining.events import Events

USUAL_SHARE = 0.05  # an activity that opens or closes fewer cases than this does so by accident
STEPS = 200  # of a sequence written to the document; its length is always told
LISTED = 1000  # sequences written to the document; the rest are counted and are in the CSV


@dataclass(frozen=True)
class Variants:
    """The variants of a log.

    Shape: ranked has one row per variant in rank order: `variant` (its rank, from 1), `cases`,
    `path` (list of activity codes). of_case holds the rank of each case, in case order.
    """

    ranked: pl.DataFrame
    of_case: pl.Series


def find_variants(events: Events) -> Variants:
    """Rank the sequences of activities: most cases first, then by the names of the activities."""
    paths = events.frame.group_by("case", maintain_order=True).agg(path="activity")
    counted = paths.group_by("path", maintain_order=True).agg(cases=pl.len(), members="case")
    ranked = counted.sort(["cases", "path"], descending=[True, False]).with_row_index("variant", 1)
    members = ranked.select("variant", case="members").explode("case").sort("case")
    return Variants(ranked.drop("members"), members["variant"])


def variants_section(
    events: Events, variants: Variants, cases: pl.DataFrame, *, listed: int = LISTED
) -> dict[str, Any]:
    """Describe the most frequent variants: cases, shares and durations."""
    medians = cases.group_by("variant").agg(median=pl.col("duration").median())
    top = variants.ranked.head(listed).join(medians, on="variant", maintain_order="left")
    covered = top["cases"].cum_sum().to_list()
    items = [
        {
            "rank": row["variant"],
            "cases": row["cases"],
            "share": row["cases"] / events.n_cases,
            "cumulativeShare": covered[i] / events.n_cases,
            "medianDurationSeconds": round(row["median"], 3),
            "length": len(row["path"]),
            "activities": [events.activities[code] for code in row["path"][:STEPS]],
            "last": events.activities[row["path"][-1]],
        }
        for i, row in enumerate(top.iter_rows(named=True))
    ]
    once = int((variants.ranked["cases"] == 1).sum())
    return {"total": variants.ranked.height, "seenOnce": once, "listed": len(items), "items": items}


def happy_path(
    section: dict[str, Any], starts: list[dict[str, Any]], ends: list[dict[str, Any]]
) -> dict[str, Any]:
    """Find the most frequent complete variant.

    Complete means two events or more, from a usual start activity to a usual end activity.
    Where no listed variant is complete, the most frequent one is taken and marked.
    """
    usual_start = {row["activity"] for row in starts if row["share"] >= USUAL_SHARE}
    usual_end = {row["activity"] for row in ends if row["share"] >= USUAL_SHARE}
    for item in section["items"]:
        opens, closes = item["activities"][0], item["last"]
        if item["length"] > 1 and opens in usual_start and closes in usual_end:
            return {**item, "complete": True}
    return {**section["items"][0], "complete": False}
