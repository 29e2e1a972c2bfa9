"""Insights: three to five sentences with numbers, from the sections of the document."""

from collections.abc import Iterator
from typing import Any

from actors.mining.wording import clip, count, duration, plural, share

MOST = 5


def insights_section(document: dict[str, Any]) -> list[dict[str, str]]:
    """Say what stands out, the most telling first; each has a title, a text and a section."""
    found = [
        *_happy(document),
        *_bottleneck(document),
        *_tail(document),
        *_rework(document),
        *_resources(document),
        *_quality(document),
        *_activities(document),
    ]
    return found[:MOST]


def _insight(title: str, text: str, section: str) -> dict[str, str]:
    return {"title": title, "text": text, "section": section}


def _happy(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    path, total = document["happyPath"], document["summary"]["variants"]
    n_cases = document["summary"]["cases"]
    if path["cases"] == 1 and n_cases > 1:
        text = f"None of the {plural(total, 'variant')} is followed by more than one case."
        yield _insight("Every case is different", text, "variants")
        return
    text = (
        f"{count(path['cases'])} of {plural(n_cases, 'case')} ({share(path['share'])}) follow the "
        f"happy path of {plural(path['length'], 'step')}, which takes "
        f"{duration(path['medianDurationSeconds'])} in the median; all cases together follow "
        f"{plural(total, 'variant')}."
    )
    yield _insight(f"{share(path['share'])} of the cases go the standard way", text, "happy-path")


def _bottleneck(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    section = document.get("bottlenecks")
    if not section or not section["items"]:
        return
    worst = section["items"][0]
    text = (
        f"From “{clip(worst['from'])}” to “{clip(worst['to'])}” the median {section['measure']} is "
        f"{duration(worst['medianSeconds'])} in {plural(worst['cases'], 'case')}, "
        f"{share(worst['shareOfElapsed'])} of all time that passes between events."
    )
    longest = section["mostElapsed"]
    if longest["shareOfElapsed"] > 1.2 * worst["shareOfElapsed"]:
        text += (
            f" Most time in all, {share(longest['shareOfElapsed'])}, passes from "
            f"“{clip(longest['from'])}” to “{clip(longest['to'])}”, where few long waits lift the "
            f"mean to {duration(longest['meanSeconds'])} "
            f"(median {duration(longest['medianSeconds'])})."
        )
    yield _insight("The costliest wait", text, "bottlenecks")


def _tail(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    cycle = document.get("cycleTime")
    if not cycle or not cycle["medianSeconds"] or document["summary"]["cases"] < 20:
        return
    ratio = cycle["p90Seconds"] / cycle["medianSeconds"]
    if ratio < 3:
        return
    times = f"{ratio:.1f}" if ratio < 10 else count(round(ratio))
    text = (
        f"Half of the cases end within {duration(cycle['medianSeconds'])}, but one in ten takes "
        f"more than {duration(cycle['p90Seconds'])} ({times} times as long); the slowest tenth "
        f"holds {share(cycle['slowestTenthShare'])} of all case time."
    )
    yield _insight("A long tail", text, "cycle-time")


def _rework(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    rework = document["rework"]
    if not rework["cases"]:
        return
    text = (
        f"{plural(rework['cases'], 'case')} ({share(rework['share'])}) repeat an activity, most "
        f"often “{clip(rework['activities'][0]['activity'])}” "
        f"({plural(rework['activities'][0]['repeats'], 'extra time')}). "
        f"Their median duration is {duration(rework['medianSecondsWith'])}"
    )
    without = rework["medianSecondsWithout"]
    text += "." if without is None else f", against {duration(without)} without rework."
    yield _insight(f"{share(rework['share'])} of the cases have rework", text, "rework")


def _resources(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    resources = document.get("resources")
    if (
        not resources
        or resources["total"] < 4
        or resources["halfOfEventsBy"] > 0.34 * resources["total"]
    ):
        return
    few, total = resources["halfOfEventsBy"], resources["total"]
    first = resources["items"][0]
    text = (
        f"{count(few)} of {plural(total, 'resource')} did half of the events; "
        f"{clip(first['resource'])} alone did {share(first['share'])}."
    )
    yield _insight("Work rests on few shoulders", text, "resources")


def _quality(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    quality = document["quality"]
    if quality["score"] is None or quality["score"] >= 95:
        return
    lost = quality["invalidRecords"] + quality["duplicatesRemoved"]
    text = (
        f"The log scores {quality['score']:g} of 100; {count(lost)} of "
        f"{plural(quality['totalRecords'], 'record')} could not be used."
    )
    yield _insight("Mind the data", text, "quality")


def _activities(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    total = document["summary"]["activities"]
    rare = total - sum(row["caseShare"] >= 0.01 for row in document["activities"])
    if not rare:
        return
    text = (
        f"{count(rare)} of {plural(total, 'activity', 'activities')} "
        "occur in fewer than 1 % of the cases."
    )
    yield _insight("Rare activities", text, "map")
