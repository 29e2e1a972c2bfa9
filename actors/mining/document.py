"""The document of one mining run: every number that the report, the map and the files show.

Built from a cleaned log in steps, so that the caller can report progress between them.
Plain builtins only; equal logs and equal settings give equal documents.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from actors.mining.anomalies import anomalies_section
from actors.mining.cycle import case_table, cycle_section, period_of, throughput_section
from actors.mining.events import Events, encode
from actors.mining.flow import (
    activities_section,
    bottlenecks_section,
    edges_section,
    ends_section,
    follows,
)
from actors.mining.insights import insights_section
from actors.mining.rework import rework_section
from actors.mining.variants import Variants, find_variants, happy_path, variants_section
from actors.mining.workload import resources_section

FORMAT = "queueapp.process-mining/1"
METRICS = ("cycle_time", "waiting_time", "resource_utilization", "throughput")


@dataclass(frozen=True)
class Settings:
    """What to look at: the metrics wanted, and whether variants, anomalies, insights are."""

    metrics: frozenset[str] = frozenset(METRICS)
    variants: bool = True
    anomalies: bool = False
    insights: bool = True


@dataclass(frozen=True)
class Mined:
    """A mined log: its codes, its case table and the document."""

    events: Events
    cases: pl.DataFrame
    document: dict[str, Any]


def mine(
    log: pl.DataFrame,
    settings: Settings,
    *,
    head: dict[str, Any],
    quality: dict[str, Any],
    on_step: Callable[[float], None] = lambda _share: None,
) -> Mined:
    """Analyse a cleaned log; `head` (data set, parameters, versions) and `quality` go in as is."""
    events = encode(log)
    on_step(0.15)
    variants = find_variants(events)
    cases = case_table(events, variants)
    on_step(0.35)
    document = {"format": FORMAT, **head, **_discovery(events, variants, cases)}
    on_step(0.55)
    document |= _performance(events, cases, settings, document.pop("pairs"))
    on_step(0.75)
    document["rework"] = rework_section(events, cases)
    on_step(0.85)
    if settings.anomalies:
        document["anomalies"] = anomalies_section(log, events, cases, variants.ranked)
    document["quality"] = quality
    document["insights"] = insights_section(document) if settings.insights else []
    if not settings.variants:
        del document["variants"]
    on_step(1.0)
    return Mined(events, cases, document)


def _discovery(events: Events, variants: Variants, cases: pl.DataFrame) -> dict[str, Any]:
    pairs = follows(events)
    starts, ends = ends_section(events, first=True), ends_section(events, first=False)
    section = variants_section(events, variants, cases)
    return {
        "summary": _summary(events, variants, cases),
        "insights": [],
        "happyPath": happy_path(section, starts, ends),
        "activities": activities_section(events),
        "flow": {
            "transitions": int(pairs["count"].sum()),
            "distinct": pairs.height,
            "edges": edges_section(events, pairs),
            "starts": starts,
            "ends": ends,
        },
        "variants": section,
        "pairs": pairs,
    }


def _summary(events: Events, variants: Variants, cases: pl.DataFrame) -> dict[str, Any]:
    durations: Any = cases["duration"]
    return {
        "cases": events.n_cases,
        "events": events.frame.height,
        "activities": len(events.activities),
        "variants": variants.ranked.height,
        "resources": len(events.resources),
        "period": period_of(cases),
        "medianCaseDurationSeconds": round(durations.median(), 3),
        "p90CaseDurationSeconds": round(durations.quantile(0.9, "linear"), 3),
        "meanCaseDurationSeconds": round(durations.mean(), 3),
        "eventsPerCase": round(events.frame.height / events.n_cases, 3),
    }


def _performance(
    events: Events, cases: pl.DataFrame, settings: Settings, pairs: pl.DataFrame
) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    if "cycle_time" in settings.metrics:
        sections["cycleTime"] = cycle_section(cases)
    if "throughput" in settings.metrics:
        sections["throughput"] = throughput_section(cases)
    if "waiting_time" in settings.metrics:
        sections["bottlenecks"] = bottlenecks_section(events, pairs)
    if "resource_utilization" in settings.metrics and events.resources:
        sections["resources"] = resources_section(events)
    return sections
