"""The report's first half: summary, process map, happy path and variants."""

from itertools import pairwise
from typing import Any

from actors.mining.markup import label, text
from actors.mining.page.html import Column, bar, details, number, section, table
from actors.mining.process_map import (
    DEFAULT_LEVEL,
    LEVELS,
    MOST_EDGES,
    Picture,
    Selection,
    all_edges,
    draw_map,
    select,
)
from actors.mining.wording import count, duration, plural, share

SHOWN_VARIANTS = 50
SHOWN_STEPS = 30
SHOWN_EDGES = 200
MAP_BYTES = 190_000  # for all levels together, so that the page stays under 400 KB

_PERIOD = 10  # characters of a date in RFC 3339 text


def summary_section(document: dict[str, Any]) -> str:
    """Show the key figures and the insights."""
    summary, quality = document["summary"], document["quality"]
    period = summary["period"]
    score = "–" if quality["score"] is None else f"{quality['score']:g} / 100"
    tiles = (
        ("Cases", count(summary["cases"])),
        ("Events", count(summary["events"])),
        ("Activities", count(summary["activities"])),
        ("Variants", count(summary["variants"])),
        ("Median case time", duration(summary["medianCaseDurationSeconds"])),
        ("Nine in ten within", duration(summary["p90CaseDurationSeconds"])),
        ("Data quality", score),
    )
    cells = "".join(f"<div><dt>{text(k)}</dt><dd>{text(v)}</dd></div>" for k, v in tiles)
    lead = (
        f"{text(period['start'][:_PERIOD])} to {text(period['end'][:_PERIOD])}, "
        f"{summary['eventsPerCase']:.1f} events per case."
    )
    return section(
        "summary", "Summary", lead, f'<dl class="tiles">{cells}</dl>', _insights(document)
    )


def _insights(document: dict[str, Any]) -> str:
    anchors = {"map", "happy-path", "rework", "quality"}
    anchors |= {"bottlenecks"} if "bottlenecks" in document else set()
    anchors |= {"cycle-time"} if "cycleTime" in document else set()
    anchors |= {name for name in ("resources", "variants") if name in document}
    items = []
    for insight in document["insights"]:
        link = insight["section"]
        more = f' <a href="#{link}">See the section</a>' if link in anchors else ""
        items.append(
            f"<li><strong>{text(insight['title'])}</strong>{text(insight['text'])}{more}</li>"
        )
    return f'<ul class="insights">{"".join(items)}</ul>' if items else ""


def map_section(document: dict[str, Any]) -> str:
    """Show the process map in up to five levels of detail, and its edges as a table."""
    pictures = _pictures(document)
    figures = "".join(
        f'<figure class="m-{selection.level}">{picture.svg}'
        f'<i class="start-here" style="left:{picture.start + 10:.0f}px"></i>'
        f'<figcaption class="note">{text(_map_note(selection))}</figcaption></figure>'
        for selection, picture in pictures
    )
    box = (
        f'<div class="map-box" role="group" aria-label="Process map and its switches">'
        f'{_switches(pictures)}<div class="maps" tabindex="0" role="region" '
        f'aria-label="Process map, scrollable">{figures}</div></div>'
    )
    lead = (
        "Boxes are activities, deeper in colour the more often they occur. Arrows lead from one "
        "event of a case to the next, thicker the more often; with times shown, the slowest fifth "
        "is coloured and bold."
    )
    tables = (_activities(document), details("The edges as a table", _edges(document)))
    return section("map", "Process map", lead, box, *tables)


def _switches(pictures: list[tuple[Selection, Picture]]) -> str:
    """Return what chooses a level of detail, what arrows show, and the size."""
    levels = [selection.level for selection, _picture in pictures]
    first = DEFAULT_LEVEL if DEFAULT_LEVEL in levels else levels[0]
    inputs = "".join(_radio("detail", f"l-{n}", checked=n == first) for n in levels)
    inputs += _radio("show", "m-count", checked=True) + _radio("show", "m-time")
    inputs += _radio("zoom", "z-full", checked=True) + _radio("zoom", "z-fit")
    names = [(f"l-{n}", "everything" if n == 100 else f"{n} % of the flow") for n in levels]
    switches = _switch("Detail", names) if len(levels) > 1 else ""
    switches += _switch("Arrows show", [("m-count", "how often"), ("m-time", "median time")])
    switches += _switch("Size", [("z-full", "readable"), ("z-fit", "fit to width")])
    return inputs + switches


def _pictures(document: dict[str, Any]) -> list[tuple[Selection, Picture]]:
    """Draw each level that differs from the one before, as long as the page stays small."""
    edges, size = all_edges(document), 0
    pictures: list[tuple[Selection, Picture]] = []
    drawn: Selection | None = None
    for level in LEVELS:
        selection = select(edges, level)
        if drawn and drawn.edges == selection.edges:
            continue
        picture = draw_map(document, selection, standalone=False)
        if pictures and size + len(picture.svg) > MAP_BYTES:
            break
        pictures.append((selection, picture))
        size += len(picture.svg)
        drawn = selection
    return pictures


def _radio(group: str, name: str, *, checked: bool = False) -> str:
    mark = " checked" if checked else ""
    return f'<input type="radio" name="{group}" id="{name}"{mark}>'


def _switch(title: str, choices: list[tuple[str, str]]) -> str:
    labels = "".join(f'<label for="{name}">{text(label)}</label>' for name, label in choices)
    return f'<div class="switch"><span>{text(title)}</span>{labels}</div>'


