"""The report's second half: cycle time, throughput, bottlenecks, rework and resources."""

from typing import Any

from actors.mining.markup import label, text
from actors.mining.page import charts
from actors.mining.page.html import Column, bar, details, number, section, table
from actors.mining.wording import bound, count, duration, plural, share

QUANTILES = {
    "Shortest": "minSeconds",
    "5 % within": "p5Seconds",
    "25 % within": "p25Seconds",
    "Median": "medianSeconds",
    "75 % within": "p75Seconds",
    "90 % within": "p90Seconds",
    "95 % within": "p95Seconds",
    "99 % within": "p99Seconds",
    "Longest": "maxSeconds",
    "Mean": "meanSeconds",
}


def cycle_section(document: dict[str, Any]) -> str:
    """Show how long cases take: quantiles and a histogram."""
    cycle = document["cycleTime"]
    bins = [(_bin(one), one["cases"]) for one in cycle["histogram"]]
    lead = (
        f"Elapsed time from the first to the last event of a case. Half of the cases take up to "
        f"{duration(cycle['medianSeconds'])}, nine in ten up to {duration(cycle['p90Seconds'])}."
    )
    desc = "; ".join(f"{label}: {count(n)}" for label, n in bins)
    title = "Cases by case time"
    figures = table(
        "Quantiles of the case time",
        [number(name) for name in QUANTILES],
        [[duration(cycle[key]) for key in QUANTILES.values()]],
    )
    counts = table(
        title, (Column("Case time"), number("Cases")), [(text(b), count(n)) for b, n in bins]
    )
    return section(
        "cycle-time",
        "Cycle time",
        lead,
        charts.histogram("hist", title, desc, bins),
        figures,
        details("The histogram as a table", counts),
    )


def _bin(one: dict[str, Any]) -> str:
    low, high = one["fromSeconds"], one["toSeconds"]
    if high is None:
        return f"≥ {bound(low)}"
    if low == 0:
        return f"< {bound(high)}"
    return f"{bound(low)}–{bound(high)}"


def throughput_section(document: dict[str, Any]) -> str:
    """Show how many cases began and ended per period."""
    throughput = document["throughput"]
    items, period = throughput["items"], throughput["period"]
    begun, ended = [r["begun"] for r in items], [r["ended"] for r in items]
    lead = (
        f"Cases begun and ended per {period}. The busiest {period} began {count(max(begun))} cases "
        f"and ended {count(max(ended))}."
    )
    title = f"Cases begun and ended per {period}"
    desc = f"{len(items)} periods from {items[0]['start']} to {items[-1]['start']}; table below."
    chart = (
        charts.timeline("flow", title, desc, [_short(r, period) for r in items], [begun, ended])
        + _KEY
        if len(items) > 1
        else ""
    )
    columns = (
        *(Column(f"{period.capitalize()} from"), number("Begun"), number("Ended")),
        number("Median time of those begun"),
    )
    rows = [
        (r["start"], count(r["begun"]), count(r["ended"]), duration(r["medianSeconds"]))
        for r in items
    ]
    folded = details("The timeline as a table", table(title, columns, rows))
    return section("throughput", "Throughput", lead, chart, folded)


def _short(row: dict[str, Any], period: str) -> str:
    """Write a period's start as short as it is plain."""
    start: str = row["start"]
    return start if period in ("day", "week") else start[:4] if period == "year" else start[:7]


_KEY = (
    '<ul class="key"><li><svg class="chart" style="min-width:0;display:inline" viewBox="0 0 34 10" '
    'aria-hidden="true"><polyline class="l l0" points="0,5 34,5"/></svg>begun</li>'
    '<li><svg class="chart" style="min-width:0;display:inline" viewBox="0 0 34 10" '
    'aria-hidden="true"><polyline class="l l1" points="0,5 34,5"/></svg>ended</li></ul>'
)


def bottlenecks_section(document: dict[str, Any]) -> str:
    """Rank the transitions by what they cost in time."""
    bottlenecks = document["bottlenecks"]
    items, measure = bottlenecks["items"], bottlenecks["measure"]
    lead = (
        f"Transitions by total {measure}: number of cases times the median. The last column tells "
        "the share of all time between events, in which single long waits weigh in full."
    )
    most = max((item["totalSeconds"] for item in items), default=1.0)
    columns = (
        *(Column("From"), Column("To"), number("Cases"), number("Median")),
        *(number("95 % within"), number("Cases × median"), number("Share of all time")),
    )
    rows = [
        (
            *(label(r["from"]), label(r["to"]), count(r["cases"]), duration(r["medianSeconds"])),
            duration(r["p95Seconds"]),
            bar(r["totalSeconds"] / most, duration(r["totalSeconds"])),
            share(r["shareOfElapsed"]),
        )
        for r in items
    ]
    found = bottlenecks["transitions"]
    caption = f"The {len(rows)} costliest of {plural(found, 'transition')} that take time"
    return section(
        "bottlenecks", "Bottlenecks", lead, table(caption, columns, rows) if rows else ""
    )


def rework_section(document: dict[str, Any]) -> str:
    """Show repeated activities, immediate repeats and ping-pong."""
    rework = document["rework"]
    lead = "No case repeats an activity."
    if rework["cases"]:
        lead = (
            f"{plural(rework['cases'], 'case')} ({share(rework['share'])}) repeat at least one "
            f"activity. Median case time with rework {duration(rework['medianSecondsWith'])}, "
            f"without {duration(rework['medianSecondsWithout'])}."
        )
    return section("rework", "Rework", lead, _repeats(rework), _loops(rework), _ping_pong(rework))


def _repeats(rework: dict[str, Any]) -> str:
    if not rework["activities"]:
        return ""
    columns = (Column("Activity"), number("Cases"), number("Extra times"), number("Most in a case"))
    rows = [
        (label(r["activity"]), count(r["cases"]), count(r["repeats"]), count(r["mostInOneCase"]))
        for r in rework["activities"]
    ]
    return table("Activities repeated within a case", columns, rows)


def _loops(rework: dict[str, Any]) -> str:
    if not rework["selfLoops"]:
        return ""
    columns = (Column("Activity"), number("Times"), number("Cases"), number("Median time between"))
    rows = [
        (label(r["activity"]), count(r["count"]), count(r["cases"]), duration(r["medianSeconds"]))
        for r in rework["selfLoops"]
    ]
    return table("Self-loops: an activity directly after itself", columns, rows)


def _ping_pong(rework: dict[str, Any]) -> str:
    if not rework["pingPong"]:
        return ""
    columns = (
        *(Column("Activity"), Column("Left for"), number("Times"), number("Cases")),
        number("Median time until back"),
    )
    rows = [
        (
            *(label(r["activity"]), label(r["via"]), count(r["count"]), count(r["cases"])),
            duration(r["medianSeconds"]),
        )
        for r in rework["pingPong"]
    ]
    return table("Ping-pong: left for another activity and back", columns, rows)


def resources_section(document: dict[str, Any]) -> str:
    """Show who did how much and who hands work to whom."""
    resources = document["resources"]
    lead = (
        f"{plural(resources['total'], 'resource')}; {count(resources['halfOfEventsBy'])} of them "
        "did half of the events. Shares are shares of events"
    )
    timed = any(r["busySeconds"] is not None for r in resources["items"])
    lead += "." if timed else ", not of working time: the log has no start times."
    if resources["eventsWithoutResource"]:
        lead += f" {plural(resources['eventsWithoutResource'], 'event')} name no resource."
    most = resources["items"][0]["share"] if resources["items"] else 1.0
    rows = [_resource(r, most, timed=timed) for r in resources["items"]]
    shown = f"{len(rows)} of {count(resources['total'])} resources by events"
    columns = [Column("Resource"), number("Events"), number("Share"), number("Cases")]
    columns += [number("Activities"), number("Active days")] + [number("Busy")] * timed
    first = table(shown, columns, rows[:12])
    rest = details("All listed resources", table(shown, columns, rows)) if len(rows) > 12 else ""
    return section("resources", "Resources", lead, first, rest, _handovers(resources))


def _resource(row: dict[str, Any], most: float, *, timed: bool) -> list[str]:
    cells = [
        *(
            label(row["resource"]),
            count(row["events"]),
            bar(row["share"] / most, share(row["share"])),
        ),
        *(count(row["cases"]), count(row["activities"]), count(row["activeDays"])),
    ]
    return [*cells, duration(row["busySeconds"])] if timed else cells


def _handovers(resources: dict[str, Any]) -> str:
    if not resources["handovers"]:
        return ""
    columns = (Column("From"), Column("To"), number("Times"), number("Median time between"))
    rows = [
        (label(r["from"]), label(r["to"]), count(r["count"]), duration(r["medianSeconds"]))
        for r in resources["handovers"]
    ]
    title = "Handover of work"
    return f"<h3>{title}</h3>" + table(f"The {len(rows)} most frequent handovers", columns, rows)