def _map_note(selection: Selection) -> str:
    n_activities = len([name for name in selection.nodes if not name.startswith("\0")])
    note = (
        f"{plural(n_activities, 'activity', 'activities')} and "
        f"{plural(len(selection.edges), 'connection')}"
    )
    if selection.left_out:
        note += f"; {plural(selection.left_out, 'rarer activity', 'rarer activities')} not drawn"
    if len(selection.edges) >= MOST_EDGES:
        note += f"; no more than {MOST_EDGES} connections are drawn"
    return note + "."


def _edges(document: dict[str, Any]) -> str:
    edges, distinct = document["flow"]["edges"], document["flow"]["distinct"]
    columns = (
        *(Column("From"), Column("To"), number("Times"), number("Cases"), number("Median")),
        *(number("Mean"), number("95 % within")),
    )
    rows = [
        (
            *(label(e["from"]), label(e["to"]), count(e["count"]), count(e["cases"])),
            *(duration(e["medianSeconds"]), duration(e["meanSeconds"]), duration(e["p95Seconds"])),
        )
        for e in edges[:SHOWN_EDGES]
    ]
    shown = f"the {SHOWN_EDGES} most frequent of {count(distinct)} edges"
    caption = "Directly-follows graph: " + (
        shown if distinct > SHOWN_EDGES else plural(distinct, "edge")
    )
    ends = "".join(_ends(title, document["flow"][key]) for title, key in _ENDS)
    return table(caption, columns, rows) + ends


_ENDS = (("Activities that open a case", "starts"), ("Activities that close a case", "ends"))


def _ends(title: str, rows: list[dict[str, Any]]) -> str:
    columns = (Column("Activity"), number("Cases"), number("Share"))
    cells = [
        (label(r["activity"]), count(r["cases"]), share(r["share"])) for r in rows[:SHOWN_STEPS]
    ]
    return table(title, columns, cells)


def happy_path_section(document: dict[str, Any]) -> str:
    """Show the most frequent complete variant step by step."""
    path, summary = document["happyPath"], document["summary"]
    medians = {(e["from"], e["to"]): e["medianSeconds"] for e in document["flow"]["edges"]}
    steps = path["activities"][:SHOWN_STEPS]
    pace = [None, *(medians.get(pair) for pair in pairwise(steps))]
    chips = _chips(document, steps, pace, path["length"] - len(steps))
    lead = (
        f"The most frequent complete variant: {count(path['cases'])} of "
        f"{plural(summary['cases'], 'case')} ({share(path['share'])}), median case time "
        f"{duration(path['medianDurationSeconds'])}. All others deviate from it."
    )
    if not path["complete"]:
        lead += (
            " No variant runs from a usual start to a usual end, so the most frequent stands in."
        )
    note = "The time before a step is the median over all cases that take this transition."
    return section("happy-path", "Happy path", lead, chips, f'<p class="note">{note}</p>')


def _chips(document: dict[str, Any], steps: list[str], pace: list[float | None], more: int) -> str:
    hues = {row["activity"]: i % 8 for i, row in enumerate(document["activities"])}
    items = []
    for i, step in enumerate(steps):
        after = f"<small>{duration(pace[i])}</small>" if pace[i] is not None else ""
        items.append(f'<li>{after}<span class="k{hues.get(step, 7)}">{label(step)}</span></li>')
    if more > 0:
        items.append(f"<li><small>and {plural(more, 'more step')}</small></li>")
    return f'<ol class="chips">{"".join(items)}</ol>'


def variants_section(document: dict[str, Any]) -> str:
    """List the most frequent variants with their chains of activities."""
    variants = document["variants"]
    shown = variants["items"][:SHOWN_VARIANTS]
    lead = (
        f"{plural(variants['total'], 'distinct sequence')} of activities; "
        f"{count(variants['seenOnce'])} of them occur in one case only."
    )
    if variants["total"] > len(shown):
        lead += (
            f" The {len(shown)} most frequent are shown; the CSV names the variant of each case."
        )
    first = "".join(_variant(document, item) for item in shown[:10])
    rest = "".join(_variant(document, item) for item in shown[10:])
    more = details(f"Variants 11 to {len(shown)}", _list(rest)) if rest else ""
    return section("variants", "Variants", lead, _list(first), more)


def _list(items: str) -> str:
    return f'<ol class="variants">{items}</ol>'


def _variant(document: dict[str, Any], item: dict[str, Any]) -> str:
    steps = item["activities"][:SHOWN_STEPS]
    chips = _chips(document, steps, [None] * len(steps), item["length"] - len(steps))
    width = 100 * item["share"]
    return (
        f"<li><div><h4><span>Variant {item['rank']}</span><span>{share(item['share'])}</span></h4>"
        f'<div class="meter" aria-hidden="true"><i style="width:{width:.1f}%"></i></div>'
        f"<dl><dt>Cases</dt><dd>{count(item['cases'])}</dd>"
        f"<dt>Cumulative</dt><dd>{share(item['cumulativeShare'])}</dd>"
        f"<dt>Median time</dt><dd>{duration(item['medianDurationSeconds'])}</dd></dl></div>"
        f"{chips}</li>"
    )


def _activities(document: dict[str, Any]) -> str:
    """List the activities by frequency, folded away."""
    columns = (Column("Activity"), number("Events"), number("Cases"), number("Share of cases"))
    rows = [
        (
            label(r["activity"]),
            count(r["events"]),
            count(r["cases"]),
            bar(r["caseShare"], share(r["caseShare"])),
        )
        for r in document["activities"][:SHOWN_EDGES]
    ]
    return details("The activities as a table", table("Activities by frequency", columns, rows))
